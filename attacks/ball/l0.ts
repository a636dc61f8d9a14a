import { ConfigError } from '../../core/errors.ts';
import type { Ball } from './ball.ts';
import type { ScaledNorm } from './scaled.ts';
import { scaledBall } from './scaled.ts';

/**
 * Of each feature, changing it as wished saves `v² − (v − d)²`, d = min(v, reach); the k features that save most are changed, the first of
 * equals before the others.
 */
export const l0Norm: ScaledNorm = {
  radius({ sensors }) {
    if (sensors === undefined || !(sensors >= 1) || !Number.isInteger(sensors))
      throw new ConfigError(`an L0 threat has ${sensors} sensors, expected a whole number from 1`);
    return sensors + 0.5; // a count: nothing is rounded
  },
  measure(length, count) {
    let changed = 0;
    for (let f = 0; f < count; f++) if (length[f]! > 0) changed++;
    return changed;
  },
  nearest({ count, size, reach, length }, radius) {
    length.fill(0, 0, count);
    for (let k = 1; k <= radius; k++) {
      let best = -1;
      let most = 0;
      for (let f = 0; f < count; f++) {
        if (length[f]! > 0) continue;
        const change = Math.min(size[f]!, reach[f]!);
        const saved = change * (2 * size[f]! - change);
        if (saved > most) {
          best = f;
          most = saved;
        }
      }
      if (best < 0) return;
      length[best] = Math.min(size[best]!, reach[best]!);
    }
  },
  draw({ count, length }, radius, rng) {
    length.fill(0, 0, count);
    let left = Math.min(count, Math.floor(radius));
    for (let f = 0; f < count && left > 0; f++) {
      if (rng.int(count - f) >= left) continue; // each set of k features is as likely as another
      length[f] = 2 * rng.uniform() - 1;
      left--;
    }
  },
};

/** Box ∩ {at most `sensors` features differ, each by no more than its ε}. */
export function l0Ball(): Ball {
  return scaledBall(l0Norm);
}
