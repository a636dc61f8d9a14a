import type { Preparation, Problem, RunSummary } from '../../events.ts';
import { getJson, ProblemError } from '../wire/api.ts';
import { telemetry } from '../wire/sockets.ts';
import { isOver } from './run-state.ts';

/** A metric of a run over its lanes under attack, and how it went. */
export interface RunFigure {
  readonly count: number;
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly sketch?: readonly (number | null)[];
}

/** The part of a list that is here. */
export interface RunList {
  readonly runs: readonly RunSummary[];
  readonly figures: Readonly<Record<string, RunFigure>>;
  /** Runs on all pages; null until the first is here. */
  readonly total: number | null;
  readonly problem: Problem | null;
}

interface Page {
  readonly runs: readonly RunSummary[];
  readonly cursor: string | null;
  readonly total: number;
  readonly figures?: RunList['figures'];
}

const firstPage = 100;
const laterPage = 500;
/** Changes that come together are asked for together; a sketch is there a moment after its run has ended. */
const settleMs = 400;
const sketchedMs = 4000;

/** The runs of a query, page by page as far as they are looked at, kept up to date by the socket. */
export class RunPages {
  readonly #query: () => string;
  #list: RunList = { runs: [], figures: {}, total: null, problem: null };
  #cursor: string | null = null;
  #wanted = firstPage;
  #working: Promise<void> | undefined;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();

  /** @param query what to ask for, each time anew: an age is counted from then */
  constructor(query: () => string) {
    this.#query = query;
  }

  readonly get = (): RunList => this.#list;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Starts listening and loading; what it gives ends both. */
  open(): () => void {
    const join = (): void => {
      telemetry.emit('runs:subscribe', () => {});
    };
    const back = (): void => {
      join();
      void this.refresh();
    };
    const change = (run: RunSummary): void => {
      this.#patch(run.id, () => run);
      this.#later(settleMs);
      if (isOver(run.state)) this.#later(sketchedMs);
    };
    const advance = (message: { readonly runId: string; readonly step: number; readonly totalSteps: number }): void =>
      this.#patch(message.runId, (run) => ({ ...run, headStep: message.step, totalSteps: message.totalSteps }));
    const prepare = ({ runId, attack, done }: Preparation & { readonly runId: string }): void =>
      this.#patch(runId, (run) => (run.state === 'preparing' ? { ...run, preparing: { attack, done } } : run));
    telemetry.on('connect', back);
    telemetry.on('state', change);
    telemetry.on('progress', advance);
    telemetry.on('preparing', prepare);
    if (telemetry.connected) join();
    void this.refresh();
    return () => {
      telemetry.off('connect', back);
      telemetry.off('state', change);
      telemetry.off('progress', advance);
      telemetry.off('preparing', prepare);
      for (const timer of this.#timers) clearTimeout(timer);
      this.#stop.abort();
    };
  }

  /** Loads pages until the run at an index is there. */
  async need(index: number): Promise<void> {
    this.#wanted = Math.max(this.#wanted, index + 1);
    await this.#work();
  }

  /** Every run there is, loaded. */
  async all(): Promise<readonly RunSummary[]> {
    await this.need((this.#list.total ?? 0) - 1);
    return this.#list.runs;
  }

  /** Asks for all that is here again. */
  async refresh(): Promise<void> {
    await this.#working;
    await this.#work(true);
  }

  #later(ms: number): void {
    // One that waits already will see this change too.
    if (ms === settleMs && this.#timers.size > 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.refresh();
    }, ms);
    this.#timers.add(timer);
  }

  #work(anew = false): Promise<void> {
    this.#working ??= this.#load(anew).finally(() => (this.#working = undefined));
    return this.#working;
  }

  async #load(anew: boolean): Promise<void> {
    let next: RunList = anew ? { ...this.#list, runs: [], figures: {} } : this.#list;
    let cursor = anew ? null : this.#cursor;
    try {
      while (
        anew
          ? next.runs.length === 0 || (cursor !== null && next.runs.length < this.#wanted)
          : this.#short(next, cursor)
      ) {
        const page = await this.#page(next.runs.length === 0 ? firstPage : laterPage, cursor);
        next = {
          runs: [...next.runs, ...page.runs],
          figures: { ...next.figures, ...page.figures },
          total: page.total,
          problem: null,
        };
        ({ cursor } = page);
        if (!anew || next.runs.length >= this.#list.runs.length) this.#become(next, cursor);
        if (page.runs.length === 0) break;
      }
      this.#become(next, cursor);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      // A server that does not answer is said by the line of the shell, and is asked again when it is back.
      if (error instanceof ProblemError) this.#become({ ...this.#list, problem: error.problem }, this.#cursor);
    }
  }

  #short(list: RunList, cursor: string | null): boolean {
    return list.total !== null && cursor !== null && list.runs.length < this.#wanted;
  }

  #page(limit: number, cursor: string | null): Promise<Page> {
    const after = cursor === null ? '' : `&cursor=${cursor}`;
    return getJson<Page>(`/runs?${this.#query()}&limit=${limit}${after}`, this.#stop.signal);
  }

  #patch(id: string, change: (run: RunSummary) => RunSummary): void {
    const at = this.#list.runs.findIndex((run) => run.id === id);
    if (at < 0) return;
    this.#become({ ...this.#list, runs: this.#list.runs.with(at, change(this.#list.runs[at]!)) }, this.#cursor);
  }

  #become(list: RunList, cursor: string | null): void {
    this.#list = list;
    this.#cursor = cursor;
    for (const listener of this.#listeners) listener();
  }
}
