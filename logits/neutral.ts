import type { Head } from '../core/policy.ts';

/** A head whose logits are means of real-valued actions. */
export type ContinuousHead = Exclude<Head, { readonly kind: 'categorical' }>;

/**
 * The mean at which action component `b` is idle (physical 0), on the scale of the head's logits:
 * 0 for a squashed Gaussian on a symmetric range, 0.5 for a plain Gaussian on the unit scale, 0 for a deterministic head.
 * A range that does not contain 0 in its inside has no idle point with two sides; its middle stands in.
 */
export function neutral(head: ContinuousHead, component: number): number {
  const low = head.low[component]!;
  const high = head.high[component]!;
  const unit = low < 0 && high > 0 ? -low / (high - low) : 0.5;
  if (head.kind === 'squashed-gaussian') return Math.atanh(2 * unit - 1);
  return head.kind === 'gaussian' ? unit : low + unit * (high - low);
}
