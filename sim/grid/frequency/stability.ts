import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** The largest real part of a matrix's eigenvalues: below 0, what it moves comes to rest. @param a [n, n] by rows */
export function spectralAbscissa(a: readonly (readonly number[])[]): number {
  return Math.max(...eigenvalues(a).map(([re]) => re));
}

/** Eigenvalues as (re, im). */
export function eigenvalues(a: readonly (readonly number[])[]): (readonly [number, number])[] {
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(new Matrix(a.map((row) => [...row])));
  return realEigenvalues.map((re, k) => [re, imaginaryEigenvalues[k]!] as const);
}

/**
 * The gain at which a feedback makes a system unstable: the least K with an eigenvalue of `matrix(K)` right of `margin`, by bisection after the bracket was doubled from `first`.
 * @returns null where none is up to `most`
 */
export function criticalGain(
  matrix: (gain: number) => readonly (readonly number[])[],
  { first = 1e-3, most = 1e6, margin = 1e-9 }: { first?: number; most?: number; margin?: number } = {},
): number | null {
  const unstable = (gain: number): boolean => spectralAbscissa(matrix(gain)) > margin;
  let [low, high] = [0, first];
  while (!unstable(high)) {
    if (high >= most) return null;
    low = high;
    high *= 2;
  }
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (unstable(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
