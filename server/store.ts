import type { Scenario } from '../core/scenario.ts';
import { stepsElsewhere } from './catalogue.ts';
import type { Annotation, Catalogue, Origin, Outcome, Start } from './catalogue.ts';
import type { Preparation, RunDetail, RunState, RunSummary } from './events.ts';
import { frameLogFile, nothing } from './frame-log.ts';
import type { StoredFrame } from './frame-log.ts';
import { FrameLogs } from './frame-logs.ts';
import type { RunFigures } from './run-figures.ts';
import type { RunQuery } from './run-query.ts';
import { sketchesOf } from './sketch.ts';
import { StoreError } from './store-error.ts';
import { lockStore } from './store-lock.ts';
import { interruptUnfinished, openCatalogue } from './store-recovery.ts';
import type { StepNotes } from './step-notes.ts';
import { maxSweepRuns } from './sweep.ts';
import type { Sweeps } from './sweeps.ts';
import type { Tokens } from './tokens.ts';
import { Warehouse } from './warehouse.ts';

/** Logs of compacted runs that are kept for who looks at them again: the others are made anew from their files. */
const maxRestored = 16;

/**
 * The catalogue of runs (`lab.db`), a frame log for each beside it, and a file for each that is over. One server process owns a store. What a killed server
 * left running is marked interrupted with its true head; a damaged catalogue is set aside and made anew from the logs.
 */
export class Store implements Disposable {
  /** What was found damaged on opening, in words; empty when all was well. */
  readonly damage: readonly string[];
  /** Telemetry of ended runs as files. */
  readonly warehouse: Warehouse;
  readonly #folder: string;
  readonly #lock: Disposable;
  readonly #catalogue: Catalogue;
  readonly #logs: FrameLogs;
  readonly #restoring = new Map<string, Promise<void>>();
  /** Shares change too often for the disk, and mean nothing once the server is gone. */
  readonly #preparing = new Map<string, Preparation>();
  /** Steps of runs that go on elsewhere; not for the disk either. */
  readonly #steps = new Map<string, number>();

  /** @throws {ConfigError} when another server has the store. */
  constructor(folder: string, now: number) {
    this.#folder = folder;
    this.#lock = lockStore(folder);
    this.#logs = new FrameLogs(folder);
    this.warehouse = new Warehouse(folder);
    const damage: string[] = [];
    try {
      const files = { folder, logs: this.#logs, warehouse: this.warehouse };
      this.#catalogue = openCatalogue(files, now, damage);
      interruptUnfinished(this.#catalogue, this.#logs, now, damage);
      // Logs that were made from files may be half there.
      for (const id of this.#restorable()) this.#logs.remove(id);
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error;
    }
    this.damage = damage;
  }

  create(id: string, scenario: Scenario, createdAt: number, origin: Origin = {}): RunSummary {
    this.#catalogue.insert(id, scenario, createdAt, origin);
    return this.summary(id);
  }

  /** The run that an Idempotency-Key made before, if it is still there. */
  byKey(key: string): RunDetail | undefined {
    return this.#catalogue.byKey(key);
  }

  /** The last that was said of it; undefined before and after. */
  preparation(id: string): Preparation | undefined {
    return this.#preparing.get(id);
  }

  /** Before a run starts: who prepares, and how far it is. */
  preparing(id: string, preparation: Preparation): void {
    if (!this.#preparing.has(id)) this.#catalogue.setState(id, 'preparing');
    this.#preparing.set(id, preparation);
  }

  started(id: string, start: Start): void {
    this.#preparing.delete(id);
    this.#steps.delete(id);
    const log = this.#logs.startWriting(id);
    const { scenario, createdAt } = this.#catalogue.detail(id);
    log.note('run', { scenario, createdAt });
    log.note('start', start);
    this.#catalogue.start(id, start);
  }

  /** Makes a run that was interrupted one that waits again; its frames, open now, stay as they are. */
  reopen(id: string): void {
    this.#catalogue.reopen(id);
    this.warehouse.remove(id); // it will be another one
  }

  /** The same for who begins it anew elsewhere: its frames are gone. */
  reopenEmpty(id: string): void {
    this.reopen(id);
    this.#logs.remove(id);
    this.#catalogue.empty(id);
  }

  /** A run goes on elsewhere: how far it is, without frames. */
  wentOn(id: string, step: number): void {
    this.#preparing.delete(id);
    this.#steps.set(id, step);
  }

  setState(id: string, state: RunState): void {
    this.#catalogue.setState(id, state);
  }

  /** Ends a run; its frames stay readable. */
  ended(id: string, outcome: Outcome): void {
    this.#preparing.delete(id);
    this.#steps.delete(id);
    const log = this.#logs.get(id);
    let head = { ...nothing, step: stepsElsewhere(this.#catalogue.summary(id), outcome) };
    let { error } = outcome;
    try {
      log?.note('outcome', outcome);
      head = log?.head() ?? head;
    } catch (cause) {
      error ??= cause instanceof Error ? cause.message : String(cause); // the catalogue must know that the run is over, whatever became of its frames
    }
    this.#catalogue.end(id, { ...outcome, error }, head);
    this.#logs.stopWriting(id);
  }

  /** Commits a frame: what this returned from can be replayed after a kill. */
  append(id: string, frame: StoredFrame): void {
    this.#logs.get(id, true)!.append(frame);
  }

  /** Up to `limit` frames from `from` on. @throws {StoreError} when the log is damaged or ends before the run did. */
  frames(id: string, from: number, limit: number): readonly Pick<StoredFrame, 'seq' | 'body'>[] {
    const frames = this.#logs.get(id)?.read(from, limit) ?? [];
    if (frames.length === 0 && !this.#logs.isWriting(id) && from < this.#catalogue.summary(id).headSeq)
      throw new StoreError(`run '${id}': frame ${from} and those after it are lost`);
    return frames;
  }

  /**
   * Makes a run's frames readable, by {@link frames} and {@link seqOf}, until what it gives is disposed: those of a compacted run come
   * back from its file. Everything else is readable at once.
   */
  open(id: string): Disposable | Promise<Disposable> {
    const pin = this.#logs.pin(id);
    try {
      const restoring = this.#restoring.get(id) ?? this.#restore(id);
      if (restoring === undefined) return pin;
      return restoring.then(
        () => pin,
        (error: unknown) => {
          pin[Symbol.dispose]();
          throw error;
        },
      );
    } catch (error) {
      pin[Symbol.dispose]();
      throw error;
    }
  }

  #restore(id: string): Promise<void> | undefined {
    const { schema } = this.#catalogue.detail(id);
    if (schema === null || !this.warehouse.has(id) || this.#logs.get(id) !== undefined) return undefined;
    const restoring = this.warehouse.restore(id, this.#logs.get(id, true)!, schema).then(
      () => {
        this.#restoring.delete(id);
        this.#logs.drop(this.#restorable(), maxRestored);
      },
      (error: unknown) => {
        this.#restoring.delete(id);
        this.#logs.remove(id);
        throw error;
      },
    );
    this.#restoring.set(id, restoring);
    return restoring;
  }

  /** The log of a run whose telemetry is no file yet, which stays where it is until it is disposed of; undefined where there is none. */
  log(id: string): (Disposable & { readonly file: string; readonly frames: number }) | undefined {
    const frames = this.warehouse.has(id) ? 0 : (this.#logs.get(id)?.head().seq ?? 0);
    return frames === 0 ? undefined : { ...this.#logs.pin(id), file: frameLogFile(this.#folder, id), frames };
  }

  /** Ended runs whose frames are still in their logs alone. */
  uncompacted(): readonly string[] {
    return this.#catalogue.uncompacted();
  }

  /** Runs that were over before a time, are not archived and bear no tag. */
  expired(before: number): readonly string[] {
    return this.#catalogue.expired(before);
  }

  /** Makes one file of an ended run's frames; the log goes when it is not needed any more. */
  async compact(id: string): Promise<void> {
    using _pin = this.#logs.pin(id);
    const { schema, endedAt } = this.#catalogue.detail(id);
    const log = this.#logs.get(id);
    if (schema === null || endedAt === null || log === undefined || log.head().seq === 0) return;
    // A server that was killed may have left the file whole and the row as it was.
    if (!this.warehouse.has(id)) await this.warehouse.compact(id, log, schema);
    const sketches = await sketchesOf(this.warehouse, id, schema, log.head().step);
    if (this.#catalogue.setCompacted(id)) {
      this.figures.keepSketches(id, sketches);
      this.#logs.drop(this.#restorable(), maxRestored);
    } else this.warehouse.remove(id); // it was deleted meanwhile
  }

  /** Sequence number of the frame that holds a step. */
  seqOf(id: string, step: number): number {
    return this.#logs.get(id)?.seqOf(step) ?? 0;
  }

  summary(id: string): RunSummary {
    return this.#live(this.#catalogue.summary(id));
  }

  detail(id: string): RunDetail {
    return this.#live(this.#catalogue.detail(id));
  }

  list(query: RunQuery): ReturnType<Catalogue['list']> {
    const { runs, ...page } = this.#catalogue.list(query);
    return { ...page, runs: runs.map((run) => this.#live(run)) };
  }

  annotate(id: string, annotation: Annotation): RunSummary {
    this.#catalogue.annotate(id, annotation);
    return this.summary(id);
  }

  get tokens(): Tokens {
    return this.#catalogue.tokens;
  }

  get figures(): RunFigures {
    return this.#catalogue.figures;
  }

  /** What people say of steps of runs. */
  get notes(): StepNotes {
    return this.#catalogue.notes;
  }

  get sweeps(): Sweeps {
    return this.#catalogue.sweeps;
  }

  /** Every run of a sweep that is still there, in the order of its cells and seeds. @throws {NotFoundError} */
  sweepRuns(sweep: string): readonly RunSummary[] {
    return this.sweeps.inOrder(sweep, this.list({ sweep, archived: 'all', limit: maxSweepRuns }).runs);
  }

  tags(): ReturnType<Catalogue['tags']> {
    return this.#catalogue.tags();
  }

  counts(): ReturnType<Catalogue['counts']> {
    return this.#catalogue.counts();
  }

  /** Removes a run and its files. */
  remove(id: string): void {
    this.#catalogue.summary(id);
    this.#logs.remove(id);
    this.warehouse.remove(id);
    this.#catalogue.remove(id);
  }

  [Symbol.dispose](): void {
    this.#logs[Symbol.dispose]();
    this.#catalogue[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }

  /** What the catalogue does not know of a run that goes on: its preparation, and its head, copied there when it ends. */
  #live<T extends RunSummary>(run: T): T {
    const preparing = this.#preparing.get(run.id);
    if (preparing !== undefined) return { ...run, preparing };
    const step = this.#steps.get(run.id);
    if (step !== undefined) return { ...run, headStep: step };
    if (!this.#logs.isWriting(run.id)) return run;
    const head = this.#logs.get(run.id)?.head() ?? nothing;
    return { ...run, headSeq: head.seq, headStep: head.step };
  }

  /** Logs of runs whose telemetry is in a file. */
  #restorable(): readonly string[] {
    const compacted = new Set(this.#catalogue.compacted());
    return this.#logs.ids().filter((id) => compacted.has(id) && this.warehouse.has(id));
  }
}
