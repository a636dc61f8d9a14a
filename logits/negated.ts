import type { Floats } from './row.ts';

/** Minus a value, with its gradient in place. @param gradient [·] row at `at…at+size` */
export function negated(value: number, gradient: Floats, at: number, size: number): number {
  for (let i = at; i < at + size; i++) gradient[i] = -gradient[i]!;
  return -value;
}
