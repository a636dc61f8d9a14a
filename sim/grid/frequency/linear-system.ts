import { assertLength } from '../../../core/errors.ts';

/** `e^(A h)` and `∫₀ʰ e^(A s) ds B` of a step. */
export interface Propagator {
  /** [n, n] */
  readonly phi: Float64Array;
  /** [n, m] */
  readonly gamma: Float64Array;
}

/**
 * `x' = A x + B u` with u constant over a step, solved exactly by one exponential of the augmented matrix [[A, B], [0, 0]] h: no step is too long, and none is unstable.
 * Source: Van Loan (1978); specs/grid.md 4.2
 */
export class LinearSystem {
  readonly n: number;
  readonly m: number;
  /** [n, n], [n, m] by rows */
  readonly a: Float64Array;
  readonly b: Float64Array;

  constructor(a: readonly (readonly number[])[], b: readonly (readonly number[])[]) {
    this.n = a.length;
    this.m = b[0]?.length ?? 0;
    for (const row of a) assertLength(row, this.n, 'a row of A', 'LinearSystem');
    for (const row of b) assertLength(row, this.m, 'a row of B', 'LinearSystem');
    assertLength(b, this.n, 'B', 'LinearSystem');
    this.a = Float64Array.from(a.flat());
    this.b = Float64Array.from(b.flat());
  }

  propagator(h: number): Propagator {
    const { n, m } = this;
    const size = n + m;
    const augmented = new Float64Array(size * size);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) augmented[i * size + j] = this.a[i * n + j]! * h;
      for (let j = 0; j < m; j++) augmented[i * size + n + j] = this.b[i * m + j]! * h;
    }
    const e = exponential(augmented, size);
    const phi = new Float64Array(n * n);
    const gamma = new Float64Array(n * m);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) phi[i * n + j] = e[i * size + j]!;
      for (let j = 0; j < m; j++) gamma[i * m + j] = e[i * size + n + j]!;
    }
    return { phi, gamma };
  }

  /** `out = φ x + γ u`; `out` is not `x`. */
  step({ phi, gamma }: Propagator, x: Float64Array, u: Float64Array, out: Float64Array): void {
    const { n, m } = this;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += phi[i * n + j]! * x[j]!;
      for (let j = 0; j < m; j++) sum += gamma[i * m + j]! * u[j]!;
      out[i] = sum;
    }
  }

  /** x'_i at a state. */
  slope(i: number, x: Float64Array, u: Float64Array): number {
    let sum = 0;
    for (let j = 0; j < this.n; j++) sum += this.a[i * this.n + j]! * x[j]!;
    for (let j = 0; j < this.m; j++) sum += this.b[i * this.m + j]! * u[j]!;
    return sum;
  }
}

/** Coefficients of the [13/13] Padé approximant of e^x, and the norm up to which it has all digits of float64. */
const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
const padeNorm = 5.371920351148152;

/** e^A by scaling and squaring. @param a [n, n] by rows  Source: Higham (2005), algorithm 2.3 */
export function exponential(a: Float64Array, n: number): Float64Array {
  let norm = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]!);
    norm = Math.max(norm, sum);
  }
  const squarings = norm > padeNorm ? Math.ceil(Math.log2(norm / padeNorm)) : 0;
  const scaled = a.map((value) => value / 2 ** squarings);
  const a2 = product(scaled, scaled, n);
  const a4 = product(a2, a2, n);
  const a6 = product(a2, a4, n);
  const sum = (terms: readonly (readonly [number, Float64Array])[], diagonal: number): Float64Array => {
    const out = new Float64Array(n * n);
    for (const [c, matrix] of terms) for (let k = 0; k < out.length; k++) out[k]! += c * matrix[k]!;
    for (let i = 0; i < n; i++) out[i * n + i]! += diagonal;
    return out;
  };
  const c = (k: number): number => pade[k]!;
  const odd = sum(
    [
      [
        1,
        product(
          a6,
          sum(
            [
              [c(13), a6],
              [c(11), a4],
              [c(9), a2],
            ],
            0,
          ),
          n,
        ),
      ],
      [c(7), a6],
      [c(5), a4],
      [c(3), a2],
    ],
    c(1),
  );
  const u = product(scaled, odd, n);
  const v = sum(
    [
      [
        1,
        product(
          a6,
          sum(
            [
              [c(12), a6],
              [c(10), a4],
              [c(8), a2],
            ],
            0,
          ),
          n,
        ),
      ],
      [c(6), a6],
      [c(4), a4],
      [c(2), a2],
    ],
    c(0),
  );
  let e = solveDense(
    v.map((value, k) => value - u[k]!),
    v.map((value, k) => value + u[k]!),
    n,
  );
  for (let k = 0; k < squarings; k++) e = product(e, e, n);
  return e;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * b[k * n + j]!;
    }
  return out;
}

/** A⁻¹ B by Gaussian elimination with partial pivoting. */
function solveDense(a: Float64Array, b: Float64Array, n: number): Float64Array {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    if (pivot !== k)
      for (const matrix of [a, b])
        for (let j = 0; j < n; j++) {
          const kept = matrix[k * n + j]!;
          matrix[k * n + j] = matrix[pivot * n + j]!;
          matrix[pivot * n + j] = kept;
        }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
      for (let j = 0; j < n; j++) b[i * n + j]! -= factor * b[k * n + j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let j = 0; j < n; j++) {
      let sum = b[i * n + j]!;
      for (let k = i + 1; k < n; k++) sum -= a[i * n + k]! * b[k * n + j]!;
      b[i * n + j] = sum / a[i * n + i]!;
    }
  return b;
}
