import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { define } from './define.ts';

const name = 'mahalanobis';
const config = z.strictObject({
  quantile: z.number().gt(0).lt(1).default(0.95).meta({
    title: 'Quantile',
    description: 'Of the distances of clean rows that mean and covariance have not seen: the score is 1 there.',
  }),
  ridge: z.number().positive().default(1e-4).meta({
    title: 'Ridge',
    description:
      'Added to every variance, normalised units squared: a feature that never moves must not count for all.',
  }),
});

/** Days of an hour that a mean, a covariance and a quantile can be learnt from. */
const fewestDays = 10;

/** What is usual at one time of day. */
interface Hour {
  readonly mean: Float64Array;
  /** [O×O] inverse covariance */
  readonly precision: Float64Array;
  readonly quantile: number;
}

/**
 * Mahalanobis distance by time of day over its conformal quantile: `(x − μ_h)ᵀ (Σ_h + ridge·I)⁻¹ (x − μ_h) / q_h`. Of the clean days, the
 * even ones give mean and covariance, the odd ones the quantile `⌈(n + 1)·quantile⌉` of n distances (split conformal, one class an hour).
 * Sources: Vovk, Gammerman and Shafer (2005), "Algorithmic Learning in a Random World"; specs/attacks-and-defenses.md 2.16.
 */
export const mahalanobis = define(
  'Mahalanobis distance by hour of day, conformal',
  'specs/attacks-and-defenses.md 2.16',
  config,
  ({ quantile, ridge }): Detector => ({
    fit({ features, observation, learn, steps, stepsPerDay }) {
      const size = features.length;
      const hours = Array.from({ length: stepsPerDay }, (_, hour): Hour => {
        const rows: number[] = [];
        for (let t = hour; t < steps; t += stepsPerDay) if (learn[t] === 1) rows.push(t);
        if (rows.length < fewestDays)
          throw new ConfigError(
            `detector '${name}': ${rows.length} clean days to learn hour ${hour} from, expected at least ${fewestDays}`,
          );
        const { mean, precision } = gaussian(
          observation,
          size,
          rows.filter((_row, day) => day % 2 === 0),
          ridge,
        );
        const distances = rows
          .filter((_row, day) => day % 2 === 1)
          .map((t) => squared(observation, t * size, mean, precision))
          .sort((a, b) => a - b);
        const rank = Math.ceil((distances.length + 1) * quantile);
        return { mean, precision, quantile: distances[Math.min(rank, distances.length) - 1]! };
      });
      return {
        watch() {
          let step = 0;
          return {
            score(x, at, gradient, gradientAt = 0) {
              const { mean, precision, quantile } = hours[step % stepsPerDay]!;
              if (gradient === undefined) return squared(x, at, mean, precision) / quantile;
              let score = 0;
              for (let i = 0; i < size; i++) {
                let line = 0;
                for (let j = 0; j < size; j++) line += precision[i * size + j]! * (x[at + j]! - mean[j]!);
                score += line * (x[at + i]! - mean[i]!);
                gradient[gradientAt + i] = (2 * line) / quantile;
              }
              return score / quantile;
            },
            push() {
              step++;
            },
          };
        },
      };
    },
  }),
);

function squared(x: Float32Array, at: number, mean: Float64Array, precision: Float64Array): number {
  const size = mean.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const own = x[at + i]! - mean[i]!;
    let line = 0;
    for (let j = 0; j < size; j++) line += precision[i * size + j]! * (x[at + j]! - mean[j]!);
    sum += own * line;
  }
  return sum;
}

function gaussian(
  x: Float32Array,
  size: number,
  rows: readonly number[],
  ridge: number,
): Pick<Hour, 'mean' | 'precision'> {
  const mean = new Float64Array(size);
  for (const t of rows) for (let j = 0; j < size; j++) mean[j]! += x[t * size + j]! / rows.length;
  const covariance = new Float64Array(size * size);
  for (const t of rows) {
    for (let i = 0; i < size; i++) {
      const own = (x[t * size + i]! - mean[i]!) / (rows.length - 1);
      for (let j = 0; j < size; j++) covariance[i * size + j]! += own * (x[t * size + j]! - mean[j]!);
    }
  }
  for (let i = 0; i < size; i++) covariance[i * size + i]! += ridge;
  return { mean, precision: inverse(covariance, size) };
}

/** Inverse of a symmetric positive definite matrix [n×n] by Gauss-Jordan; its pivots are positive without exchanges. */
function inverse(matrix: Float64Array, n: number): Float64Array {
  const left = matrix.slice();
  const right = new Float64Array(n * n);
  for (let i = 0; i < n; i++) right[i * n + i] = 1;
  for (let p = 0; p < n; p++) {
    const pivot = left[p * n + p]!;
    for (let j = 0; j < n; j++) {
      left[p * n + j]! /= pivot;
      right[p * n + j]! /= pivot;
    }
    for (let i = 0; i < n; i++) {
      const factor = left[i * n + p]!;
      if (i === p || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        left[i * n + j]! -= factor * left[p * n + j]!;
        right[i * n + j]! -= factor * right[p * n + j]!;
      }
    }
  }
  return right;
}
