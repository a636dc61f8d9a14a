import { randomUUID } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { Subject } from 'rxjs';
import { StateError } from '../core/errors.ts';
import type { Command } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { Annotation, Origin, Outcome } from './catalogue.ts';
import { DivergenceError, FastForward } from './fast-forward.ts';
import type { Preparation, RunState, RunSummary } from './events.ts';
import { TooManyError, UnavailableError } from './problem.ts';
import { openThread } from './run-thread.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.ts';

/** What observers of runs hear; frames themselves are read from the store. */
export type RunNotice =
  | { readonly type: 'state'; readonly run: RunSummary }
  | { readonly type: 'schema'; readonly runId: string; readonly schema: TelemetrySchema }
  /** Frames below `head` are committed. */
  | { readonly type: 'committed'; readonly runId: string; readonly head: number }
  | {
      readonly type: 'progress';
      readonly runId: string;
      readonly step: number;
      readonly totalSteps: number;
      readonly stepsPerSecond: number;
    }
  | { readonly type: 'preparing'; readonly runId: string; readonly preparing: Preparation }
  | { readonly type: 'ended'; readonly runId: string; readonly state: RunState };

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
}

/** Starts, steers and ends runs. Everything that a run produces is in the store before anyone hears of it. */
export class RunManager {
  readonly notices = new Subject<RunNotice>();
  readonly #options: RunManagerOptions;
  readonly #queue: Waiting[] = [];
  readonly #active = new Map<string, { readonly worker: Worker; finish(outcome: Omit<Outcome, 'endedAt'>): void }>();
  #closing = false;

  constructor(options: RunManagerOptions) {
    this.#options = options;
  }

  /**
   * Queues a run; with a key, answers the run that the key made before.
   * @throws {StateError} when the key came with another scenario
   */
  launch(scenario: Scenario, origin: Origin = {}): RunSummary {
    const { store, now } = this.#options;
    const { key } = origin;
    if (this.#closing) throw new UnavailableError('the server is stopping');
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
    this.#queue.push({ id, scenario });
    this.#startNext();
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

  /** @throws {TooManyError} when so many more runs may not wait. */
  assertRoom(runs: number): void {
    const waiting = this.#queue.length;
    if (waiting + runs > maxQueued)
      throw new TooManyError(`${waiting} runs are waiting already, ${runs} more would be over ${maxQueued}`);
  }

  /**
   * Takes up a run that was interrupted, from its beginning and against what was recorded: see {@link FastForward}.
   * @throws {StateError} when it was not
   */
  async takeUp(id: string): Promise<RunSummary> {
    const { store } = this.#options;
    if (this.#closing) throw new UnavailableError('the server is stopping');
    using _frames = await store.open(id);
    const { state, scenario } = store.detail(id);
    if (state !== 'interrupted') throw new StateError(`run '${id}' is ${state}: only an interrupted one is taken up`);
    this.assertRoom(1);
    store.reopen(id);
    this.#queue.push({ id, scenario, again: true });
    this.notices.next({ type: 'state', run: store.summary(id) });
    this.#startNext();
    return store.summary(id);
  }

  /** Of an interrupted run, `resume` is {@link takeUp}. @throws {StateError} when the run is not going on. */
  command(id: string, command: Command): RunSummary | Promise<RunSummary> {
    const { store } = this.#options;
    const run = store.summary(id);
    if (command.type === 'resume' && run.state === 'interrupted') return this.takeUp(id);
    const waiting = this.#queue.findIndex((entry) => entry.id === id);
    if (waiting >= 0 && command.type === 'cancel') {
      this.#queue.splice(waiting, 1);
      this.#end(id, { state: 'cancelled' });
      return store.summary(id);
    }
    const active = this.#active.get(id);
    if (active === undefined) throw new StateError(`run '${id}' is ${run.state}: it takes no '${command.type}'`);
    send(active.worker, { type: 'command', command });
    if (command.type === 'cancel') setTimeout(() => this.#stop(id, { state: 'cancelled' }), cancelGraceMs).unref();
    return run;
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
    if (this.#active.has(id) || this.#queue.some((entry) => entry.id === id))
      throw new StateError(`run '${id}' is ${run.state}: cancel it first`);
    this.#options.store.remove(id);
  }

  /** Stops every run; what they committed stays, marked interrupted. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { id } of this.#queue.splice(0)) this.#end(id, { state: 'interrupted' });
    await Promise.all([...this.#active.keys()].map((id) => this.#stop(id, { state: 'interrupted' })));
    this.notices.complete();
  }

  /** Ends a run with its thread, whatever it is doing. */
  async #stop(id: string, outcome: Omit<Outcome, 'endedAt'>): Promise<void> {
    const active = this.#active.get(id);
    active?.finish(outcome);
    await active?.worker.terminate();
  }

  #startNext(): void {
    while (!this.#closing && this.#active.size < this.#options.maxConcurrent) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#start(next);
    }
  }

  #start({ id, scenario, again = false }: Waiting): void {
    const { roots, modelsDir, policiesDir, controllers, versions, codeHash, log } = this.#options;
    const worker = openThread({ scenario, roots, modelsDir, policiesDir, controllers, versions, codeHash });
    const forward = again ? new FastForward(this.#options.store, id) : undefined;
    // What was seen before is not paced.
    if (forward !== undefined) send(worker, { type: 'command', command: { type: 'speed', stepsPerSecond: null } });
    let over = false;
    const finish = (outcome: Omit<Outcome, 'endedAt'>): void => {
      if (over) return;
      over = true;
      this.#active.delete(id);
      this.#end(id, outcome);
      this.#startNext();
    };
    this.#active.set(id, { worker, finish });
    worker.on('message', (message: FromWorker) => {
      if (over) return;
      try {
        if (message.type === 'failed') {
          log('error', { run: id, fault: message.fault }, 'run failed');
          finish({ state: 'failed', error: message.reason });
        } else if (message.type === 'cancelled') finish({ state: 'cancelled' });
        else if (message.type === 'event' && message.event.type === 'finished')
          finish({ state: 'done', result: message.event.result });
        else this.#hear(id, worker, message, forward);
      } catch (error) {
        if (error instanceof DivergenceError) {
          log('error', { run: id, fault: error.message }, 'run does not repeat itself');
          void this.#stop(id, { state: 'interrupted', error: `it could not be taken up again: ${error.message}` });
          return;
        }
        // The store refused (a full disk, a damaged file): the run cannot go on, the server can.
        const reason = error instanceof Error ? error.message : String(error);
        log(
          'error',
          { run: id, fault: error instanceof Error ? error.stack : reason },
          'telemetry could not be stored',
        );
        void this.#stop(id, { state: 'failed', error: `its telemetry could not be stored: ${reason}` });
      }
    });
    worker.on('error', (error) => {
      log('error', { run: id, fault: error.stack ?? error.message }, 'run’s thread died');
      finish({ state: 'failed', error: error.message });
    });
    worker.on('exit', (code) => finish({ state: 'failed', error: `its thread ended early with code ${code}` }));
  }

  #hear(
    id: string,
    worker: Worker,
    message: Extract<FromWorker, { type: 'event' | 'frame' }>,
    forward: FastForward | undefined,
  ): void {
    const { store, now } = this.#options;
    if (message.type === 'frame') {
      const fresh = forward === undefined ? message : forward.take(message);
      if (fresh !== undefined) store.append(id, fresh);
      send(worker, { type: 'credit', frames: 1 });
      if (fresh === undefined) return;
      if (fresh.step0 === forward?.headStep) {
        const { stepsPerSecond } = store.detail(id).scenario.live;
        send(worker, { type: 'command', command: { type: 'speed', stepsPerSecond } });
      }
      this.notices.next({ type: 'committed', runId: id, head: fresh.seq + 1 });
      return;
    }
    const { event } = message;
    if (event.type === 'preparing') this.#prepare(id, event);
    else if (event.type === 'started') {
      const { schema, totalSteps } = event;
      forward?.begin(schema);
      store.started(id, { schema, totalSteps, startedAt: now() });
      this.notices.next({ type: 'schema', runId: id, schema });
      this.notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'state') {
      store.setState(id, event.state);
      this.notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'progress') {
      const { step, totalSteps, stepsPerSecond } = event;
      if (forward !== undefined && step < forward.headStep) return;
      this.notices.next({ type: 'progress', runId: id, step, totalSteps, stepsPerSecond });
    }
  }

  /** Told by whole percents: an attack may report far more often than anyone reads. */
  #prepare(id: string, { attack, done }: Preparation): void {
    const { store } = this.#options;
    const before = store.preparation(id);
    if (before?.attack === attack && percent(before.done) === percent(done)) return;
    store.preparing(id, { attack, done });
    if (before === undefined) this.notices.next({ type: 'state', run: store.summary(id) });
    else this.notices.next({ type: 'preparing', runId: id, preparing: { attack, done } });
  }

  #end(id: string, outcome: Omit<Outcome, 'endedAt'>): void {
    const { store, now, log } = this.#options;
    try {
      store.ended(id, { ...outcome, endedAt: now() });
      this.notices.next({ type: 'state', run: store.summary(id) });
    } catch (error) {
      // It will be found and marked on the next start.
      log('error', { run: id, fault: error instanceof Error ? error.stack : error }, 'the end of a run was not stored');
    }
    this.notices.next({ type: 'ended', runId: id, state: outcome.state });
  }
}

function percent(share: number): number {
  return Math.floor(100 * share);
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message, []);
}
