import { NonFiniteError, ShapeError } from '../../core/errors.ts';

export interface KolmogorovSmirnov {
  /** D, the largest distance of the two distribution functions. */
  readonly statistic: number;
  readonly pValue: number;
  /** Whether p is exact (without ties), and not the limit law. */
  readonly exact: boolean;
}

/** Up to this product of the sizes p is exact. */
const exactUpTo = 10_000;

/**
 * Two-sample Kolmogorov-Smirnov test, two-sided: are both samples of one distribution?
 * @param a [n]  @param b [m]
 * @throws {ShapeError} for an empty sample. @throws {NonFiniteError} for a NaN.
 */
export function ks2(a: ArrayLike<number>, b: ArrayLike<number>): KolmogorovSmirnov {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) throw new ShapeError(`ks2: samples of ${n} and ${m}, expected at least 1 each`);
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  // A sort puts NaN last.
  if (Number.isNaN(x[n - 1]) || Number.isNaN(y[m - 1])) throw new NonFiniteError('ks2: a sample has a NaN');
  let widest = 0; // n·m·D, an integer
  for (let i = 0, j = 0; i < n && j < m;) {
    const at = Math.min(x[i]!, y[j]!);
    while (i < n && x[i]! <= at) i++;
    while (j < m && y[j]! <= at) j++;
    widest = Math.max(widest, Math.abs(i * m - j * n));
  }
  const exact = n * m <= exactUpTo;
  const statistic = widest / (n * m);
  return { statistic, pValue: exact ? exactP(n, m, widest) : limitP((n * m) / (n + m), statistic), exact };
}

/**
 * `P(n m D ≥ widest)`: the share of the lattice paths from (0, 0) to (n, m), all as likely, that reach a point with |i m − j n| ≥ widest.
 * What reaches it is summed, not what does not, so that a p of 1e-18 keeps its digits.
 *
 * Source: Hodges (1958), "The significance probability of the Smirnov two-sample test".
 */
function exactP(n: number, m: number, widest: number): number {
  const reached = new Float64Array(m + 1); // of row i: the share of the paths to (i, j) that have reached the boundary
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= widest) reached[j] = 1;
      else if (i + j > 0) reached[j] = (i * (i > 0 ? reached[j]! : 0) + j * (j > 0 ? reached[j - 1]! : 0)) / (i + j);
    }
  }
  return reached[m]!;
}

/**
 * `2 Σ (−1)^{k−1} exp(−2 k² λ²)`, λ = (√N + 0.12 + 0.11/√N) D.
 *
 * Source: Stephens (1970), "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive tables".
 * @param size N = n m/(n + m)
 */
function limitP(size: number, statistic: number): number {
  const root = Math.sqrt(size);
  const lambda2 = ((root + 0.12 + 0.11 / root) * statistic) ** 2;
  if (lambda2 < 0.04) return 1; // the series does not end; the law is above 1 − 1e-12 here
  let p = 0;
  for (let k = 1; k <= 100; k++) p += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda2);
  return Math.min(1, Math.max(0, p));
}
