import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { z } from 'zod';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import { balanceMeters, linearMeterSchema, residualMap } from '../../core/linear-estimator.ts';
import { toPhysical } from '../../core/space.ts';
import type { Rule, Setting } from './rule.ts';
import { span } from './selection.ts';

export const estimatorConfig = z.strictObject({
  meters: z
    .array(linearMeterSchema)
    .min(1)
    .max(400)
    .optional()
    .meta({ title: 'Meters', description: "Rows of H; none: the building's main meter and the meters behind it." }),
  protected: z
    .array(z.string())
    .default([])
    .meta({ title: 'Protected', description: 'Features among the meters that cannot be changed.' }),
  tolerance: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .meta({ title: 'Tolerance', description: 'By how much J may grow; 0: the residuals stay as they are.' }),
});

const path = '/threat/constraints/estimator';
/** An eigenvalue below this share of the largest is 0: along it nothing is noticed. */
const unseen = 1e-12;

/**
 * What is shown leaves a state estimator quiet: `a'(W − W H (H'WH)⁻¹ H'W) a ≤ τ` with a = x' − x in physical units, and protected meters as they are. With τ = 0 that is
 * a = H c with H_p c = 0; else J grows by τ in the mean over the meters' errors. Projection: in the eigenvectors of that form, `y/(1 + μλ)` with the μ that reaches τ.
 * Source: Liu, Ning and Reiter (2011); specs/grid.md 7
 */
export function estimatorRule(options: z.output<typeof estimatorConfig>, { features }: Setting): Rule {
  const names = features.map(({ name }) => name);
  const meters = options.meters ?? balanceMeters(names);
  if (meters.length === 0)
    throw new ConfigError(
      'constraint estimator: neither meters are named nor net consumption and a meter behind it observed',
      {
        place: { path },
      },
    );
  const at = (name: string): number => {
    const j = names.indexOf(name);
    if (j < 0) throw new UnknownNameError('feature', name, names, { path });
    return j;
  };
  /** Feature of each meter, −1: elsewhere. */
  const place = meters.map(({ feature }) => (feature === undefined ? -1 : at(feature)));
  const { map, meters: m } = residualMap(meters, 'constraint estimator');
  const kept = new Set(options.protected.map(at));
  for (const name of options.protected)
    if (!place.includes(at(name)))
      throw new ConfigError(`constraint estimator: '${name}' is protected, and no meter`, { place: { path } });
  const moved = place.flatMap((j, r) => (j >= 0 && !kept.has(j) && span(features[j]!) !== 0 ? [r] : []));
  const free = moved.map((r) => place[r]!);
  if (new Set(place.filter((j) => j >= 0)).size !== place.filter((j) => j >= 0).length)
    throw new ConfigError('constraint estimator: two meters show the same feature', { place: { path } });
  const n = free.length;
  /** [m, n] residuals of a normalised change of each feature that may move. */
  const seen = Float64Array.from({ length: m * n }, (_, e) => {
    const [r, k] = [Math.floor(e / n), e % n];
    return map[r * m + moved[k]!]! * span(features[free[k]!]!);
  });
  const { vectors, values } = quadraticForm(seen, m, n);
  const { tolerance } = options;
  /** Residual units that rounding to float32 may shift. */
  const loss = moved.reduce((sum, r) => sum + Math.abs(span(features[place[r]!]!)) / meters[r]!.sigma, 0) * 2 ** -21;
  const most = (Math.sqrt(tolerance) + loss) ** 2 + 1e-15;
  const y = new Float64Array(n);
  let clean: Float32Array = new Float32Array(0);

  /** J of what is shown less what is true, from the definition. */
  const growth = (x: Float32Array, i: number, out: Float32Array): number => {
    let sum = 0;
    for (let r = 0; r < m; r++) {
      let residual = 0;
      for (let c = 0; c < m; c++) {
        const j = place[c]!;
        if (j < 0) continue;
        residual += map[r * m + c]! * (toPhysical(features[j]!, out[i + j]!) - toPhysical(features[j]!, x[i + j]!));
      }
      sum += residual * residual;
    }
    return sum;
  };

  return {
    phase: 'part',
    lag: 0,
    narrow({ x }, _row, i, intervals) {
      clean = x;
      for (const j of kept) intervals.keep(i + j, x[i + j]!, x[i + j]!);
    },
    part: {
      features: free,
      inBox: false,
      project(point, p, i) {
        for (let k = 0; k < n; k++) {
          let sum = 0;
          for (let c = 0; c < n; c++) sum += vectors[c * n + k]! * (point[p + free[c]!]! - clean[i + free[c]!]!);
          y[k] = sum;
        }
        const multiplier = reach(y, values, tolerance);
        if (multiplier === 0) return;
        for (let k = 0; k < n; k++) y[k] = values[k] === 0 ? y[k]! : y[k]! / (1 + multiplier * values[k]!);
        for (let c = 0; c < n; c++) {
          let sum = 0;
          for (let k = 0; k < n; k++) sum += vectors[c * n + k]! * y[k]!;
          point[p + free[c]!] = clean[i + free[c]!]! + sum;
        }
      },
    },
    broken({ x }, _row, i, out) {
      for (const j of kept)
        if (out[i + j] !== x[i + j] && !(Number.isNaN(out[i + j]) && Number.isNaN(x[i + j]))) return j;
      return growth(x, i, out) > most ? free[0]! : -1;
    },
    stopped(_row, i, out) {
      const changed = free.some((j) => out[i + j] !== clean[i + j]);
      return changed && (tolerance === 0 || growth(clean, i, out) >= 0.999 * tolerance);
    },
  };
}

/** Eigenvectors (columns) and eigenvalues of B'B, those that are none set to 0. @param b [m, n] */
function quadraticForm(b: Float64Array, m: number, n: number): { vectors: Float64Array; values: Float64Array } {
  if (n === 0) return { vectors: new Float64Array(0), values: new Float64Array(0) };
  const form = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let r = 0; r < m; r++) sum += b[r * n + i]! * b[r * n + j]!;
      form.set(i, j, sum);
    }
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(form, { assumeSymmetric: true });
  const largest = Math.max(...realEigenvalues);
  return {
    vectors: Float64Array.from(eigenvectorMatrix.to1DArray()),
    values: Float64Array.from(realEigenvalues, (value) => (value > unseen * largest ? value : 0)),
  };
}

/** The μ ≥ 0 with `Σ λ y²/(1 + μλ)² = τ`; 0 where y is inside, infinite where τ is 0. */
function reach(y: Float64Array, values: Float64Array, tolerance: number): number {
  const left = (multiplier: number): number => {
    let sum = 0;
    for (let k = 0; k < y.length; k++) {
      const value = y[k]! / (1 + multiplier * values[k]!);
      sum += values[k]! * value * value;
    }
    return sum;
  };
  if (left(0) <= tolerance) return 0;
  if (tolerance === 0) return Infinity;
  let [low, high] = [0, 1];
  while (left(high) > tolerance) {
    low = high;
    high *= 4;
  }
  for (let k = 0; k < 60; k++) {
    const middle = 0.5 * (low + high);
    if (left(middle) > tolerance) low = middle;
    else high = middle;
  }
  return high;
}
