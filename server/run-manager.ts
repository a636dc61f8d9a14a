import { randomUUID } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { Subject } from 'rxjs';
import { StateError } from '../core/errors.ts';
import type { Command } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { RunState, RunSummary } from './events.ts';
import { openThread } from './run-thread.ts';
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
  | { readonly type: 'ended'; readonly runId: string; readonly state: RunState };

export interface RunManagerOptions extends Omit<WorkerTask, 'scenario'> {
  readonly store: Store;
  /** Runs at once; the others wait in order. */
  readonly maxConcurrent: number;
  readonly now: () => number;
  readonly log: (level: 'info' | 'error', fields: object, message: string) => void;
}

/** Runs still to come beyond this are refused: a script in a loop must not fill the disk. */
const maxQueued = 1000;

/** Starts, steers and ends runs. Everything that a run produces is in the store before anyone hears of it. */
export class RunManager {
  readonly notices = new Subject<RunNotice>();
  readonly #options: RunManagerOptions;
  readonly #queue: { readonly id: string; readonly scenario: Scenario }[] = [];
  readonly #active = new Map<string, Worker>();
  #closing = false;

  constructor(options: RunManagerOptions) {
    this.#options = options;
  }

  /** Queues a run; with a key, the run that the key made before. */
  launch(scenario: Scenario, key?: string): RunSummary {
    const { store, now } = this.#options;
    if (this.#closing) throw new StateError('the server is stopping');
    const known = key === undefined ? undefined : store.byKey(key);
    if (known !== undefined) return known;
    if (this.#queue.length >= maxQueued) throw new StateError(`${maxQueued} runs are waiting already`);
    const id = randomUUID();
    const run = store.create(id, scenario, now(), key);
    this.notices.next({ type: 'state', run });
    this.#queue.push({ id, scenario });
    this.#startNext();
    return store.summary(id);
  }

  /** @throws {StateError} when the run is not going on. */
  command(id: string, command: Command): RunSummary {
    const { store } = this.#options;
    const run = store.summary(id);
    const waiting = this.#queue.findIndex((entry) => entry.id === id);
    if (waiting >= 0 && command.type === 'cancel') {
      this.#queue.splice(waiting, 1);
      this.#end(id, 'cancelled');
      return store.summary(id);
    }
    const worker = this.#active.get(id);
    if (worker === undefined) throw new StateError(`run '${id}' is ${run.state}: it takes no '${command.type}'`);
    worker.postMessage({ type: 'command', command } satisfies ToWorker);
    return run;
  }

  /** @throws {StateError} while the run goes on. */
  remove(id: string): void {
    const run = this.#options.store.summary(id);
    if (this.#active.has(id) || this.#queue.some((entry) => entry.id === id))
      throw new StateError(`run '${id}' is ${run.state}: cancel it first`);
    this.#options.store.remove(id);
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** Stops every run; what they committed stays, marked interrupted. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { id } of this.#queue.splice(0)) this.#end(id, 'interrupted');
    await Promise.all(
      [...this.#active].map(async ([id, worker]) => {
        this.#active.delete(id);
        worker.removeAllListeners();
        await worker.terminate();
        this.#end(id, 'interrupted');
      }),
    );
    this.notices.complete();
  }

  #startNext(): void {
    while (!this.#closing && this.#active.size < this.#options.maxConcurrent) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#start(next.id, next.scenario);
    }
  }

  #start(id: string, scenario: Scenario): void {
    const { roots, modelsDir, versions, codeHash, log } = this.#options;
    const worker = openThread({ scenario, roots, modelsDir, versions, codeHash });
    this.#active.set(id, worker);
    let over = false;
    const finish = (state: RunState, outcome: Parameters<Store['ended']>[3] = {}): void => {
      if (over) return;
      over = true;
      this.#active.delete(id);
      this.#end(id, state, outcome);
      this.#startNext();
    };
    worker.on('message', (message: FromWorker) => {
      try {
        if (message.type === 'failed') {
          log('error', { run: id, fault: message.message }, 'run failed');
          finish('failed', {
            error: message.problem.status === 500 ? message.message.split('\n')[0]! : message.problem.detail,
          });
        } else if (message.type === 'cancelled') finish('cancelled');
        else if (message.type === 'event' && message.event.type === 'finished')
          finish('done', { result: message.event.result });
        else this.#hear(id, worker, message);
      } catch (error) {
        // The store refused (a full disk): the run cannot go on, the server can.
        log('error', { run: id, fault: String(error) }, 'run stopped: its telemetry could not be stored');
        void worker.terminate();
        finish('failed', {
          error: `its telemetry could not be stored: ${error instanceof Error ? error.message : String(error)}`,
        });
      }
    });
    worker.on('error', (error) => {
      log('error', { run: id, fault: error.stack ?? error.message }, 'run’s thread died');
      finish('failed', { error: error.message });
    });
    worker.on('exit', (code) => finish('failed', { error: `its thread ended early with code ${code}` }));
  }

  #hear(id: string, worker: Worker, message: Extract<FromWorker, { type: 'event' | 'frame' }>): void {
    const { store, now } = this.#options;
    if (message.type === 'frame') {
      store.append(id, message);
      worker.postMessage({ type: 'credit', frames: 1 } satisfies ToWorker);
      this.notices.next({ type: 'committed', runId: id, head: message.seq + 1 });
      return;
    }
    const { event } = message;
    if (event.type === 'started') {
      store.started(id, event.schema, event.totalSteps, now());
      this.notices.next({ type: 'schema', runId: id, schema: event.schema });
      this.notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'state') {
      store.setState(id, event.state);
      this.notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'progress') {
      const { step, totalSteps, stepsPerSecond } = event;
      this.notices.next({ type: 'progress', runId: id, step, totalSteps, stepsPerSecond });
    }
  }

  #end(id: string, state: RunState, outcome: Parameters<Store['ended']>[3] = {}): void {
    const { store, now } = this.#options;
    store.ended(id, state, now(), outcome);
    this.notices.next({ type: 'state', run: store.summary(id) });
    this.notices.next({ type: 'ended', runId: id, state });
  }
}
