import { CodecError } from '../core/errors.ts';

/** Deepest nesting and most values of what is sent; a scenario needs seven levels, and one of 64 attacks some thousand values. */
const maxDepth = 32;
const maxValues = 10_000;

/** @throws {CodecError} when a value is so deep or so wide that reading it, fault by fault, would take the stack or the time. */
export function assertShallow(value: unknown): void {
  let left = maxValues;
  const visit = (value: unknown, depth: number): void => {
    if (left-- === 0) throw new CodecError(`more than ${maxValues} values`);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    if (depth === 0) throw tooDeep();
    for (const child of Object.values(value)) visit(child, depth - 1);
  };
  visit(value, maxDepth);
}

/** Reads a text whose value must be shallow; a stack that it exhausts is its own fault. */
export function shallow<T>(read: () => T): T {
  try {
    const value = read();
    assertShallow(value);
    return value;
  } catch (error) {
    throw error instanceof RangeError && /call stack/.test(error.message) ? tooDeep() : error;
  }
}

function tooDeep(): CodecError {
  return new CodecError(`nested deeper than ${maxDepth} levels`);
}
