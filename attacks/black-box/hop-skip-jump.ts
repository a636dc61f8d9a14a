import type { RowSearch } from './lane.ts';
import { findStart, length, Nearest, offsetOf, place } from './walk.ts';
import type { Walk } from './walk.ts';

/**
 * HopSkipJump: from a point with the wanted decision, halve the way to the clean one until the boundary is met; estimate its normal from
 * decisions around it; jump along it; again. With d movable features and offsets in units of their scale:
 *
 *     θ = d^(−3/2) (L2), d^(−2) (L-inf)       δ = √d θ ‖o‖ (L2), d θ ‖o‖ (L-inf)
 *     v = Σ_b (φ_b − φ̄) u_b, φ_b = ±1 by the decision at o + δ u_b, ‖u_b‖₂ = 1;  B_t = B₀ √t of them
 *     o ← o + ξ v/‖v‖₂ (L2), o + ξ sign v (L-inf), ξ = ‖o‖/√t halved until the decision is the wanted one
 *
 * Source: Chen, Jordan, Wainwright (2020), "HopSkipJumpAttack", algorithms 1 and 2.
 * @param probes B₀
 */
export function hopSkipJump(walk: Walk, probes: number): (size: number) => RowSearch {
  return (size) => {
    const at = new Float64Array(size);
    const trial = new Float64Array(size);
    const normal = new Float64Array(size);
    let directions = new Float64Array(0);
    const nearest = new Nearest(walk, size);
    const { metric } = walk;

    return function* (lane) {
      const { movable: d, rng } = lane;
      const theta = metric === 'l2' ? d ** -1.5 : d ** -2;
      nearest.begin();
      if (!(yield* findStart(lane, walk, nearest, at)) || nearest.done) return;

      /** Halves the interval between the clean row, or its surface at distance 0, and the offset `at`. */
      function* toBoundary(): Generator<number, void, void> {
        const far = length(metric, at, d);
        let low = 0;
        let high = metric === 'l2' ? 1 : far;
        const least = metric === 'l2' ? theta : Math.min(far * theta, theta);
        while (high - low > least && !nearest.done) {
          const middle = (low + high) / 2;
          for (let f = 0; f < d; f++)
            trial[f] = metric === 'l2' ? middle * at[f]! : Math.min(middle, Math.max(-middle, at[f]!));
          const points = lane.points(1);
          place(lane, trial, points, 0);
          yield 1;
          nearest.consider(lane, points, 0, length(metric, trial, d));
          if (lane.hit[0] === 1) high = middle;
          else low = middle;
        }
        for (let f = 0; f < d; f++) at[f] = metric === 'l2' ? high * at[f]! : Math.min(high, Math.max(-high, at[f]!));
      }

      yield* toBoundary();
      for (let t = 1; !nearest.done; t++) {
        const distance = length(metric, at, d);
        if (!(distance > 0)) return;
        const delta = (metric === 'l2' ? Math.sqrt(d) : d) * theta * distance;
        const count = Math.min(Math.round(probes * Math.sqrt(t)), lane.left);
        if (count < 2) return;
        if (directions.length < count * d) directions = new Float64Array(count * d);
        const points = lane.points(count);
        for (let b = 0; b < count; b++) {
          let squares = 0;
          for (let f = 0; f < d; f++) {
            const u = metric === 'l2' ? rng.normal() : 2 * rng.uniform() - 1;
            directions[b * d + f] = u;
            squares += u * u;
          }
          const scale = delta / (Math.sqrt(squares) || 1);
          for (let f = 0; f < d; f++) trial[f] = at[f]! + scale * directions[b * d + f]!;
          place(lane, trial, points, b);
          // The direction that was looked in, the box considered.
          offsetOf(lane, points, b, trial);
          for (let f = 0; f < d; f++) directions[b * d + f] = (trial[f]! - at[f]!) / delta;
        }
        yield count;
        let hits = 0;
        for (let b = 0; b < count; b++) {
          hits += lane.hit[b]!;
          offsetOf(lane, points, b, trial);
          nearest.consider(lane, points, b, length(metric, trial, d));
        }
        if (nearest.done) return;
        normal.fill(0);
        // Where all decide alike there is no contrast to weigh. Counted in whole numbers: a mean of shares misses 1 by a rounding.
        const mean = hits === 0 || hits === count ? 0 : (2 * hits) / count - 1;
        for (let b = 0; b < count; b++) {
          const weight = 2 * lane.hit[b]! - 1 - mean;
          for (let f = 0; f < d; f++) normal[f]! += weight * directions[b * d + f]!;
        }
        const norm = length('l2', normal, d) || 1;
        for (let f = 0; f < d; f++) normal[f] = metric === 'l2' ? normal[f]! / norm : Math.sign(normal[f]!);
        let step = distance / Math.sqrt(t);
        let jumped = false;
        for (let halvings = 0; halvings < 15 && !jumped && !nearest.done; halvings++, step /= 2) {
          for (let f = 0; f < d; f++) trial[f] = at[f]! + step * normal[f]!;
          const jump = lane.points(1);
          place(lane, trial, jump, 0);
          yield 1;
          jumped = lane.hit[0] === 1;
          offsetOf(lane, jump, 0, trial);
          nearest.consider(lane, jump, 0, length(metric, trial, d));
        }
        if (!jumped) continue;
        for (let f = 0; f < d; f++) at[f] = trial[f]!;
        yield* toBoundary();
      }
    };
  };
}
