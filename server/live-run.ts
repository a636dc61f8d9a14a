import type { Worker } from 'node:worker_threads';
import type { Subject } from 'rxjs';
import type { Command } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Outcome } from './catalogue.ts';
import type { Preparation } from './events.ts';
import { DivergenceError, FastForward } from './fast-forward.ts';
import type { RunNotice } from './run-notice.ts';
import { openThread } from './run-thread.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.ts';

/** How a run's thread ended. */
export interface Ending extends Omit<Outcome, 'endedAt'> {
  /** Of a failure: another attempt would end in the same way. */
  readonly final?: boolean;
}

export interface LiveRunOptions {
  readonly store: Store;
  readonly notices: Subject<RunNotice>;
  readonly task: Omit<WorkerTask, 'scenario' | 'part'>;
  readonly now: () => number;
  readonly log: Log;
}

/** A run in a thread of this process: what the thread sends is committed to the store, and then told. */
export class LiveRun {
  readonly #id: string;
  readonly #options: LiveRunOptions;
  readonly #worker: Worker;
  readonly #forward: FastForward | undefined;
  readonly #onEnd: (ending: Ending) => void;
  #over = false;

  /**
   * @param again frames of it are in the store: it is taken up, see {@link FastForward}
   * @param onEnd called once
   */
  constructor(
    id: string,
    scenario: Scenario,
    again: boolean,
    options: LiveRunOptions,
    onEnd: (ending: Ending) => void,
  ) {
    this.#id = id;
    this.#options = options;
    this.#onEnd = onEnd;
    const worker = openThread({ scenario, ...options.task });
    this.#worker = worker;
    this.#forward = again ? new FastForward(options.store, id) : undefined;
    // What was seen before is not paced.
    if (again) this.command({ type: 'speed', stepsPerSecond: null });
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error) => {
      options.log('error', { run: id, fault: error.stack ?? error.message }, 'run’s thread died');
      this.#end({ state: 'failed', error: error.message });
    });
    worker.on('exit', (code) => this.#end({ state: 'failed', error: `its thread ended early with code ${code}` }));
  }

  command(command: Command): void {
    this.#send({ type: 'command', command });
  }

  /** Ends it with its thread, whatever that is doing. */
  async stop(ending: Ending): Promise<void> {
    this.#end(ending);
    await this.#worker.terminate();
  }

  #end(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#onEnd(ending);
  }

  #receive(message: FromWorker): void {
    if (this.#over) return;
    const { log } = this.#options;
    const id = this.#id;
    try {
      if (message.type === 'failed') {
        log('error', { run: id, fault: message.fault }, 'run failed');
        this.#end({ state: 'failed', error: message.reason, final: message.name !== null });
      } else if (message.type === 'cancelled') this.#end({ state: 'cancelled' });
      else if (message.type === 'event' && message.event.type === 'finished')
        this.#end({ state: 'done', result: message.event.result });
      else this.#hear(message);
    } catch (error) {
      if (error instanceof DivergenceError) {
        log('error', { run: id, fault: error.message }, 'run does not repeat itself');
        void this.stop({ state: 'interrupted', error: `it could not be taken up again: ${error.message}` });
        return;
      }
      // The store refused (a full disk, a damaged file): the run cannot go on, the server can.
      const reason = error instanceof Error ? error.message : String(error);
      log('error', { run: id, fault: error instanceof Error ? error.stack : reason }, 'telemetry could not be stored');
      void this.stop({ state: 'failed', error: `its telemetry could not be stored: ${reason}`, final: true });
    }
  }

  #hear(message: Extract<FromWorker, { type: 'event' | 'frame' }>): void {
    const { store, notices, now } = this.#options;
    const id = this.#id;
    const forward = this.#forward;
    if (message.type === 'frame') {
      const fresh = forward === undefined ? message : forward.take(message);
      if (fresh !== undefined) store.append(id, fresh);
      this.#send({ type: 'credit', frames: 1 });
      if (fresh === undefined) return;
      if (fresh.step0 === forward?.headStep) {
        const { stepsPerSecond } = store.detail(id).scenario.live;
        this.command({ type: 'speed', stepsPerSecond });
      }
      notices.next({ type: 'committed', runId: id, head: fresh.seq + 1 });
      return;
    }
    const { event } = message;
    if (event.type === 'preparing') prepare(this.#options, id, event);
    else if (event.type === 'started') {
      const { schema, totalSteps } = event;
      forward?.begin(schema);
      store.started(id, { schema, totalSteps, startedAt: now() });
      notices.next({ type: 'schema', runId: id, schema });
      notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'state') {
      store.setState(id, event.state);
      notices.next({ type: 'state', run: store.summary(id) });
    } else if (event.type === 'progress') {
      const { step, totalSteps, stepsPerSecond } = event;
      if (forward !== undefined && step < forward.headStep) return;
      notices.next({ type: 'progress', runId: id, step, totalSteps, stepsPerSecond });
    }
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message, []);
  }
}

/** A run prepares its first step. Told by whole percents: an attack may report far more often than anyone reads. */
export function prepare(
  { store, notices }: Pick<LiveRunOptions, 'store' | 'notices'>,
  id: string,
  { attack, done }: Preparation,
): void {
  const before = store.preparation(id);
  if (before?.attack === attack && percent(before.done) === percent(done)) return;
  store.preparing(id, { attack, done });
  if (before === undefined) notices.next({ type: 'state', run: store.summary(id) });
  else notices.next({ type: 'preparing', runId: id, preparing: { attack, done } });
}

function percent(share: number): number {
  return Math.floor(100 * share);
}
