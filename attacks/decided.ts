import type { Head } from '../core/policy.ts';
import { headActions } from '../core/policy.ts';

/**
 * Whether an attack without a side has succeeded: another bin; on a continuous head a component on another side of zero.
 * @param clean, action physical; `row` and `r` say which rows of them
 */
export function decided(head: Head, clean: Float64Array, row: number, action: Float64Array, r: number): boolean {
  const size = headActions(head);
  for (let b = 0; b < size; b++) {
    const [before, after] = [clean[row * size + b]!, action[r * size + b]!];
    if (head.kind === 'categorical' ? before !== after : Math.sign(before) !== Math.sign(after)) return true;
  }
  return false;
}
