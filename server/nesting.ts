import { CodecError } from '../core/errors.ts';

/** Deepest nesting of what is sent; a scenario needs seven levels. */
const maxDepth = 32;

/** @throws {CodecError} when a value is nested so deep that reading it could exhaust the stack. */
export function assertShallow(value: unknown): void {
  if (deeperThan(value, maxDepth)) throw tooDeep();
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

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((child) => deeperThan(child, depth - 1));
}
