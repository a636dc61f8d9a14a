import type { ContinuousHead } from './neutral.ts';

/** A squashed mean this near an end of its range executes it to 1e-6 of the range; beyond lies only saturation. */
const edge = 1e-6;

/**
 * The mean, on the scale of the head's logits, whose deterministic action is the given physical one; an action outside the range
 * counts as its end. The inverse of `unitAction`.
 */
export function meanOf(head: ContinuousHead, component: number, action: number): number {
  const low = head.low[component]!;
  const high = head.high[component]!;
  const within = Math.min(high, Math.max(low, action));
  if (head.kind === 'deterministic') return within;
  const unit = high > low ? (within - low) / (high - low) : 0.5;
  if (head.kind === 'gaussian') return unit;
  return Math.atanh(2 * Math.min(1 - edge, Math.max(edge, unit)) - 1);
}
