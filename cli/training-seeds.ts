import { join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { meanInterval } from '../evaluation/interval.ts';
import type { Interval } from '../evaluation/interval.ts';
import { replaceFile } from './files.ts';
import { table } from './output.ts';
import { trainingIdentity } from './training-folder.ts';
import type { TrainingCard } from './training-folder.ts';
import { runJobs } from './training-jobs.ts';

export interface SeedsOptions {
  /** The scenario's file. */
  readonly file: string;
  readonly out: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly seeds: number;
  readonly workers: number;
  readonly threads: number;
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
 * @throws {CancelledError} when the signal is set: every seed in work has then saved a checkpoint; {ConfigError} when the seeds
 * are not of the same data.
 */
export async function trainSeeds(scenario: Scenario, options: SeedsOptions): Promise<SeedsSummary> {
  const seeds = Array.from({ length: options.seeds }, (_, i) => scenario.seed + i);
  const cards = await runJobs(
    seeds.map((seed) => ({
      file: options.file,
      out: join(options.out, `seed-${seed}`),
      label: `seed ${seed}`,
      seed,
      name: options.name,
      title: options.title,
      steps: options.steps,
      identity: trainingIdentity({ ...scenario, seed }),
    })),
    options,
  );
  // With `resume`, those that were done may be from before a change of the data.
  const other = cards.find(({ dataHash }) => dataHash !== cards.at(-1)!.dataHash);
  if (other !== undefined)
    throw new ConfigError(
      `seed ${cards.at(-1)!.seed} was trained on other data than seed ${other.seed}; start without --resume`,
    );
  const summary = summaryOf(scenario, cards);
  replaceFile(join(options.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
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
