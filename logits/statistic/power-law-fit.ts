import { ShapeError } from '../../core/errors.ts';

/** `y ≈ coefficient · x^exponent`. */
export interface PowerLaw {
  readonly exponent: number;
  readonly coefficient: number;
  /** Standard error of the exponent; NaN from fewer than three points. */
  readonly standardError: number;
  /** Share of the variance of ln y that it explains. */
  readonly r2: number;
  /** Points that were used. */
  readonly points: number;
}

export interface PowerLawOptions {
  /** Only y strictly above; as a rule 10/N, below which the error of N samples is too few of them. */
  readonly above?: number;
  /** Only y strictly below, where saturation begins. */
  readonly below?: number;
}

/**
 * Least squares of `ln y` on `ln x`, over points with x and y above 0 and y between the bounds. Too few of them is a result: NaN.
 * @param x [n]  @param y [n]
 * @throws {ShapeError} when the lengths differ.
 */
export function powerLawFit(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { above = 0, below = Infinity }: PowerLawOptions = {},
): PowerLaw {
  if (x.length !== y.length) throw new ShapeError(`powerLawFit: ${x.length} x and ${y.length} y, expected as many`);
  const u: number[] = [];
  const v: number[] = [];
  for (let i = 0; i < x.length; i++) {
    if (!(x[i]! > 0 && y[i]! > 0 && y[i]! > above && y[i]! < below)) continue;
    u.push(Math.log(x[i]!));
    v.push(Math.log(y[i]!));
  }
  const n = u.length;
  const [meanU, meanV] = [mean(u), mean(v)];
  let uu = 0;
  let uv = 0;
  let vv = 0;
  for (let i = 0; i < n; i++) {
    const [du, dv] = [u[i]! - meanU, v[i]! - meanV];
    uu += du * du;
    uv += du * dv;
    vv += dv * dv;
  }
  const exponent = uu > 0 ? uv / uu : Number.NaN;
  const unexplained = Math.max(0, vv - exponent * uv);
  return {
    exponent,
    coefficient: Math.exp(meanV - exponent * meanU),
    standardError: n > 2 ? Math.sqrt(unexplained / (n - 2) / uu) : Number.NaN,
    r2: vv > 0 ? 1 - unexplained / vv : Number.NaN,
    points: n,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
