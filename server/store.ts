import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../core/scenario.ts';
import { Catalogue } from './catalogue.ts';
import type { Annotation, Origin, Outcome, Start } from './catalogue.ts';
import type { Preparation, RunDetail, RunState, RunSummary } from './events.ts';
import { frameLogs, openFrameLog, removeFrameLog } from './frame-log.ts';
import type { FrameLog, Head, StoredFrame } from './frame-log.ts';
import type { RunQuery } from './run-query.ts';
import { StoreError } from './store-error.ts';
import { lockStore } from './store-lock.ts';
import type { Tokens } from './tokens.ts';

/** Logs held open for readers; those of running runs come on top. */
const maxOpen = 32;
const nothing: Head = { seq: 0, step: 0 };

/**
 * The catalogue of runs (`lab.db`) and a frame log for each beside it. One server process owns a store. What a killed server
 * left running is marked interrupted with its true head; a damaged catalogue is set aside and made anew from the logs.
 */
export class Store implements Disposable {
  /** What was found damaged on opening, in words; empty when all was well. */
  readonly damage: readonly string[];
  readonly #folder: string;
  readonly #lock: Disposable;
  readonly #catalogue: Catalogue;
  readonly #logs = new Map<string, FrameLog>();
  readonly #writing = new Set<string>();
  /** Shares change too often for the disk, and mean nothing once the server is gone. */
  readonly #preparing = new Map<string, Preparation>();

  /** @throws {ConfigError} when another server has the store. */
  constructor(folder: string, now: number) {
    this.#folder = folder;
    this.#lock = lockStore(folder);
    const damage: string[] = [];
    try {
      this.#catalogue = this.#openCatalogue(now, damage);
      for (const id of this.#catalogue.unfinished()) this.#recover(id, now, damage);
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error;
    }
    this.damage = damage;
  }

  #openCatalogue(now: number, damage: string[]): Catalogue {
    const file = join(this.#folder, 'lab.db');
    try {
      return new Catalogue(file);
    } catch (error) {
      if (!/not a database|malformed|corrupt/i.test(messageOf(error))) throw error;
      const aside = `${file}.damaged-${now}`;
      for (const suffix of ['', '-wal', '-shm'])
        if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
      const catalogue = new Catalogue(file);
      const ids = frameLogs(this.#folder);
      const rebuilt = ids.filter((id) => this.#rebuild(catalogue, id, damage));
      damage.push(
        `the catalogue was damaged (${messageOf(error)}) and set aside as ${aside}; ${rebuilt.length} of ${ids.length} runs were made anew from their frames`,
      );
      return catalogue;
    }
  }

  /** Makes a run's row from what its log notes. */
  #rebuild(catalogue: Catalogue, id: string, damage: string[]): boolean {
    try {
      const log = this.#log(id);
      const { run, start, outcome } = (log?.notes() ?? {}) as {
        run?: { scenario: Scenario; createdAt: number };
        start?: Start;
        outcome?: Outcome;
      };
      if (log === undefined || run === undefined) return false;
      catalogue.insert(id, run.scenario, run.createdAt);
      if (start !== undefined) catalogue.start(id, start);
      if (outcome !== undefined) catalogue.end(id, outcome, log.head());
      return true;
    } catch (error) {
      damage.push(messageOf(error));
      return false;
    }
  }

  #recover(id: string, now: number, damage: string[]): void {
    const interrupted = { state: 'interrupted', endedAt: now } as const;
    try {
      this.#catalogue.end(id, interrupted, this.#log(id)?.scan() ?? nothing);
    } catch (cause) {
      damage.push(messageOf(cause));
      this.#catalogue.end(id, { ...interrupted, error: messageOf(cause) }, nothing);
    }
    this.#close(id);
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
    this.#writing.add(id);
    const log = this.#log(id, true)!;
    const { scenario, createdAt } = this.#catalogue.detail(id);
    log.note('run', { scenario, createdAt });
    log.note('start', start);
    this.#catalogue.start(id, start);
  }

  setState(id: string, state: RunState): void {
    this.#catalogue.setState(id, state);
  }

  /** Ends a run; its frames stay readable. */
  ended(id: string, outcome: Outcome): void {
    this.#preparing.delete(id);
    const log = this.#log(id);
    let head = nothing;
    let { error } = outcome;
    try {
      log?.note('outcome', outcome);
      head = log?.head() ?? nothing;
    } catch (cause) {
      error ??= messageOf(cause); // the catalogue must know that the run is over, whatever became of its frames
    }
    this.#catalogue.end(id, { ...outcome, error }, head);
    this.#writing.delete(id);
    this.#close(id);
  }

  /** Commits a frame: what this returned from can be replayed after a kill. */
  append(id: string, frame: StoredFrame): void {
    this.#log(id, true)!.append(frame);
  }

  /** Up to `limit` frames from `from` on. @throws {StoreError} when the log is damaged or ends before the run did. */
  frames(id: string, from: number, limit: number): readonly Pick<StoredFrame, 'seq' | 'body'>[] {
    const frames = this.#log(id)?.read(from, limit) ?? [];
    if (frames.length === 0 && !this.#writing.has(id) && from < this.#catalogue.summary(id).headSeq)
      throw new StoreError(`run '${id}': frame ${from} and those after it are lost`);
    return frames;
  }

  /** Sequence number of the frame that holds a step. */
  seqOf(id: string, step: number): number {
    return this.#log(id)?.seqOf(step) ?? 0;
  }

  summary(id: string): RunSummary {
    return this.#live(this.#catalogue.summary(id));
  }

  detail(id: string): RunDetail {
    return this.#live(this.#catalogue.detail(id));
  }

  list(query: RunQuery): ReturnType<Catalogue['list']> {
    const { runs, cursor } = this.#catalogue.list(query);
    return { runs: runs.map((run) => this.#live(run)), cursor };
  }

  annotate(id: string, annotation: Annotation): RunSummary {
    this.#catalogue.annotate(id, annotation);
    return this.summary(id);
  }

  get tokens(): Tokens {
    return this.#catalogue.tokens;
  }

  tags(): ReturnType<Catalogue['tags']> {
    return this.#catalogue.tags();
  }

  /** Removes a run and its files. */
  remove(id: string): void {
    this.#catalogue.summary(id);
    this.#close(id);
    removeFrameLog(this.#folder, id);
    this.#catalogue.remove(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#logs.keys()) this.#close(id);
    this.#catalogue[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }

  /** What the catalogue does not know of a run that goes on: its preparation, and its head, copied there when it ends. */
  #live<T extends RunSummary>(run: T): T {
    const preparing = this.#preparing.get(run.id);
    if (preparing !== undefined) return { ...run, preparing };
    if (!this.#writing.has(run.id)) return run;
    const head = this.#log(run.id)?.head() ?? nothing;
    return { ...run, headSeq: head.seq, headStep: head.step };
  }

  #log(id: string, create = false): FrameLog | undefined {
    const known = this.#logs.get(id);
    if (known !== undefined) return known;
    const log = openFrameLog(this.#folder, id, create);
    if (log === undefined) return undefined;
    this.#logs.set(id, log);
    const idle = [...this.#logs.keys()].filter((other) => !this.#writing.has(other) && other !== id);
    for (const other of idle.slice(0, -maxOpen)) this.#close(other);
    return log;
  }

  #close(id: string): void {
    this.#logs.get(id)?.[Symbol.dispose]();
    this.#logs.delete(id);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
