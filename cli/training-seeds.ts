import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CancelledError, ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { meanInterval } from '../evaluation/interval.ts';
import type { Interval } from '../evaluation/interval.ts';
import { replaceFile } from './files.ts';
import { note, table } from './output.ts';
import { finishedCard, hasCheckpoint, trainingIdentity } from './training-folder.ts';
import type { TrainingCard } from './training-folder.ts';

export interface SeedsOptions {
  /** The scenario's file. */
  readonly file: string;
  readonly out: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly seeds: number;
  readonly workers: number;
  readonly steps?: number | undefined;
  readonly checkpointEvery: number;
  readonly resume?: true | undefined;
  readonly signal: AbortSignal;
}

/** What several seeds of one training came to: summary.json. */
export interface SeedsSummary {
  readonly format: 'faultline-training-summary';
  readonly version: 1;
  readonly environment: string;
  readonly algorithm: string;
  readonly seeds: readonly {
    readonly seed: number;
    readonly steps: number;
    readonly bestStep: number;
    readonly stopped: string | null;
    readonly cpuSeconds: number;
  }[];
  /** Each metric of the clean evaluations; values in the order of `seeds`, no interval for fewer than five. */
  readonly metrics: Readonly<
    Record<string, { readonly values: readonly number[]; readonly mean: number; readonly interval: Interval | null }>
  >;
}

/**
 * Trains one scenario with several seeds, each in a process and a folder (`seed-N`) of its own, and sums them up in summary.json.
 * With `resume`, seeds that are done are left, begun ones go on, the others start.
 * @throws {CancelledError} when the signal is set: every seed in work has then saved a checkpoint.
 */
export async function trainSeeds(scenario: Scenario, options: SeedsOptions): Promise<SeedsSummary> {
  const seeds = Array.from({ length: options.seeds }, (_, i) => scenario.seed + i);
  const folder = (seed: number): string => join(options.out, `seed-${seed}`);
  const cards = new Map<number, TrainingCard>();
  const waiting = [...seeds];
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const work = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined && !signal.aborted; seed = waiting.shift()) {
      const identity = trainingIdentity({ ...scenario, seed });
      if (options.resume !== true || finishedCard(folder(seed), identity) === undefined)
        await trainSeed(seed, folder(seed), options, signal);
      const card = finishedCard(folder(seed), identity);
      if (card === undefined)
        throw new ConfigError(`${folder(seed)} holds another training; it was written to meanwhile`);
      cards.set(seed, card);
    }
  };
  const workers = Array.from({ length: Math.min(options.workers, seeds.length) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(); // when one failed, the others only save what they have
    await Promise.allSettled(workers);
    throw error;
  }
  if (options.signal.aborted) throw new CancelledError('interrupted; continue with --resume');
  const summary = summaryOf(
    scenario,
    seeds.map((seed) => cards.get(seed)!),
  );
  replaceFile(join(options.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** One seed in a process of its own, so that its CPU seconds are its own and its end is its own. */
async function trainSeed(seed: number, out: string, options: SeedsOptions, signal: AbortSignal): Promise<void> {
  const resume = options.resume === true && hasCheckpoint(out);
  const flags = Object.entries({
    out,
    seed,
    name: options.name,
    title: options.title,
    steps: options.steps,
    'checkpoint-every': options.checkpointEvery,
  }).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, String(value)]));
  const args = ['train', options.file, ...flags, ...(resume ? ['--resume'] : [])];
  // A group of its own: Ctrl-C reaches it through us alone. The channel ends with us, however we end, and ends it (see `interruption`).
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => note(`seed ${seed}: ${line}`));
  const cancel = (): void => {
    if (child.connected) child.disconnect();
  };
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  try {
    // Not `close`, which a child whose channel we ended never emits (Node 20).
    const [[code, killedBy]] = (await Promise.all([once(child, 'exit'), once(lines, 'close')])) as [
      [number | null, string | null],
      unknown,
    ];
    if (code === 0) return;
    if (signal.aborted) throw new CancelledError('interrupted; continue with --resume');
    throw new Error(`seed ${seed} ended with ${killedBy ?? `code ${code}`}; what it said is above`);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function summaryOf(scenario: Scenario, cards: readonly TrainingCard[]): SeedsSummary {
  const names = Object.keys(cards[0]!.clean).filter((name) => cards.every((card) => card.clean[name] !== undefined));
  return {
    format: 'faultline-training-summary',
    version: 1,
    environment: scenario.train.environment,
    algorithm: scenario.train.algorithm,
    seeds: cards.map(({ seed, steps, bestStep, stopped, speed }) => ({
      seed,
      steps,
      bestStep,
      stopped,
      cpuSeconds: speed.cpuSeconds,
    })),
    metrics: Object.fromEntries(
      names.map((name) => {
        const values = cards.map((card) => card.clean[name]!);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        return [name, { values, mean, interval: meanInterval(values) }];
      }),
    ),
  };
}

/** The returns of the seeds and their mean, for people. */
export function summaryText({ seeds, metrics }: SeedsSummary): string {
  const { values, mean, interval } = metrics['return']!;
  const rows = seeds.map(({ seed, steps, cpuSeconds }, i) => [
    String(seed),
    String(steps),
    values[i]!.toFixed(1),
    cpuSeconds.toFixed(0),
  ]);
  const spread =
    interval === null
      ? 'fewer than five seeds: no interval'
      : `95 % interval ${interval.low.toFixed(1)} … ${interval.high.toFixed(1)}`;
  return `${table([['seed', 'steps', 'return', 'CPU s'], ...rows])}\nmean return ${mean.toFixed(1)}, ${spread}`;
}
