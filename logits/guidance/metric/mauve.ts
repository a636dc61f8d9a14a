import { ShapeError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { kMeans } from './k-means.ts';

/** c of the exponential. */
const scale = 5;
/** Mixtures on the frontier, between the two ends. */
const mixtures = 25;

/**
 * MAUVE: the area under the divergence frontier `{(exp(−c·KL(Q‖R_λ)), exp(−c·KL(P‖R_λ)))}`, `R_λ = λP + (1−λ)Q`, of two sets of features after quantisation
 * by k-means of both together; c = 5. 1 of equal sets, 0.004 of ones that share no cluster.
 *
 * Source: Pillutla et al. (2021), "MAUVE", equations 1 and 2. Theirs are features of GPT-2, reduced by PCA before they are quantised; here they are whatever is given.
 * @param p, q features [N][D], [M][D]  @param clusters a tenth of the smaller set
 */
export function mauve(
  p: readonly Float64Array[],
  q: readonly Float64Array[],
  rng: Rng,
  clusters = Math.max(2, Math.round(Math.min(p.length, q.length) / 10)),
): number {
  if (p.length === 0 || q.length === 0)
    throw new ShapeError(`mauve: sets of ${p.length} and ${q.length}, expected at least one of each`);
  const labels = kMeans([...p, ...q], clusters, rng);
  const share = (from: number, to: number): Float64Array => {
    const counts = new Float64Array(clusters);
    for (let i = from; i < to; i++) counts[labels[i]!]! += 1 / (to - from);
    return counts;
  };
  return frontierArea(share(0, p.length), share(p.length, labels.length));
}

/** The area for two distributions over the same alternatives [K]. */
export function frontierArea(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const points: [x: number, y: number][] = [[0, 1]];
  for (let i = mixtures; i >= 1; i--) {
    const lambda = i / (mixtures + 1);
    const r = Float64Array.from(p, (value, k) => lambda * value + (1 - lambda) * q[k]!);
    points.push([Math.exp(-scale * divergence(q, r)), Math.exp(-scale * divergence(p, r))]);
  }
  points.push([1, 0]);
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    area += ((x1 - x0) * (y0 + y1)) / 2;
  }
  return area;
}

/** KL(p‖r) in nats. */
function divergence(p: ArrayLike<number>, r: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < p.length; k++) if (p[k]! > 0) sum += p[k]! * Math.log(p[k]! / r[k]!);
  return sum;
}
