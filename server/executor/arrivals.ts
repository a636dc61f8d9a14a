/** What arrives in any order, as one stream, until it is closed or fails. */
class Arrivals<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;
  #over = false;
  #error: unknown;

  push(item: T): void {
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** No more will come; with an error, what is there already is read first. */
  close(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#over) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}

/**
 * What tasks that go on side by side hand in, as it comes. The stream ends when all of them have, and fails as the first of them does.
 * @param begin starts the tasks; its signal is the given one, or that whoever reads has left the stream, which waits for them
 */
export async function* handedIn<T>(
  signal: AbortSignal,
  begin: (handIn: (item: T) => void, stop: AbortSignal) => readonly Promise<void>[],
): AsyncGenerator<T, void, void> {
  const arrivals = new Arrivals<T>();
  const left = new AbortController();
  const tasks = begin((item) => arrivals.push(item), AbortSignal.any([signal, left.signal]));
  const over = Promise.all(tasks).then(
    () => arrivals.close(),
    (error: unknown) => arrivals.close(error),
  );
  try {
    yield* arrivals;
  } finally {
    left.abort(); // whoever stops listening wants no more
    await over;
  }
}
