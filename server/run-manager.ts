import { randomUUID } from 'node:crypto';
import { Subject } from 'rxjs';
import { StateError } from '../core/errors.ts';
import type { Command } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Annotation, Origin } from './catalogue.ts';
import type { RunSummary } from './events.ts';
import { LiveRun } from './live-run.ts';
import type { Ending, LiveRunOptions } from './live-run.ts';
import { TooManyError, UnavailableError } from './problem.ts';
import type { RunNotice } from './run-notice.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';
import type { WorkerTask } from './worker-messages.ts';

export interface RunManagerOptions extends Omit<WorkerTask, 'scenario' | 'part'> {
  readonly store: Store;
  /** Runs at once; the others wait in order. */
  readonly maxConcurrent: number;
  readonly now: () => number;
  readonly log: Log;
}

/** Runs still to come beyond this are refused: a script in a loop must not fill the disk. */
const maxQueued = 1000;
/** A cancelled run that is still in the middle of a step after this is ended with its thread. */
const cancelGraceMs = 3000;

interface Waiting {
  readonly id: string;
  readonly scenario: Scenario;
  /** It was interrupted, and is taken up. */
  readonly again?: boolean;
  /** Nothing goes on beside it: it may be what ends servers. */
  readonly alone?: boolean;
  /** It is a job of somebody who hears when it begins, and keeps its end himself. */
  readonly job?: { readonly onStart: () => void; readonly onEnd: (ending: Ending) => void };
}

/** Starts, steers and ends runs. Everything that a run produces is in the store before anyone hears of it. */
export class RunManager {
  readonly notices = new Subject<RunNotice>();
  readonly #options: RunManagerOptions;
  readonly #live: LiveRunOptions;
  readonly #queue: Waiting[] = [];
  readonly #active = new Map<string, LiveRun>();
  /** The one that goes on alone. */
  #alone: string | null = null;
  /** How runs of sweeps are cancelled, wherever they are. */
  readonly #swept = new Map<string, () => void>();
  #closing = false;

  constructor(options: RunManagerOptions) {
    const { store, now, log, maxConcurrent: _most, ...task } = options;
    this.#options = options;
    this.#live = { store, notices: this.notices, now, log, task };
  }

  /**
   * Queues a run; with a key, answers the run that the key made before.
   * @throws {StateError} when the key came with another scenario
   */
  launch(scenario: Scenario, origin: Origin = {}): RunSummary {
    const { store, now } = this.#options;
    const { key } = origin;
    this.assertOpen();
    const known = key === undefined ? undefined : store.byKey(key);
    if (known !== undefined) {
      if (JSON.stringify(known.scenario) !== JSON.stringify(scenario))
        throw new StateError(`the Idempotency-Key '${key}' came with another scenario before (run '${known.id}')`);
      return store.summary(known.id);
    }
    this.assertRoom(1);
    const id = randomUUID();
    const run = store.create(id, scenario, now(), origin);
    this.notices.next({ type: 'state', run });
    this.#add({ id, scenario });
    return store.summary(id);
  }

  /** Runs that go on, in the order in which they began, how many may, and how many wait. */
  load(): { readonly active: readonly string[]; readonly maxConcurrent: number; readonly queued: number } {
    return {
      active: [...this.#active.keys()],
      maxConcurrent: this.#options.maxConcurrent,
      queued: this.#queue.length,
    };
  }

  /** @throws {UnavailableError} when the server is stopping */
  assertOpen(): void {
    if (this.#closing) throw new UnavailableError('the server is stopping');
  }

  /** @throws {TooManyError} when so many more runs may not wait, here or elsewhere. */
  assertRoom(runs: number): void {
    const waiting = this.#options.store.counts().find(({ state }) => state === 'queued')?.count ?? 0;
    if (waiting + runs > maxQueued)
      throw new TooManyError(`${waiting} runs are waiting already, ${runs} more would be over ${maxQueued}`);
  }

  /**
   * Takes up a run that was interrupted, from its beginning and against what was recorded: see {@link FastForward}.
   * @throws {StateError} when it was not
   */
  async takeUp(id: string): Promise<RunSummary> {
    const { store } = this.#options;
    this.assertOpen();
    using _frames = await store.open(id);
    const { state, scenario } = store.detail(id);
    if (state !== 'interrupted') throw new StateError(`run '${id}' is ${state}: only an interrupted one is taken up`);
    this.assertRoom(1);
    store.reopen(id);
    this.notices.next({ type: 'state', run: store.summary(id) });
    this.#add({ id, scenario, again: true });
    return store.summary(id);
  }

  /** Of an interrupted run, `resume` is {@link takeUp}. @throws {StateError} when the run is not going on. */
  command(id: string, command: Command): RunSummary | Promise<RunSummary> {
    const { store } = this.#options;
    const run = store.summary(id);
    if (command.type === 'resume' && run.state === 'interrupted') return this.takeUp(id);
    const cancel = this.#swept.get(id);
    if (command.type === 'cancel' && cancel !== undefined) cancel();
    else if (command.type === 'cancel' && (this.#active.has(id) || this.isWaiting(id))) this.cancelJob(id);
    else {
      const active = this.#active.get(id);
      if (active === undefined)
        throw new StateError(`run '${id}' is ${whereabouts(run)}: it takes no '${command.type}'`);
      active.command(command);
    }
    return store.summary(id);
  }

  /** Changes what people say of a run, and tells its viewers. */
  annotate(id: string, annotation: Annotation): RunSummary {
    const run = this.#options.store.annotate(id, annotation);
    this.notices.next({ type: 'state', run });
    return run;
  }

  /** @throws {StateError} while the run goes on. */
  remove(id: string): void {
    const run = this.#options.store.summary(id);
    if (this.#active.has(id) || this.isWaiting(id) || this.#swept.has(id))
      throw new StateError(`run '${id}' is ${run.state}: cancel it first`);
    this.#options.store.remove(id);
  }

  /** A run is of a sweep that goes on: who cancels it cancels it there. */
  adopt(id: string, cancel: () => void): void {
    this.#swept.set(id, cancel);
  }

  /** Its sweep has no more to do with it. */
  release(id: string): void {
    this.#swept.delete(id);
  }

  /**
   * Queues a run that is there already as a job; how it ended is told, and not kept here.
   * @param again frames of it are in the store  @param alone with nothing beside it
   */
  runJob({ id, scenario, again, alone }: Required<Omit<Waiting, 'job'>>, onStart: () => void): Promise<Ending> {
    return new Promise((onEnd) => {
      if (this.#closing) onEnd({ state: 'interrupted' });
      else this.#add({ id, scenario, again, alone, job: { onStart, onEnd } });
    });
  }

  /** Ends a run that waits or goes on here: what it recorded stays. */
  cancelJob(id: string): void {
    const waiting = this.#queue.findIndex((entry) => entry.id === id);
    if (waiting >= 0) {
      this.#over(this.#queue.splice(waiting, 1)[0]!, { state: 'cancelled' });
      return this.#startNext(); // those behind it may have waited for it to go on alone
    }
    const active = this.#active.get(id);
    active?.command({ type: 'cancel' });
    if (active !== undefined) setTimeout(() => void active.stop({ state: 'cancelled' }), cancelGraceMs).unref();
  }

  /** Stops every run; what they committed stays, marked interrupted. @param sweeps have kept the ends of theirs */
  async close(sweeps: Promise<void>): Promise<void> {
    this.#closing = true;
    for (const entry of this.#queue.splice(0)) this.#over(entry, { state: 'interrupted' });
    await Promise.all([...this.#active.values()].map((run) => run.stop({ state: 'interrupted' })));
    await sweeps;
    this.notices.complete();
  }

  /** Whether it waits here for its turn. */
  isWaiting(id: string): boolean {
    return this.#queue.some((entry) => entry.id === id);
  }

  #add(entry: Waiting): void {
    this.#queue.push(entry);
    this.#startNext();
  }

  #startNext(): void {
    while (!this.#closing && this.#active.size < this.#options.maxConcurrent && this.#alone === null) {
      const [next] = this.#queue;
      if (next === undefined || (next.alone === true && this.#active.size > 0)) return;
      this.#queue.shift();
      const { id, scenario, again = false, alone = false, job } = next;
      if (alone) this.#alone = id;
      job?.onStart();
      const run = new LiveRun(id, scenario, again, this.#live, (ending) => {
        this.#active.delete(id);
        if (alone) this.#alone = null;
        this.#over(next, ending);
        this.#startNext();
      });
      this.#active.set(id, run);
    }
  }

  /** Keeps how a run ended, and tells of it. @throws {StoreError} when it could not be kept */
  end(id: string, { final: _final, ...outcome }: Ending): void {
    const { store, now } = this.#options;
    store.ended(id, { ...outcome, endedAt: now() });
    this.notices.next({ type: 'state', run: store.summary(id) });
    this.notices.next({ type: 'ended', runId: id, state: outcome.state });
  }

  #over({ id, job }: Waiting, ending: Ending): void {
    if (job !== undefined) return job.onEnd(ending);
    try {
      this.end(id, ending);
    } catch (error) {
      // It will be found and marked on the next start.
      const fault = error instanceof Error ? error.stack : error;
      this.#options.log('error', { run: id, fault }, 'the end of a run was not stored');
      this.notices.next({ type: 'ended', runId: id, state: ending.state });
    }
  }
}

function whereabouts({ state, executor, worker }: RunSummary): string {
  return executor === 'local' ? state : `${state}, with ${worker ?? 'the workers'}`;
}
