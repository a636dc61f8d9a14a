import type { Ball } from './ball.ts';
import type { ScaledNorm } from './scaled.ts';
import { scaledBall } from './scaled.ts';

/**
 * The nearest point is `d_j = min(max(v_j − max v + t, 0), reach_j)` with the t for which `Σ d = r`. The sum rises piecewise linearly in t:
 * Newton steps inside a bracket that shrinks, exact once the piece is found.
 */
export const l1Norm: ScaledNorm = {
  radius: () => 1,
  measure(length, count) {
    let sum = 0;
    for (let f = 0; f < count; f++) sum += length[f]!;
    return sum;
  },
  nearest({ count, size, reach, length }, radius) {
    let top = 0;
    for (let f = 0; f < count; f++) if (size[f]! > top) top = size[f]!;
    let low = 0;
    let high = top;
    let level = Math.min(radius, top);
    let sum = 0;
    for (let tries = 0; tries < 2100; tries++) {
      let sloped = 0;
      sum = 0;
      for (let f = 0; f < count; f++) {
        const wished = size[f]! - top + level;
        if (wished <= 0) continue;
        if (wished < reach[f]!) sloped++;
        sum += Math.min(wished, reach[f]!);
      }
      if (sum > radius) high = level;
      else low = level;
      const newton = level + (radius - sum) / sloped;
      const next = newton > low && newton < high ? newton : (low + high) / 2;
      if (next === level || sum === radius || !(high > low)) break;
      level = next;
    }
    if (sum > radius * (1 + 1e-9)) level = low;
    for (let f = 0; f < count; f++) length[f] = Math.min(Math.max(size[f]! - top + level, 0), reach[f]!);
  },
  draw({ count, length }, radius, rng) {
    let sum = -Math.log(1 - rng.uniform()); // of F + 1 exponentials: the last is what the ball leaves unspent
    for (let f = 0; f < count; f++) {
      const draw = -Math.log(1 - rng.uniform());
      sum += draw;
      length[f] = rng.uniform() < 0.5 ? -draw : draw;
    }
    for (let f = 0; f < count; f++) length[f]! *= sum === 0 ? 0 : radius / sum;
  },
};

/** Box ∩ weighted L1 ball, `Σ |x'_j − x_j| / ε_j ≤ 1`. */
export function l1Ball(): Ball {
  return scaledBall(l1Norm);
}
