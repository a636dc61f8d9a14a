import { ShapeError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';

const restarts = 4;
const mostRounds = 100;

/**
 * The cluster of each row by Lloyd's iteration, the tightest of four runs that start by k-means++.
 *
 * Sources: Lloyd (1982); Arthur and Vassilvitskii (2007).
 * @param rows [N][D]  @param k at most N  @returns [N] 0 … k−1
 */
export function kMeans(rows: readonly Float64Array[], k: number, rng: Rng): Int32Array {
  if (!Number.isInteger(k) || k < 1 || k > rows.length)
    throw new ShapeError(`k-means: k is ${k}, expected 1 … ${rows.length}`);
  let best: { readonly labels: Int32Array; readonly inertia: number } | undefined;
  for (let run = 0; run < restarts; run++) {
    const one = lloyd(rows, seeded(rows, k, rng.split(run)));
    if (best === undefined || one.inertia < best.inertia) best = one;
  }
  return best!.labels;
}

export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return sum;
}

function seeded(rows: readonly Float64Array[], k: number, rng: Rng): Float64Array[] {
  const centres = [rows[rng.int(rows.length)]!.slice()];
  const nearest = rows.map((row) => squaredDistance(row, centres[0]!));
  while (centres.length < k) {
    const total = nearest.reduce((sum, value) => sum + value, 0);
    let left = rng.uniform() * total;
    let at = nearest.findIndex((value) => (left -= value) < 0);
    if (at < 0) at = rng.int(rows.length); // all rows are centres already
    const centre = rows[at]!.slice();
    centres.push(centre);
    rows.forEach((row, i) => (nearest[i] = Math.min(nearest[i]!, squaredDistance(row, centre))));
  }
  return centres;
}

function lloyd(
  rows: readonly Float64Array[],
  centres: Float64Array[],
): { readonly labels: Int32Array; readonly inertia: number } {
  const labels = new Int32Array(rows.length).fill(-1);
  let inertia = 0;
  for (let round = 0; round < mostRounds; round++) {
    let moved = false;
    inertia = 0;
    rows.forEach((row, i) => {
      let [label, least] = [0, Infinity];
      centres.forEach((centre, c) => {
        const distance = squaredDistance(row, centre);
        if (distance < least) [label, least] = [c, distance];
      });
      moved ||= labels[i] !== label;
      labels[i] = label;
      inertia += least;
    });
    if (!moved) break;
    centres.forEach((centre, c) => {
      const own = rows.filter((_, i) => labels[i] === c);
      if (own.length === 0) return;
      for (let d = 0; d < centre.length; d++) centre[d] = own.reduce((sum, row) => sum + row[d]!, 0) / own.length;
    });
  }
  return { labels, inertia };
}
