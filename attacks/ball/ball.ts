import type { ThreatModel, ThreatSet } from '../../core/attack.ts';
import { sumDown } from './next-float32.ts';

/** Threat sets that can be put around one batch after another; buffers grow and are reused. */
export interface Ball extends ThreatSet {
  /** Sets the centres. @param x [rows×O] clean, read again until the next call */
  around(x: Float32Array, rows: number, threat: ThreatModel): void;
}

/**
 * Ends [rows×O] of `[max(low, x − ε), min(high, x + ε)]`: the outermost float32 numbers with |x' − x| ≤ ε in exact arithmetic
 * (`fl(x + ε)` may lie an ulp outside). Where ε is 0, or x is not finite, both are x itself, to the bit. Where x lies outside its box
 * they reach from x inwards: the clean value is allowed, further outside is not, so there is always something between them.
 */
export function boxAround(
  x: Float32Array,
  rows: number,
  threat: ThreatModel,
  lower: Float32Array,
  upper: Float32Array,
): void {
  const features = threat.epsilon.length;
  for (let row = 0, i = 0; row < rows; row++) {
    for (let j = 0; j < features; j++, i++) {
      const center = x[i]!;
      const epsilon = threat.epsilon[j]!;
      if (epsilon > 0 && Number.isFinite(center)) {
        lower[i] = Math.max(-sumDown(-center, epsilon), Math.min(threat.low[j]!, center));
        upper[i] = Math.min(sumDown(center, epsilon), Math.max(threat.high[j]!, center));
      } else {
        lower[i] = center;
        upper[i] = center;
      }
    }
  }
}
