import type { Rng } from '../../core/rng.ts';
import type { StepSchedule } from '../step/schedule.ts';
import type { Lane, RowSearch } from './lane.ts';

/** The holes of a search along estimated gradients. */
export interface FiniteDifference {
  /** A random direction's component, mean 0 and variance 1. */
  readonly draw: (rng: Rng) => number;
  /** Antithetic pairs per estimate. */
  readonly pairs: number;
  /** Distance of the two points of a pair from the iterate, in epsilons. */
  readonly smoothing: number;
  /** Share of the last estimate in the next: the estimates of one search are noisy samples of nearly the same gradient. */
  readonly momentum: number;
  readonly schedule: StepSchedule;
  readonly step: 'sign' | 'normalised';
  readonly start: 'clean' | 'random';
}

/**
 * Ascent along gradients estimated from scores, features in units of their epsilon:
 *
 *     ĝ = μ ĝ + (1 − μ) Σ_s u_s · (f(x + σ ε ⊙ u_s) − f(x − σ ε ⊙ u_s)) / (2 n σ)
 *     x ← Π(x + step · ε ⊙ sign ĝ)          or          x ← Π(x + step · ε ⊙ ĝ / ‖ĝ‖₂)
 *
 * The points of a pair may lie outside the threat set: they are asked about, not shown. Each iterate is asked about together with the
 * pairs around it, and the best one is proposed. Iterations are as many as the row's queries allow: `2n + 1` each, and one for the last iterate.
 */
export function finiteDifference(search: FiniteDifference): (size: number) => RowSearch {
  const { draw, smoothing, momentum, schedule } = search;
  return (size) => {
    const at = new Float64Array(size);
    const slope = new Float64Array(size);
    let directions = new Float64Array(0);

    return function* (lane) {
      const { free, movable, scale, rng, clean } = lane;
      const pairs = Math.min(search.pairs, Math.floor((lane.left - 2) / 2));
      const iterations = pairs < 1 ? 0 : Math.floor((lane.left - 1) / (2 * pairs + 1));
      if (directions.length < pairs * movable) directions = new Float64Array(pairs * movable);
      if (search.start === 'clean') at.set(clean);
      else lane.sample(at);
      let best = lane.cleanValue;
      slope.fill(0);
      for (let k = 0; k < iterations; k++) {
        const points = lane.points(2 * pairs + 1);
        points.set(at);
        for (let s = 0, d = 0; s < pairs; s++) {
          const up = (1 + 2 * s) * size;
          const down = up + size;
          for (let i = 0; i < size; i++) points[up + i] = points[down + i] = points[i]!;
          for (let f = 0; f < movable; f++, d++) {
            const j = free[f]!;
            const u = (directions[d] = draw(rng));
            points[up + j] = at[j]! + smoothing * scale[j]! * u;
            points[down + j] = at[j]! - smoothing * scale[j]! * u;
          }
        }
        yield 2 * pairs + 1;
        best = keep(lane, best);
        for (let f = 0; f < movable; f++) slope[free[f]!]! *= momentum;
        for (let s = 0, d = 0; s < pairs; s++) {
          const difference =
            ((1 - momentum) * (lane.value[1 + 2 * s]! - lane.value[2 + 2 * s]!)) / (2 * pairs * smoothing);
          for (let f = 0; f < movable; f++, d++) slope[free[f]!]! += difference * directions[d]!;
        }
        let length = 1;
        if (search.step === 'normalised') length = Math.sqrt(slope.reduce((sum, g) => sum + g * g, 0)) || 1;
        const rate = schedule.at(k, iterations);
        for (let f = 0; f < movable; f++) {
          const j = free[f]!;
          const along = search.step === 'sign' ? Math.sign(slope[j]!) : slope[j]! / length;
          at[j]! += rate * (schedule.unit === 'epsilon' ? scale[j]! : 1) * along;
        }
        lane.project(at);
      }
      lane.points(1).set(at);
      yield 1;
      keep(lane, best);
    };
  };
}

/** Proposes the first point asked about where its value beats the best so far. @returns the best now */
function keep(lane: Lane, best: number): number {
  const value = lane.value[0]!;
  if (!(value > best)) return best;
  lane.propose(0);
  return value;
}
