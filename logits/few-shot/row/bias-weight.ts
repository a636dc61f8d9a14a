import { ConfigError } from '../../../core/errors.ts';
import { largestKurtosis } from '../../tensor/confidence-factor.ts';
import type { Fusion } from '../fusion.ts';
import { softmaxInto } from './rows.ts';

/** A fusion that has a form on rows: with the kurtosis, or with nothing. */
export interface RowFusion extends Fusion {
  readonly uncertainty: 'kurtosis' | 'none';
}

/**
 * `α·u(z₀)` of each row, `u = (κ(softmax z₀)/κ₀)^−ρ`, κ₀ = κ_max(C)/4; `biasWeight` on rows.
 * @param z0 [N×C]  @returns [N]
 * @throws {ConfigError} for α or ρ below 0, or no numbers.
 */
export function rowBiasWeights(
  z0: Float64Array,
  classes: number,
  { alpha, uncertainty, power }: RowFusion,
): Float64Array {
  if (!(alpha >= 0 && power >= 0))
    throw new ConfigError(`AMU-Tuning: alpha is ${alpha} and power ${power}, expected numbers from 0`);
  const weights = new Float64Array(z0.length / classes).fill(alpha);
  if (uncertainty === 'none') return weights;
  const reference = largestKurtosis(classes) / 4;
  const p = new Float64Array(classes);
  return weights.map((weight, row) => {
    softmaxInto(p, z0, row * classes, classes);
    return weight * (kurtosisOf(p) / reference) ** -power;
  });
}

/** `mean ((p − mean)/std)⁴`, std unbiased, not below the least that K numbers can have. */
function kurtosisOf(p: Float64Array): number {
  const k = p.length;
  let [second, fourth] = [0, 0];
  for (const value of p) {
    const square = (value - 1 / k) ** 2;
    second += square;
    fourth += square * square;
  }
  const variance = second / (k - 1);
  const kappa = fourth / k / (variance * variance);
  const least = ((k - 1) / k) ** 2;
  return kappa > least ? kappa : least; // a uniform row has none
}
