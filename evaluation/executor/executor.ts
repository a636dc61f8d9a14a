import { StateError } from '../../core/errors.ts';
import type { Job, ValueOf, Work } from './job.ts';

/** Why a job could not be done: `reason` is for people, `fault` for the log, `name` and `code` those of a named error. */
export interface JobFault {
  readonly reason: string;
  readonly fault: string;
  readonly name: string | null;
  readonly code: string | null;
}

/** What became of a job, once the last attempt at it was made. */
export type JobOutcome<Value> =
  | { readonly key: string; readonly state: 'done'; readonly value: Value }
  | { readonly key: string; readonly state: 'failed'; readonly error: JobFault; readonly attempts: number }
  /** By the job's own signal. */
  | { readonly key: string; readonly state: 'cancelled' };

/** A job that goes on, as who does it said last. */
export interface ActiveJob {
  /** What it is queued as a part of. */
  readonly batch: string;
  readonly key: string;
  /** Share of the job, or of its preparation, 0…1. */
  readonly done: number;
  /** Who learns before the first step; absent: the steps themselves. */
  readonly preparing?: string | undefined;
  /** Of an evaluation. */
  readonly totalSteps?: number | undefined;
  /** How often it was begun, this time included. */
  readonly attempt: number;
}

/** A process that takes jobs, as it said last. */
export interface WorkerReport {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly threads: number;
  /** When it started, by its own clock, milliseconds since the epoch. */
  readonly since: number;
  /** Jobs since it started. */
  readonly done: number;
  readonly failed: number;
  readonly active: readonly ActiveJob[];
}

/** What is heard of jobs before they are over. */
export type ExecutorNews =
  | {
      readonly type: 'job';
      readonly key: string;
      /** Share of the job, or of its preparation, 0…1. */
      readonly done: number;
      /** Who learns before the first step; absent: the steps themselves. */
      readonly preparing?: string | undefined;
      /** Of an evaluation. */
      readonly totalSteps?: number | undefined;
      /** Who does it, where it is another process, and how often it was begun. */
      readonly worker?: string | undefined;
      readonly attempt?: number | undefined;
    }
  | { readonly type: 'retry'; readonly key: string; readonly attempt: number; readonly reason: string }
  | { readonly type: 'workers'; readonly workers: readonly WorkerReport[] };

export interface RunJobsOptions {
  readonly signal: AbortSignal;
  readonly onNews?: ((news: ExecutorNews) => void) | undefined;
}

/** Attempts at a job that dies with its thread, its process or its machine, or by an error that nobody foresaw. */
export const mostAttempts = 3;
/** How often a job may be found without who did it: one that takes every worker down with it is then given up. */
export const mostStalls = 4;

/** Who does jobs: threads of this process, or processes on any number of machines. What comes of a job does not depend on it. */
export interface Executor extends AsyncDisposable {
  readonly kind: 'local' | 'redis';
  /**
   * Does jobs, in any order; each has one outcome. A job that fails does not stop the others.
   * @throws {CancelledError} when the signal is set: no job goes on after that.
   */
  run<W extends Work>(jobs: readonly Job<W>[], options: RunJobsOptions): AsyncIterable<JobOutcome<ValueOf<W>>>;
}

/** Where values are kept, by the key of their job: putting one twice is putting it once. */
export interface ResultStore<Value> {
  /** undefined: not there, or damaged. */
  get(key: string): Value | undefined;
  /** Durable once it returned, or what it returned has settled. */
  put(key: string, value: Value): void | Promise<void>;
}

/** All that became of some jobs. */
export interface CarriedOut<Value> {
  readonly values: ReadonlyMap<string, Value>;
  readonly failures: ReadonlyMap<string, JobFault & { readonly attempts: number }>;
}

/**
 * Does what of the jobs the store does not hold, and keeps each value as it comes. Interrupted and called again, it goes on where it was; a value
 * is kept once, however often it was computed or delivered.
 * @throws {CancelledError} when the signal is set.
 */
export async function carryOut<W extends Work>(
  executor: Executor,
  jobs: readonly Job<W>[],
  options: RunJobsOptions & {
    readonly results: ResultStore<ValueOf<W>>;
    /** After each that is over, those of the store first. @param known it was in the store */
    readonly onOutcome?: ((outcome: JobOutcome<ValueOf<W>>, known: boolean) => void) | undefined;
  },
): Promise<CarriedOut<ValueOf<W>>> {
  const { results, onOutcome } = options;
  const values = new Map<string, ValueOf<W>>();
  const failures = new Map<string, JobFault & { attempts: number }>();
  const waiting = new Map<string, Job<W>>();
  for (const job of jobs) {
    if (values.has(job.key) || waiting.has(job.key)) continue;
    const value = results.get(job.key);
    if (value === undefined) waiting.set(job.key, job);
    else {
      values.set(job.key, value);
      onOutcome?.({ key: job.key, state: 'done', value }, true);
    }
  }
  if (waiting.size > 0) {
    for await (const outcome of executor.run([...waiting.values()], options)) {
      if (!waiting.delete(outcome.key)) continue; // told twice, or none of ours
      if (outcome.state === 'done') {
        await results.put(outcome.key, outcome.value);
        values.set(outcome.key, outcome.value);
      } else if (outcome.state === 'failed')
        failures.set(outcome.key, { ...outcome.error, attempts: outcome.attempts });
      onOutcome?.(outcome, false);
    }
  }
  const [lost] = waiting.keys();
  if (lost !== undefined) throw new StateError(`the executor ended without a word on job ${lost.slice(0, 12)}`);
  return { values, failures };
}
