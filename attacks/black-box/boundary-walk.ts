import type { RowSearch } from './lane.ts';
import { findStart, length, Nearest, offsetOf, place } from './walk.ts';
import type { Walk } from './walk.ts';

/** Success that keeps a step as long as it is: a half sideways, a quarter inwards. */
const grow = 1.1;

/**
 * Boundary attack: a random walk of decisions from a point with the wanted one. A step sideways of η ‖o‖ keeps the distance, a step inwards
 * shortens it by the share κ; either counts only where the decision stays the wanted one. η and κ grow by 1.1 with each success, and
 * shrink so that half of the steps sideways and a quarter of those inwards succeed. Offsets are in units of the features' scale.
 *
 * Source: Brendel, Rauber, Bethge (2018), "Decision-Based Adversarial Attacks", arXiv 1712.04248; in L-inf the sphere is that of the norm.
 */
export function boundaryWalk(walk: Walk): (size: number) => RowSearch {
  return (size) => {
    const at = new Float64Array(size);
    const trial = new Float64Array(size);
    const nearest = new Nearest(walk, size);
    const { metric } = walk;

    return function* (lane) {
      const { movable: d, rng } = lane;
      nearest.begin();
      if (!(yield* findStart(lane, walk, nearest, at)) || nearest.done) return;
      let sideways = 0.1;
      let inwards = 0.1;
      while (lane.left > 0 && !nearest.done) {
        const distance = length(metric, at, d);
        if (!(distance > 0)) return;
        // Along the sphere: a normal direction without its part along the offset, then back to the distance.
        let along = 0;
        let squares = 0;
        for (let f = 0; f < d; f++) {
          trial[f] = rng.normal();
          along += trial[f]! * at[f]!;
          squares += at[f]! * at[f]!;
        }
        for (let f = 0; f < d; f++) trial[f]! -= (along / squares) * at[f]!;
        const side = length(metric, trial, d) || 1;
        for (let f = 0; f < d; f++) trial[f] = at[f]! + (sideways * distance * trial[f]!) / side;
        const back = distance / length(metric, trial, d);
        for (let f = 0; f < d; f++) trial[f]! *= back;
        let points = lane.points(1);
        place(lane, trial, points, 0);
        offsetOf(lane, points, 0, trial);
        yield 1;
        nearest.consider(lane, points, 0, length(metric, trial, d));
        if (lane.hit[0] !== 1) {
          sideways /= grow;
          continue;
        }
        if (nearest.done) return;
        sideways = Math.min(1, sideways * grow);
        at.set(trial); // as long as before, but for what the box cut off or a float32 rounds
        for (let f = 0; f < d; f++) trial[f] = (1 - inwards) * at[f]!;
        points = lane.points(1);
        place(lane, trial, points, 0);
        yield 1;
        nearest.consider(lane, points, 0, length(metric, trial, d));
        if (lane.hit[0] === 1) {
          at.set(trial);
          inwards = Math.min(0.9, inwards * grow);
        } else inwards /= grow ** (1 / 3);
      }
    };
  };
}
