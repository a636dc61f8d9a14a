import { ConfigError } from '../../core/errors.ts';
import { powerLawFit } from './power-law-fit.ts';
import type { PowerLaw } from './power-law-fit.ts';

/**
 * How the distribution function rises from 0: `F(δ) ≈ A δ^exponent`, fitted to the empirical one between two of its quantiles. Of the
 * logit difference Δ_1j theory says exponent j − 1 (specs/logit-methods.md 2.1).
 * @param values [n], of which those above 0 count
 * @throws {ConfigError} unless 0 ≤ from < to ≤ 1.
 */
export function cdfExponent(values: ArrayLike<number>, from = 1e-3, to = 0.03): PowerLaw {
  if (!(from >= 0 && from < to && to <= 1))
    throw new ConfigError(`cdfExponent: quantiles ${from} to ${to}, expected 0 ≤ from < to ≤ 1`);
  const sorted = Float64Array.from(values).sort();
  const share = Float64Array.from(sorted, (_, i) => (i + 1) / sorted.length);
  const first = share.findIndex((q) => q >= from);
  const end = share.findIndex((q) => q > to);
  const within = first < 0 ? [0, 0] : [first, end < 0 ? sorted.length : end];
  return powerLawFit(sorted.subarray(...within), share.subarray(...within));
}
