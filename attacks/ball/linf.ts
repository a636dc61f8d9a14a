import type { Ball } from './ball.ts';
import { boxAround } from './ball.ts';

/** Box ∩ L-inf ball, per feature: `[max(low, x − ε), min(high, x + ε)]`, with the ends of `boxAround`. */
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
      boxAround(x, rows, threat, lower, upper);
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
