import { CancelledError } from '../../core/errors.ts';
import { mostAttempts } from '../../evaluation/executor/executor.ts';
import type { Executor, JobFault, JobOutcome, RunJobsOptions } from '../../evaluation/executor/executor.ts';
import type { Evaluated, Job, ValueOf, Work } from '../../evaluation/executor/job.ts';
import type { RunManager } from '../run-manager.ts';
import type { Store } from '../store.ts';
import { handedIn } from './arrivals.ts';

/** A run that was under way so often when its server ended goes on alone from then on. */
const suspectAfter = 2;

/** Runs of this server do the jobs: among its others, in threads of their own, with every frame in the store as it comes. */
export class RunExecutor implements Executor {
  readonly kind = 'local';
  readonly #manager: RunManager;
  readonly #store: Store;
  readonly #runs: ReadonlyMap<string, string>;

  /** @param runs the id of each job's run, which is in the store, by the job's key */
  constructor(manager: RunManager, store: Store, runs: ReadonlyMap<string, string>) {
    this.#manager = manager;
    this.#store = store;
    this.#runs = runs;
  }

  run<W extends Work>(
    jobs: readonly Job<W>[],
    { signal, onNews }: RunJobsOptions,
  ): AsyncGenerator<JobOutcome<ValueOf<W>>, void, void> {
    return handedIn<JobOutcome<ValueOf<W>>>(signal, (handIn, stop) =>
      jobs.map(async (job) => handIn(await this.#do(job, stop, onNews))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #do<W extends Work>(
    { key, work, signal }: Job<W>,
    stop: AbortSignal,
    onNews: RunJobsOptions['onNews'],
  ): Promise<JobOutcome<ValueOf<W>>> {
    const id = this.#runs.get(key);
    if (id === undefined || work.kind !== 'evaluation') return failed(key, 'it is no run of this server', 1);
    const cancel = (): void => this.#manager.cancelJob(id);
    const wanted = signal === undefined ? stop : AbortSignal.any([stop, signal]);
    wanted.addEventListener('abort', cancel, { once: true });
    // What was under way when two servers ended may be what ended them, or have been beside it.
    const alone = this.#store.summary(id).attempts >= suspectAfter;
    try {
      for (let attempt = 1; ; attempt++) {
        if (stop.aborted) throw new CancelledError('interrupted');
        if (wanted.aborted) return { key, state: 'cancelled' };
        const again = this.#store.summary(id).headSeq > 0;
        const begin = (): void => onNews?.({ type: 'job', key, done: 0, attempt });
        const { state, result, error, final } = await this.#manager.runJob(
          { id, scenario: work.scenario, again, alone },
          begin,
        );
        if (stop.aborted) throw new CancelledError('interrupted');
        if (state === 'done') return { key, state, value: { result, telemetry: null } as Evaluated as ValueOf<W> };
        if (state === 'cancelled') return { key, state };
        const reason = error ?? 'the server stopped it';
        if (state === 'interrupted' || final === true || attempt >= mostAttempts) return failed(key, reason, attempt);
        onNews?.({ type: 'retry', key, attempt: attempt + 1, reason });
      }
    } finally {
      wanted.removeEventListener('abort', cancel);
    }
  }
}

function failed(key: string, reason: string, attempts: number): JobOutcome<never> {
  const error: JobFault = { reason, fault: reason, name: null, code: null };
  return { key, state: 'failed', error, attempts };
}
