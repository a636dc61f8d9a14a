import { groupedMargin } from './grouped-margin.ts';
import { margin } from './margin.ts';
import { negated } from './negated.ts';
import { argMax } from './row.ts';
import type { Floats } from './row.ts';

/** Below this gap of the largest to the third logit they count as tied, and the gap as a constant. As in AutoAttack. */
const tie = 1e-12;

/**
 * Difference-of-logits ratio `(max_{i≠y} z_i − z_y) / (z_(1) − z_(3))`, z_(k) sorted descending: a margin that is
 * invariant to shift and scale. Returns the value and writes its gradient.
 *
 * Source: Croce and Hein (2020), "Reliable evaluation of adversarial robustness with an ensemble of diverse
 * parameter-free attacks", equation 6.
 * @param size at least 3  @param gradient same place as the row; may not alias logits
 */
export function dlr(logits: Floats, at: number, size: number, label: number, gradient: Floats): number {
  return overTopGap(logits, at, size, margin(logits, at, size, label, gradient), gradient);
}

/** `dlr` to force a bin: `(z_t − max_{i≠t} z_i)` over the same gap. At least 3 bins. */
export function forcedDlr(logits: Floats, at: number, size: number, target: number, gradient: Floats): number {
  const forced = negated(margin(logits, at, size, target, gradient), gradient, at, size);
  return overTopGap(logits, at, size, forced, gradient);
}

/** `dlr` towards a side: the grouped margin over the same gap. Shapes as in `groupedMargin`, at least 3 bins. */
export function groupedDlr(
  logits: Floats,
  at: number,
  values: readonly number[],
  side: number,
  gradient: Floats,
): number {
  return overTopGap(logits, at, values.length, groupedMargin(logits, at, values, side, gradient), gradient);
}

/**
 * Targeted difference-of-logits ratio `(z_t − z_y) / (z_(1) − (z_(3) + z_(4)) / 2)`. Returns the value and writes its gradient.
 *
 * Source: Croce and Hein (2020), equation 7, with the sign of what is maximised.
 * @param size at least 4  @param label y  @param target t, not y  @param gradient same place as the row; may not alias logits
 */
export function targetedDlr(
  logits: Floats,
  at: number,
  size: number,
  label: number,
  target: number,
  gradient: Floats,
): number {
  const first = argMax(logits, at, size);
  let second = -1;
  let third = -1;
  let fourth = -1;
  for (let i = 0; i < size; i++) {
    if (i === first) continue;
    const z = logits[at + i]!;
    if (second < 0 || z > logits[at + second]!) {
      fourth = third;
      third = second;
      second = i;
    } else if (third < 0 || z > logits[at + third]!) {
      fourth = third;
      third = i;
    } else if (fourth < 0 || z > logits[at + fourth]!) fourth = i;
  }
  const numerator = logits[at + target]! - logits[at + label]!;
  const gap = logits[at + first]! - (logits[at + third]! + logits[at + fourth]!) / 2;
  const scale = 1 / Math.max(gap, tie);
  gradient.fill(0, at, at + size);
  gradient[at + target] = scale;
  gradient[at + label] = -scale;
  if (gap > tie) {
    const slope = numerator * scale * scale;
    gradient[at + first]! -= slope;
    gradient[at + third]! += slope / 2;
    gradient[at + fourth]! += slope / 2;
  }
  return numerator * scale;
}

/** `n / (z_(1) − z_(3))`, given n and, in place, its gradient. Where the three are tied the gap is held at `tie`. */
function overTopGap(logits: Floats, at: number, size: number, numerator: number, gradient: Floats): number {
  const first = argMax(logits, at, size);
  let second = -1;
  let third = -1;
  for (let i = 0; i < size; i++) {
    if (i === first) continue;
    const z = logits[at + i]!;
    if (second < 0 || z > logits[at + second]!) {
      third = second;
      second = i;
    } else if (third < 0 || z > logits[at + third]!) third = i;
  }
  const gap = logits[at + first]! - logits[at + third]!;
  const scale = 1 / Math.max(gap, tie);
  for (let i = at; i < at + size; i++) gradient[i]! *= scale;
  if (gap > tie) {
    const slope = numerator * scale * scale;
    gradient[at + first]! -= slope;
    gradient[at + third]! += slope;
  }
  return numerator * scale;
}
