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

/** Pearson's r; its square is the R² that is left after the best shift and scale. NaN where one of them is constant. @param a [N]  @param b [N] */
export function correlation(a: Float32Array, b: Float32Array): number {
  assertLength(a, b.length, 'a', 'correlation');
  const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i]! - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}
