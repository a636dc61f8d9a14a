/** A part of some work, as its share `of` the whole, from share `from` on. Broken off, it breaks off the work, which then frees what it holds. */
export function* partOf<Result>(
  work: Generator<number, Result, void>,
  from: number,
  of: number,
): Generator<number, Result, void> {
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      yield from + of * value;
    }
  } finally {
    work.return(undefined as never); // nothing, where the work is over
  }
}
