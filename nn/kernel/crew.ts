import { Worker } from 'node:worker_threads';
import { BackendError, ConfigError } from '../../core/errors.ts';
import { kernel } from './kernel.ts';
import type { Kernel } from './kernel.ts';
import { TaskList } from './task-list.ts';
import type { TaskCalls } from './task-list.ts';

/** Floats that the control block takes, and a thread's list of a row (assembly/crew.ts, assembly/row-list.ts). */
const controlFloats = 64;
const listFloats = 2048;
/** Cells of the control block, in words. */
const doneCell = 16;
const failedCell = 32;
const tableCell = 48;
/** The state that sends helpers home, and what a helper that failed adds to the tasks done so that who waits for them looks up. */
const ended = 0xffff;
const alarm = 0x100000;

/** No task takes so long: a helper that has not answered after it never will. */
const timeoutMs = 120_000;

/** Where a helper stands. */
const starting = 0;
const helping = 1;
const closed = 2;
const left = 3;

/** A thread of ours needs no file: it makes an instance of the kernel on the same memory, and helps until it is sent home. */
const helperSource = `
const { workerData } = require('node:worker_threads');
const { module, memory, control, list, place, note } = workerData;
if (Atomics.compareExchange(place, 0, ${starting}, ${helping}) === ${starting}) {
  try {
    new WebAssembly.Instance(module, { env: { memory } }).exports.help(control, list);
  } catch (error) {
    note.set(new TextEncoder().encode(String(error)).subarray(0, note.length));
    const cells = new Int32Array(memory.buffer, control);
    Atomics.store(cells, ${failedCell}, 1);
    Atomics.add(cells, ${doneCell}, ${alarm});
    Atomics.notify(cells, ${doneCell});
  }
  Atomics.store(place, 0, ${left});
  Atomics.notify(place, 0);
}`;

interface Helper {
  readonly worker: Worker;
  /** Address of its list of a row. */
  readonly list: number;
  readonly place: Int32Array;
  /** What it failed with, in UTF-8. */
  readonly note: Uint8Array;
}

/**
 * This thread and helpers that carry out lists of kernel calls on one memory. Who does which task shows in no bit, and nobody waits for a
 * helper that has not started or that the machine gives no time: the others take its tasks.
 */
export class Crew implements Disposable {
  readonly #kernel: Kernel;
  readonly #control: number;
  readonly #cells: Int32Array;
  readonly #list = new TaskList();
  readonly #threads: number;
  /** Started when there is first work for them. */
  #helpers: readonly Helper[] = [];
  #table: { readonly address: number; readonly floats: number } | undefined;
  #fault: BackendError | undefined;
  #disposed = false;

  /** @param threads this one included */
  constructor(threads: number) {
    this.#kernel = kernel();
    const { heap } = this.#kernel;
    this.#control = heap.allocate(controlFloats);
    this.#cells = new Int32Array(heap.floats.buffer, this.#control, controlFloats);
    this.#threads = threads;
  }

  /**
   * Carries out `count` tasks, in any order and several at once.
   * @throws {BackendError} when one fails, and from then on.
   */
  carryOut(count: number, task: (calls: TaskCalls, index: number) => void): void {
    if (this.#fault !== undefined) throw this.#fault;
    const list = this.#list;
    list.clear();
    for (let index = 0; index < count; index++) list.add((calls) => task(calls, index));
    const { heap } = this.#kernel;
    this.#reserve(list.size);
    if (this.#helpers.length === 0)
      this.#helpers = Array.from({ length: this.#threads - 1 }, () => this.#start(heap.allocate(listFloats)));
    list.copyTo(new Uint32Array(heap.floats.buffer), this.#table!.address);
    Atomics.store(this.#cells, tableCell, this.#table!.address);
    let cause: unknown;
    try {
      if (this.#kernel.share(this.#control, count, timeoutMs) === 0) return;
    } catch (error) {
      cause = error;
    }
    this.#fault = this.#faultOf(cause);
    throw this.#fault;
  }

  /** Sends the helpers home and waits until they have left the memory. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    Atomics.store(this.#cells, 0, ended);
    Atomics.notify(this.#cells, 0);
    const gone = this.#helpers.map(({ worker, place }) => {
      const deadline = performance.now() + timeoutMs;
      while (Atomics.compareExchange(place, 0, starting, closed) === helping && performance.now() < deadline)
        Atomics.wait(place, 0, helping, 1000);
      void worker.terminate();
      return Atomics.load(place, 0) !== helping;
    });
    // What a helper may still write to is nobody else's.
    if (gone.includes(false)) return;
    const { heap } = this.#kernel;
    heap.release(this.#control, controlFloats);
    for (const { list } of this.#helpers) heap.release(list, listFloats);
    if (this.#table !== undefined) heap.release(this.#table.address, this.#table.floats);
  }

  #start(list: number): Helper {
    const { module, memory } = this.#kernel;
    const place = new Int32Array(new SharedArrayBuffer(4));
    const note = new Uint8Array(new SharedArrayBuffer(256));
    const workerData = { module, memory, control: this.#control, list, place, note };
    // Without this thread's flags: a loader of sources would be started for nothing.
    const worker = new Worker(helperSource, { eval: true, workerData, execArgv: [] });
    worker.unref();
    worker.on(
      'error',
      (cause) => (this.#fault = new BackendError(`a thread of the kernel ended: ${cause}`, { cause })),
    );
    return { worker, list, place, note };
  }

  #reserve(floats: number): void {
    if (this.#table !== undefined && floats <= this.#table.floats) return;
    const { heap } = this.#kernel;
    if (this.#table !== undefined) heap.release(this.#table.address, this.#table.floats);
    this.#table = { address: heap.allocate(2 * floats), floats: 2 * floats };
  }

  #faultOf(cause: unknown): BackendError {
    const index = this.#helpers.findIndex(({ note }) => note[0] !== 0);
    if (index < 0) {
      const what = cause instanceof Error ? cause.message : `not done after ${timeoutMs / 1000} s`;
      return new BackendError(`a task of the kernel's threads failed: ${what}`, { cause });
    }
    const note = Uint8Array.from(this.#helpers[index]!.note);
    const text = new TextDecoder().decode(note.subarray(0, note.indexOf(0) < 0 ? note.length : note.indexOf(0)));
    return new BackendError(`kernel thread ${index + 2} of ${this.#threads} failed: ${text}`);
  }
}

/** Crews that are open, the latest last. */
const crews: Crew[] = [];

/** The crew that networks of this thread work with, if there is one. */
export function crew(): Crew | undefined {
  return crews.at(-1);
}

/**
 * Lets the networks of this thread use so many threads, itself included, until the result is disposed. No bit of any result depends on it.
 * @throws {ConfigError} when it is not a whole number from 1 on.
 */
export function kernelThreads(threads: number): Disposable {
  if (!(Number.isSafeInteger(threads) && threads >= 1))
    throw new ConfigError(`threads is ${threads}, expected a whole number from 1 on`);
  const opened = threads === 1 ? undefined : new Crew(threads);
  if (opened !== undefined) crews.push(opened);
  return {
    [Symbol.dispose]() {
      const at = opened === undefined ? -1 : crews.indexOf(opened);
      if (at < 0) return;
      crews.splice(at, 1);
      opened![Symbol.dispose]();
    },
  };
}
