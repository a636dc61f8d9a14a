import type { PickleValue } from './pickle-value.ts';

const mark = Symbol('mark');

/** The stack of a pickle's machine: values, and marks under runs of them. */
export class PickleStack {
  readonly #entries: (PickleValue | typeof mark)[] = [];
  readonly #failure: (message: string) => Error;

  /** @param failure what to throw when a value or a mark is missing */
  constructor(failure: (message: string) => Error) {
    this.#failure = failure;
  }

  push(value: PickleValue): void {
    this.#entries.push(value);
  }

  mark(): void {
    this.#entries.push(mark);
  }

  top(): PickleValue {
    return this.#at(1);
  }

  pop(): PickleValue {
    const value = this.top();
    this.#entries.pop();
    return value;
  }

  /** The uppermost `count` values, the lowest first. */
  popMany(count: number): PickleValue[] {
    for (let depth = 1; depth <= count; depth++) this.#at(depth);
    return this.#entries.splice(-count) as PickleValue[];
  }

  /** The values above the uppermost mark, the lowest first; the mark goes too. */
  popToMark(): PickleValue[] {
    const at = this.#entries.lastIndexOf(mark);
    if (at < 0) throw this.#failure('a mark is missing on the stack');
    const values = this.#entries.splice(at + 1) as PickleValue[];
    this.#entries.pop();
    return values;
  }

  #at(depth: number): PickleValue {
    const value = this.#entries.at(-depth);
    // null is Python's None, a value like any other.
    if (value === undefined || value === mark) throw this.#failure('a value is missing on the stack');
    return value;
  }
}
