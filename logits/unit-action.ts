import type { ContinuousHead } from './neutral.ts';

/** Component `b` of the deterministic action, on the scale 0 (lowest) … 1 (highest), from its mean. */
export function unitAction(head: ContinuousHead, component: number, mean: number): number {
  if (head.kind === 'squashed-gaussian') return 1 / (1 + Math.exp(-2 * mean)); // (tanh + 1) / 2
  const unit = head.kind === 'gaussian' ? mean : (mean - head.low[component]!) / span(head, component);
  return Math.min(1, Math.max(0, unit));
}

/**
 * `d unitAction / d mean`. A squashed mean keeps its slope far into saturation (`sech²/2` without cancellation);
 * a clipped one has slope 0 outside its range.
 */
export function unitActionSlope(head: ContinuousHead, component: number, mean: number): number {
  if (head.kind === 'squashed-gaussian') {
    const tail = Math.exp(-2 * Math.abs(mean));
    return (2 * tail) / ((1 + tail) * (1 + tail));
  }
  const scale = head.kind === 'gaussian' ? 1 : 1 / span(head, component);
  const unit = head.kind === 'gaussian' ? mean : (mean - head.low[component]!) * scale;
  return unit >= 0 && unit <= 1 ? scale : 0;
}

function span(head: ContinuousHead, component: number): number {
  return head.high[component]! - head.low[component]!;
}
