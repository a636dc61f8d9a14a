import type { ThreatModel, ThreatSet } from '../../core/attack.ts';
import { sumDown } from './next-float32.ts';

/** Threat sets that can be put around one batch after another; buffers grow and are reused. */
export interface Ball extends ThreatSet {
  /** Sets the centres. @param x [rows×O] clean, read again until the next call */
  around(x: Float32Array, rows: number, threat: ThreatModel): void;
}

/**
 * Box ∩ L-inf ball, per feature: `[max(low, x − ε), min(high, x + ε)]`.
 *
 * Its ends are the outermost float32 numbers with |x' − x| ≤ ε in exact arithmetic (`fl(x + ε)` may lie an ulp outside).
 * Where ε is 0 the set is x itself, to the bit. Where x lies outside its box the set reaches from x inwards: the clean
 * value is allowed, further outside is not, so the set is never empty. A clean value that is not finite is left alone.
 */
export function linfBall(): Ball {
  let lower = new Float32Array(0);
  let upper = new Float32Array(0);
  let clean: Float32Array = lower;
  let size = 0;
  let features = 0;
  return {
    isBox: true,
    around(x, rows, threat) {
      features = threat.epsilon.length;
      size = rows * features;
      if (lower.length < size) {
        lower = new Float32Array(size);
        upper = new Float32Array(size);
      }
      clean = x;
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
    },
    project(point, rows = size / features, of) {
      let notNumbers = 0;
      for (let row = 0, p = 0; row < rows; row++) {
        const shift = ((of?.[row] ?? row) - row) * features;
        for (let j = 0; j < features; j++, p++) {
          const i = p + shift;
          const value = point[p]!;
          const low = lower[i]!;
          const high = upper[i]!;
          // Ends are assigned, not compared for equality, so that a masked −0 stays −0.
          // Compared as the float32 that it will be: else a subnormal above a −0 would become +0 now and −0 the next time.
          const single = Math.fround(value);
          if (single > low) point[p] = single < high ? value : high;
          else if (single <= low) point[p] = low;
          else {
            if (!Object.is(clean[i], Number.NaN)) notNumbers++;
            point[p] = clean[i]!;
          }
        }
      }
      return notNumbers;
    },
    bounds(low, high) {
      low.set(lower.subarray(0, size));
      high.set(upper.subarray(0, size));
    },
    sample(row, rng, point) {
      for (let i = row * features; i < (row + 1) * features; i++) {
        const low = lower[i]!;
        const high = upper[i]!;
        point[i] = high > low ? Math.min(high, low + rng.uniform() * (high - low)) : low;
      }
    },
    free: (i) => upper[i]! > lower[i]!,
  };
}

/**
 * Index in [rows×O] of the first number outside its threat set, −1 when all are inside. Written from the definition, not
 * from the ball's bounds, so that it can judge them.
 */
export function firstOutside(x: Float32Array, point: Float32Array, rows: number, threat: ThreatModel): number {
  const features = threat.epsilon.length;
  for (let row = 0, i = 0; row < rows; row++) {
    for (let j = 0; j < features; j++, i++) {
      const clean = x[i]!;
      const value = point[i]!;
      if (Object.is(value, clean)) continue;
      const inBall = Math.abs(value - clean) <= threat.epsilon[j]! && threat.epsilon[j]! > 0;
      const inBox = value >= Math.min(threat.low[j]!, clean) && value <= Math.max(threat.high[j]!, clean);
      if (!inBall || !inBox) return i;
    }
  }
  return -1;
}
