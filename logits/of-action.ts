import type { Head } from '../core/policy.ts';

/**
 * Logits of a row that decide an action: 1 at its bin and 0 at the others; the mean of a continuous head, ±Infinity at the ends of a squashed
 * one. What is known of the logits where only decisions are seen.
 * @param action [A] physical, at `from`  @param logits [K], written at `at`
 */
export function logitsOfAction(head: Head, action: Float64Array, from: number, logits: Float32Array, at: number): void {
  if (head.kind === 'categorical') {
    for (let i = 0; i < head.values.length; i++) logits[at + i] = head.values[i] === action[from] ? 1 : 0;
    return;
  }
  for (let b = 0; b < head.low.length; b++) {
    const physical = action[from + b]!;
    const unit = (physical - head.low[b]!) / (head.high[b]! - head.low[b]!);
    logits[at + b] =
      head.kind === 'deterministic' ? physical : head.kind === 'gaussian' ? unit : Math.atanh(2 * unit - 1);
  }
}
