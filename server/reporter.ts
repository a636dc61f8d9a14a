import type { Worker } from 'node:worker_threads';
import { figureChannels } from '../evaluation/report/figures.ts';
import { RendererError } from './figure-png.ts';
import { NotFoundError, TooManyError } from './problem.ts';
import { openReporter } from './run-thread.ts';
import type { Store } from './store.ts';
import { recordedChannels } from './telemetry-table.ts';
import type { FromReporter, ReportTask, ToReporter } from './worker-messages.ts';

/** Reports that may wait for the thread. */
const maxWaiting = 16;
/** The thread goes when nothing was asked for so long, and is ended when one report takes longer. */
const idleMs = 60_000;
const timeoutMs = 60_000;

/** Draws reports of runs in one thread, one after the other: Plot works for half a second at a time. */
export class Reporter implements AsyncDisposable {
  readonly #store: Store;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #asked = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * A run's report or figure.
   * @throws {NotFoundError} for a run without a result or a figure that it has not
   * @throws {RendererError} when PNG files cannot be made here
   * @throws {TooManyError} when too many wait
   */
  async draw(id: string, form: ReportTask['form']): Promise<Buffer> {
    const { result, state, schema } = this.#store.detail(id);
    if (result === null) throw new NotFoundError(`run '${id}' is ${state} and has no result to report on`);
    if (this.#waiting >= maxWaiting) throw new TooManyError(`${maxWaiting} reports wait already`);
    this.#waiting++;
    const mine = this.#turn.then(async () => {
      if (schema === null) return await this.#ask({ form, result, schema, frames: [] });
      using _frames = await this.#store.open(id);
      return await this.#ask({
        form,
        result,
        ...(await recordedChannels(this.#store, id, schema, figureChannels(result))),
      });
    });
    this.#turn = mine.catch(() => {});
    try {
      const outcome = await mine;
      if (outcome.type === 'done') return Buffer.from(outcome.content);
      if (outcome.type === 'no-renderer') throw new RendererError(outcome.reason);
      if (outcome.type === 'failed') throw new Error(outcome.fault);
      const has = outcome.names.length === 0 ? 'none' : outcome.names.join(', ');
      throw new NotFoundError(
        `run '${id}' has no figure '${'name' in form ? form.name.slice(0, 100) : ''}', but ${has}`,
      );
    } finally {
      this.#waiting--;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
    await this.#turn;
  }

  async #ask(task: ReportTask): Promise<FromReporter['outcome']> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= openReporter());
    const id = ++this.#asked;
    const forgotten = new AbortController();
    const timer = setTimeout(() => void worker.terminate(), timeoutMs);
    try {
      return await new Promise<FromReporter['outcome']>((resolve, reject) => {
        const hear = ({ id: of, outcome }: FromReporter): void => {
          if (of === id) resolve(outcome);
        };
        const fail = (why: unknown): void => {
          this.#worker = undefined;
          reject(why instanceof Error ? why : new Error(`the reports’ thread ended with code ${String(why)}`));
        };
        worker.on('message', hear).once('error', fail).once('exit', fail);
        forgotten.signal.addEventListener('abort', () =>
          worker.off('message', hear).off('error', fail).off('exit', fail),
        );
        worker.postMessage({ id, task } satisfies ToReporter, []);
      });
    } finally {
      clearTimeout(timer);
      forgotten.abort();
      this.#idle = setTimeout(() => this.#leave(), idleMs).unref();
    }
  }

  #leave(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}
