import { ShapeError } from '../../../core/errors.ts';
import { squaredDistance } from './k-means.ts';

/** How a set of synthetic rows lies to a real one. */
export interface ManifoldFigures {
  /** Share of synthetic rows within the k-th neighbour's distance of any real row: fidelity. */
  readonly precision: number;
  /** Share of real rows within the k-th neighbour's distance of any synthetic row: coverage. */
  readonly recall: number;
  /** Share of synthetic rows that are further from their nearest real row than that one is from the other real rows: no copies. */
  readonly authenticity: number;
}

/**
 * Precision and recall of neighbourhoods, and authenticity.
 *
 * Sources: Kynkäänniemi et al. (2019), "Improved Precision and Recall Metric", equations 1 and 2; Alaa et al. (2022), "How Faithful is your Synthetic
 * Data?", section 4.3. Theirs of α-precision and β-recall are of minimum-volume sets; these are of neighbourhoods, as STEER's code has them.
 * @param real [N][D], @param synthetic [M][D]: more than k of each  @param k 10
 */
export function manifold(real: readonly Float64Array[], synthetic: readonly Float64Array[], k = 10): ManifoldFigures {
  if (real.length <= k || synthetic.length <= k)
    throw new ShapeError(`manifold: sets of ${real.length} and ${synthetic.length}, expected more than k, ${k}`);
  const [realRadius, syntheticRadius] = [radii(real, k), radii(synthetic, k)];
  const inside = (points: readonly Float64Array[], of: readonly Float64Array[], radius: Float64Array): number =>
    share(points, (point) => of.some((centre, i) => squaredDistance(point, centre) <= radius[i]!));
  const own = radii(real, 1);
  return {
    precision: inside(synthetic, real, realRadius),
    recall: inside(real, synthetic, syntheticRadius),
    authenticity: share(synthetic, (point) => {
      let [nearest, least] = [0, Infinity];
      real.forEach((row, i) => {
        const distance = squaredDistance(point, row);
        if (distance < least) [nearest, least] = [i, distance];
      });
      return least > own[nearest]!;
    }),
  };
}

/** Squared distance of each row to its k-th neighbour among the others. */
function radii(rows: readonly Float64Array[], k: number): Float64Array {
  return Float64Array.from(rows, (row, i) => {
    const distances = rows.filter((_, j) => j !== i).map((other) => squaredDistance(row, other));
    return distances.toSorted((a, b) => a - b)[k - 1]!;
  });
}

function share<T>(of: readonly T[], is: (one: T) => boolean): number {
  return of.filter(is).length / of.length;
}
