import { TooManyError, UnavailableError } from './problem.ts';

/** What goes to such a thread and comes back: a number puts an answer to its question. */
export interface Numbered<T> {
  readonly id: number;
  readonly value: T;
}

/** What of a thread, or of a process of our own, is needed to ask it. */
export interface Asked {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown;
  off(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown;
  postMessage(value: unknown, transfer: readonly []): void;
  terminate(): unknown;
}

interface AskedThreadOptions {
  readonly open: () => Asked;
  /** What it makes, in the plural, for messages. */
  readonly what: string;
  /** Questions that may wait; the next is refused. */
  readonly maxWaiting: number;
  /** A question that takes longer ends the thread. */
  readonly timeoutMs: number;
  /** Without a question for so long, it goes, and the next starts another; absent: it stays. */
  readonly idleMs?: number;
}

/** A thread that answers one question after the other: work that takes too long for the event loop, or that reads what nobody vouches for. */
export class AskedThread<Question, Answer> implements AsyncDisposable {
  readonly #options: AskedThreadOptions;
  #worker: Asked | undefined;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #asked = 0;
  #closed = false;

  constructor(options: AskedThreadOptions) {
    this.#options = options;
  }

  /**
   * @param question made when its turn comes, so that what waits costs nothing
   * @param signal who asked does not wait any more: the thread is ended if it is at this question
   * @param timeoutMs of this question
   * @throws {TooManyError} when too many wait, the signal's reason
   */
  async ask(
    question: () => Question | Promise<Question>,
    signal?: AbortSignal,
    timeoutMs: number = this.#options.timeoutMs,
  ): Promise<Answer> {
    const { maxWaiting, what } = this.#options;
    if (this.#waiting >= maxWaiting) throw new TooManyError(`${maxWaiting} ${what} wait already`);
    this.#waiting++;
    const mine = this.#turn.then(async () => {
      signal?.throwIfAborted();
      return this.#put(await question(), signal, timeoutMs);
    });
    this.#turn = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the thread whatever it does; what is asked from now on is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    await this.#turn;
    clearTimeout(this.#idle);
  }

  async #put(value: Question, signal: AbortSignal | undefined, timeoutMs: number): Promise<Answer> {
    const { open, what, idleMs } = this.#options;
    if (this.#closed) throw new UnavailableError('the server is stopping');
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= open());
    const id = ++this.#asked;
    const done = new AbortController();
    const timer = setTimeout(() => void worker.terminate(), timeoutMs);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const hear = (message: unknown): void => {
          const { id: of, value } = message as Numbered<Answer>;
          if (of === id) resolve(value);
        };
        const fail = (why: unknown): void => {
          this.#worker = undefined;
          reject(why instanceof Error ? why : new Error(`the thread of ${what} ended with code ${String(why)}`));
        };
        const cancel = (): void => {
          this.#worker = undefined;
          reject(signal!.reason as Error);
          void worker.terminate();
        };
        signal?.addEventListener('abort', cancel);
        worker.on('message', hear);
        for (const event of ['error', 'exit'] as const) worker.on(event, fail);
        done.signal.addEventListener('abort', () => {
          signal?.removeEventListener('abort', cancel);
          worker.off('message', hear);
          for (const event of ['error', 'exit'] as const) worker.off(event, fail);
        });
        worker.postMessage({ id, value } satisfies Numbered<Question>, []);
      });
    } finally {
      clearTimeout(timer);
      done.abort();
      if (idleMs !== undefined)
        this.#idle = setTimeout(() => {
          void this.#worker?.terminate();
          this.#worker = undefined;
        }, idleMs).unref();
    }
  }
}
