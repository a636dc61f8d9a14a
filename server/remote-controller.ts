import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { BackendError, BudgetError, ControllerError, StateError } from '../core/errors.ts';
import type { ControllerAnswer, ControllerQuestion, ControllerTask } from './controller-messages.ts';

/** What a run may ask of a controller that is not ours, and how long it waits. */
export interface RemoteLimits {
  /** Rows of observations in all; undefined: any number. */
  readonly rows: number | undefined;
  /** Requests in all. */
  readonly requests: number | undefined;
  /** For one answer. */
  readonly timeoutMs: number;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** [1] counts the thread's messages; who waits for one waits here. */
  readonly signal: Int32Array;
}

/** A thread's start includes loading its code, and a model of any size. */
const startMs = 60_000;
/** The thread gives up by itself after the timeout; this much later we give up on the thread. */
const graceMs = 10_000;

/**
 * A controller behind an address or in another runtime, asked synchronously: a thread does what is asynchronous, and the caller waits
 * for it on shared memory. The closed loop is synchronous, and stays so.
 */
export class RemoteController implements Disposable {
  readonly #task: ControllerTask;
  readonly #limits: RemoteLimits;
  #thread: Thread | undefined;
  #closed = false;
  #rows = 0;
  #requests = 0;

  constructor(task: ControllerTask, limits: RemoteLimits) {
    this.#task = task;
    this.#limits = limits;
  }

  /** What was asked so far. */
  get spent(): { readonly rows: number; readonly requests: number } {
    return { rows: this.#rows, requests: this.#requests };
  }

  /**
   * Asks for the actions of a batch; the first question starts the thread.
   * @param observations [rows×O]  @param action [rows×A]
   * @throws {BudgetError} before a question that the budget does not cover; {ControllerError} for no answer, a late one, and one that is
   *   not what was asked for; {BackendError} when a runtime is not installed
   */
  decide(observations: Float64Array, rows: number, action: Float64Array): void {
    if (this.#closed) throw new StateError(`the controller at ${this.#task.name} was closed`);
    this.#charge(rows);
    const thread = (this.#thread ??= this.#start());
    const actionSize = action.length / rows;
    const question: ControllerQuestion = { observations: observations.slice(), rows, actionSize };
    thread.port.postMessage(question);
    const answer = this.#wait(thread, this.#limits.timeoutMs + graceMs);
    if (answer === undefined) {
      this[Symbol.dispose](); // whatever holds the thread up will not be waited for again
      throw new ControllerError(`${this.#task.name} did not answer within ${this.#limits.timeoutMs} ms`);
    }
    if (answer.type === 'failed') throw errorOf(answer);
    if (answer.type === 'actions') action.set(answer.actions);
  }

  /** Ends the thread, whatever it is waiting for. */
  [Symbol.dispose](): void {
    this.#closed = true;
    void this.#thread?.worker.terminate();
    this.#thread?.port.close();
    this.#thread = undefined;
  }

  #charge(rows: number): void {
    const { rows: mostRows = Infinity, requests: mostRequests = Infinity } = this.#limits;
    if (this.#rows + rows > mostRows || this.#requests + 1 > mostRequests) {
      const budget = [
        ...(mostRows === Infinity ? [] : [`${mostRows} rows`]),
        ...(mostRequests === Infinity ? [] : [`${mostRequests} requests`]),
      ].join(' and ');
      throw new BudgetError(
        `the query budget of ${budget} is spent: ${this.#rows} rows in ${this.#requests} requests were asked of ${this.#task.name}, ${rows} more were needed`,
      );
    }
    this.#rows += rows;
    this.#requests++;
  }

  #start(): Thread {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    const entry = import.meta.url.endsWith('.ts')
      ? new URL('./controller-worker-source.mjs', import.meta.url)
      : new URL('./controller-worker.js', import.meta.url);
    const worker = new Worker(entry, {
      workerData: { task: this.#task, timeoutMs: this.#limits.timeoutMs, port: port2, signal },
      transferList: [port2],
    });
    // The run's thread may end while this one waits for an answer.
    worker.unref();
    port1.unref();
    const thread = { worker, port: port1, signal };
    const answer = this.#wait(thread, startMs);
    if (answer?.type === 'ready') return thread;
    void worker.terminate();
    port1.close();
    if (answer?.type === 'failed') throw errorOf(answer);
    throw new ControllerError(`the thread that asks ${this.#task.name} did not start within ${startMs / 1000} s`);
  }

  /** The next message of the thread, or undefined when none came in time. */
  #wait({ port, signal }: Thread, timeoutMs: number): ControllerAnswer | undefined {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = Atomics.load(signal, 0);
      const received = receiveMessageOnPort(port) as { readonly message: ControllerAnswer } | undefined;
      if (received !== undefined) return received.message;
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      Atomics.wait(signal, 0, seen, left);
    }
  }
}

function errorOf({ missing, reason }: Extract<ControllerAnswer, { readonly type: 'failed' }>): Error {
  return missing ? new BackendError(reason) : new ControllerError(reason);
}
