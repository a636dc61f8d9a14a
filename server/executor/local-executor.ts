import { CancelledError } from '../../core/errors.ts';
import type { Executor, JobOutcome, RunJobsOptions } from '../../evaluation/executor/executor.ts';
import type { Job, ValueOf, Work } from '../../evaluation/executor/job.ts';
import { handedIn } from './arrivals.ts';
import type { WorkshopSetup } from './job-thread.ts';
import { ThreadPool } from './thread-pool.ts';

/** Threads of this process do the jobs. */
export class LocalExecutor implements Executor {
  readonly kind = 'local';
  readonly #threads: number;
  readonly #pool: ThreadPool;

  constructor(threads: number, setup: WorkshopSetup) {
    this.#threads = threads;
    this.#pool = new ThreadPool(threads, setup);
  }

  run<W extends Work>(
    jobs: readonly Job<W>[],
    { signal, onNews }: RunJobsOptions,
  ): AsyncGenerator<JobOutcome<ValueOf<W>>, void, void> {
    const waiting = jobs.values();
    return handedIn<JobOutcome<ValueOf<W>>>(signal, (handIn, stop) => {
      const serve = async (): Promise<void> => {
        for (const { key, work, signal: own } of waiting) {
          const wanted = own === undefined ? stop : AbortSignal.any([stop, own]);
          const { outcome, attempts } = await this.#pool
            .persist(work, wanted, {
              onNews: (news) => onNews?.({ type: 'job', key, ...news }),
              onRetry: (attempt, reason) => onNews?.({ type: 'retry', key, attempt, reason }),
            })
            .catch((error: unknown) => {
              if (!(error instanceof CancelledError) || stop.aborted) throw error;
              return { outcome: undefined, attempts: 0 };
            });
          if (outcome === undefined) handIn({ key, state: 'cancelled' });
          else if (outcome.ok) handIn({ key, state: 'done', value: outcome.value });
          else handIn({ key, state: 'failed', error: outcome.fault, attempts });
        }
      };
      return Array.from({ length: Math.min(this.#threads, jobs.length) }, serve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}
