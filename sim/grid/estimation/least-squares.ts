import { chiSquareQuantile } from './chi-square.ts';

/** The normal matrix of a weighted least squares problem, factored: G = H'WH = L L'. */
export class NormalMatrix {
  readonly n: number;
  private readonly lower: Float64Array;
  /** Columns of H that no meter tells apart: with a pivot of 0. Empty: observable. */
  readonly unobservable: readonly number[];

  /** @param h [m, n] by rows  @param weights [m], 1/σ²; 0: the meter is left out */
  constructor(h: Float64Array, weights: Float64Array, n: number) {
    this.n = n;
    const g = new Float64Array(n * n);
    for (let r = 0; r < weights.length; r++) {
      const w = weights[r]!;
      if (w === 0) continue;
      for (let i = 0; i < n; i++) {
        const wi = w * h[r * n + i]!;
        if (wi === 0) continue;
        for (let j = 0; j <= i; j++) g[i * n + j]! += wi * h[r * n + j]!;
      }
    }
    const unobservable: number[] = [];
    const largest = Math.max(...Array.from({ length: n }, (_, i) => g[i * n + i]!));
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < j; k++) g[j * n + j]! -= g[j * n + k]! ** 2;
      if (!(g[j * n + j]! > 1e-12 * largest)) {
        unobservable.push(j);
        // Held where it is: the others can still be told.
        g[j * n + j] = Infinity;
      }
      const pivot = Math.sqrt(g[j * n + j]!);
      g[j * n + j] = pivot;
      for (let i = j + 1; i < n; i++) {
        for (let k = 0; k < j; k++) g[i * n + j]! -= g[i * n + k]! * g[j * n + k]!;
        g[i * n + j] = g[i * n + j]! / pivot;
      }
    }
    this.lower = g;
    this.unobservable = unobservable;
  }

  /** Solves G x = b in place. */
  solve(b: Float64Array): void {
    const { n, lower } = this;
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) b[i]! -= lower[i * n + k]! * b[k]!;
      b[i] = b[i]! / lower[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) b[i]! -= lower[k * n + i]! * b[k]!;
      b[i] = b[i]! / lower[i * n + i]!;
    }
  }

  /** `h G⁻¹ h'` of one row: the variance of what is estimated of a meter. */
  variance(row: Float64Array): number {
    const { n, lower } = this;
    let sum = 0;
    const y = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let value = row[i]!;
      for (let k = 0; k < i; k++) value -= lower[i * n + k]! * y[k]!;
      y[i] = value / lower[i * n + i]!;
      sum += y[i]! * y[i]!;
    }
    return sum;
  }
}

/** What tests of bad data say of a set of residuals. */
export interface BadDataTests {
  /** Σ (r/σ)² */
  readonly J: number;
  readonly degreesOfFreedom: number;
  /** The chi-square quantile that J is held against; null where nothing is left over. */
  readonly threshold: number | null;
  readonly suspicious: boolean;
  /** [m] |r|/√Ω; NaN of a meter that is left out, or critical: without it a state could not be told, and no error of it can be seen */
  readonly normalised: Float64Array;
  /** The meter with the largest of them; null where there is none */
  readonly worst: number | null;
  readonly critical: readonly number[];
}

/** Ω below this, as a share of σ², is a critical meter's. */
const criticalShare = 1e-10;

/**
 * The chi-square test of J and the largest normalised residual, `Ω = σ² − h G⁻¹ h'`.
 * @param confidence of the chi-square test. Source: Abur and Expósito (2004), 5.3, 5.7; specs/grid.md 7
 */
export function badDataTests(
  h: Float64Array,
  weights: Float64Array,
  residual: Float64Array,
  normal: NormalMatrix,
  confidence = 0.95,
): BadDataTests {
  const { n } = normal;
  let J = 0;
  let used = 0;
  const normalised = new Float64Array(weights.length).fill(Number.NaN);
  const critical: number[] = [];
  let worst: number | null = null;
  for (let r = 0; r < weights.length; r++) {
    const w = weights[r]!;
    if (w === 0) continue;
    used++;
    J += w * residual[r]! ** 2;
    const omega = 1 / w - normal.variance(h.subarray(r * n, (r + 1) * n));
    if (omega * w < criticalShare) {
      critical.push(r);
      continue;
    }
    normalised[r] = Math.abs(residual[r]!) / Math.sqrt(omega);
    if (worst === null || normalised[r]! > normalised[worst]!) worst = r;
  }
  const degreesOfFreedom = used - (n - normal.unobservable.length);
  const threshold = degreesOfFreedom >= 1 ? chiSquareQuantile(confidence, degreesOfFreedom) : null;
  return {
    J,
    degreesOfFreedom,
    threshold,
    suspicious: threshold !== null && J > threshold,
    normalised,
    worst,
    critical,
  };
}
