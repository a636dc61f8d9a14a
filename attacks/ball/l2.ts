import type { Ball } from './ball.ts';
import type { ScaledNorm } from './scaled.ts';
import { scaledBall } from './scaled.ts';

/**
 * The nearest point is `d_j = min(s·v_j, reach_j)` with the s ≤ 1 for which `Σ d² ≤ r²` (the multiplier of the ball is 1/s − 1). s only grows
 * as features reach the end of their box, so that at most F passes find it, without rounding of a bisection.
 */
export const l2Norm: ScaledNorm = {
  radius: () => 1,
  measure(length, count) {
    let sum = 0;
    for (let f = 0; f < count; f++) sum += length[f]! * length[f]!;
    return Math.sqrt(sum);
  },
  nearest({ count, size, reach, length }, radius) {
    let scale = 0;
    for (let clipped = -1, pass = 0; pass <= count + 1; pass++) {
      let held = 0;
      let loose = 0;
      let now = 0;
      for (let f = 0; f < count; f++) {
        if (scale * size[f]! > reach[f]!) {
          held += reach[f]! * reach[f]!;
          now++;
        } else loose += size[f]! * size[f]!;
      }
      if (now === clipped || loose === 0) break;
      clipped = now;
      scale = Math.min(1, Math.sqrt(Math.max(0, radius * radius - held) / loose));
    }
    for (let f = 0; f < count; f++) length[f] = Math.min(scale * size[f]!, reach[f]!);
  },
  draw({ count, length }, radius, rng) {
    let squares = 0;
    for (let f = 0; f < count; f++) {
      length[f] = rng.normal();
      squares += length[f]! * length[f]!;
    }
    const factor = squares === 0 ? 0 : (radius * rng.uniform() ** (1 / count)) / Math.sqrt(squares);
    for (let f = 0; f < count; f++) length[f]! *= factor;
  },
};

/** Box ∩ weighted L2 ball, `Σ ((x'_j − x_j) / ε_j)² ≤ 1`. */
export function l2Ball(): Ball {
  return scaledBall(l2Norm);
}
