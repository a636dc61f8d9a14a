import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CancelledError, ConfigError } from '../core/errors.ts';
import { note } from './output.ts';
import { finishedCard, hasCheckpoint } from './training-folder.ts';
import type { TrainingCard } from './training-folder.ts';

/** One training of many. */
export interface TrainingJob {
  /** The scenario's file. */
  readonly file: string;
  readonly out: string;
  /** What people will see before its messages. */
  readonly label: string;
  readonly seed: number;
  readonly name: string;
  readonly title?: string | undefined;
  readonly steps?: number | undefined;
  /** See `trainingIdentity`. */
  readonly identity: string;
}

export interface JobsOptions {
  readonly workers: number;
  /** Of each training. */
  readonly threads: number;
  readonly checkpointEvery: number;
  readonly resume?: true | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs trainings, each in a process and a folder of its own, `workers` at a time; returns their cards in the order of the jobs. With
 * `resume`, those that are done are left, begun ones go on, the others start.
 * @throws {CancelledError} when the signal is set: every training in work has then saved a checkpoint.
 */
export async function runJobs(jobs: readonly TrainingJob[], options: JobsOptions): Promise<readonly TrainingCard[]> {
  const cards = new Map<TrainingJob, TrainingCard>();
  const waiting = [...jobs];
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined && !signal.aborted; job = waiting.shift()) {
      const { out, identity } = job;
      if (options.resume !== true || finishedCard(out, identity) === undefined)
        await trainInProcess(job, options, signal);
      const card = finishedCard(out, identity);
      if (card === undefined) throw new ConfigError(`${out} holds another training; it was written to meanwhile`);
      cards.set(job, card);
    }
  };
  const workers = Array.from({ length: Math.min(options.workers, jobs.length) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(); // when one failed, the others only save what they have
    await Promise.allSettled(workers);
    throw error;
  }
  if (options.signal.aborted) throw new CancelledError('interrupted; continue with --resume');
  return jobs.map((job) => cards.get(job)!);
}

/** One training in a process of its own, so that its CPU seconds are its own and its end is its own. */
async function trainInProcess(job: TrainingJob, options: JobsOptions, signal: AbortSignal): Promise<void> {
  const { file, out, label, seed, name, title, steps } = job;
  const resume = options.resume === true && hasCheckpoint(out);
  const flags = Object.entries({
    out,
    seed,
    name,
    title,
    steps,
    threads: options.threads,
    'checkpoint-every': options.checkpointEvery,
  }).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, String(value)]));
  const args = ['train', file, ...flags, ...(resume ? ['--resume'] : [])];
  // A group of its own: Ctrl-C reaches it through us alone. The channel ends with us, however we end, and ends it (see `interruption`).
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => note(`${label}: ${line}`));
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
    throw new Error(`${label} ended with ${killedBy ?? `code ${code}`}; what it said is above`);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
