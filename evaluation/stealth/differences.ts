import { assertLength } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';

/** `|x_t − x_{t−1}|` [(T−1)×size] of rows [T×size] in their order. */
export function differences(rows: Float32Array, size: number): Float32Array {
  const out = new Float32Array(Math.max(0, rows.length - size));
  for (let i = 0; i < out.length; i++) out[i] = Math.abs(rows[i + size]! - rows[i]!);
  return out;
}

/** How much a feature moves from one step to the next. */
export interface FeatureVariation {
  readonly feature: string;
  /** Mean `|x_t − x_{t−1}|`, normalised units. */
  readonly clean: number;
  readonly attacked: number;
  /** attacked − clean */
  readonly difference: number;
  /** attacked / clean; null where the clean feature never moves. */
  readonly ratio: number | null;
}

/**
 * The paper's table of feature variation: an attack that jumps to and fro shows here first. Source: specs/bifurcation.md 3.4.
 * @param clean, attacked [T×O] in order; steps from or to a NaN row are passed over
 * @throws {ShapeError} when the two differ in length.
 */
export function featureVariation(
  clean: Float32Array,
  attacked: Float32Array,
  features: readonly Feature[],
): readonly FeatureVariation[] {
  assertLength(attacked, clean.length, 'attacked', 'featureVariation');
  const own = meanColumns(differences(clean, features.length), features.length);
  const other = meanColumns(differences(attacked, features.length), features.length);
  return features.map(({ name }, j) => ({
    feature: name,
    clean: own[j]!,
    attacked: other[j]!,
    difference: other[j]! - own[j]!,
    ratio: own[j]! > 0 ? other[j]! / own[j]! : null,
  }));
}

function meanColumns(rows: Float32Array, size: number): Float64Array {
  const sum = new Float64Array(size);
  const count = new Float64Array(size);
  rows.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sum[i % size]! += value;
    count[i % size]!++;
  });
  return sum.map((total, j) => total / count[j]!);
}
