import { figureChannels } from '../evaluation/report/figures.ts';
import { AskedThread } from './asked-thread.ts';
import { RendererError } from './figure-png.ts';
import { NotFoundError } from './problem.ts';
import { openReporter } from './run-thread.ts';
import type { Store } from './store.ts';
import { recordedChannels } from './telemetry-table.ts';
import type { ReportOutcome, ReportTask } from './worker-messages.ts';

/** Draws reports of runs in a thread of its own: Plot works for half a second at a time. */
export class Reporter implements AsyncDisposable {
  readonly #store: Store;
  readonly #thread = new AskedThread<ReportTask, ReportOutcome>({
    open: openReporter,
    what: 'reports',
    maxWaiting: 16,
    timeoutMs: 60_000,
    idleMs: 60_000,
  });

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
    const outcome = await this.#thread.ask(async () => {
      const notes = this.#store.notes.list(id);
      if (schema === null) return { form, result, schema, frames: [], notes };
      using _frames = await this.#store.open(id);
      return { form, result, notes, ...(await recordedChannels(this.#store, id, schema, figureChannels(result))) };
    });
    if (outcome.type === 'done') return Buffer.from(outcome.content);
    if (outcome.type === 'no-renderer') throw new RendererError(outcome.reason);
    if (outcome.type === 'failed') throw new Error(outcome.fault);
    const has = outcome.names.length === 0 ? 'none' : outcome.names.join(', ');
    const asked = 'name' in form ? form.name.slice(0, 100) : '';
    throw new NotFoundError(`run '${id}' has no figure '${asked}', but ${has}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
