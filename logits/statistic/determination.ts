import { assertLength } from '../../core/errors.ts';

/** `R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²`: 1 of a perfect estimate, 0 of the mean, below it where that would have been better. @param y [N]  @param estimate ŷ [N] */
export function determination(estimate: Float32Array, y: Float32Array): number {
  assertLength(estimate, y.length, 'estimate', 'determination');
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  let residual = 0;
  let total = 0;
  y.forEach((value, i) => {
    residual += (value - estimate[i]!) ** 2;
    total += (value - mean) ** 2;
  });
  return 1 - residual / total;
}
