import type { Rng } from '../../core/rng.ts';
import { squaredDistance } from './points.ts';
import type { Points } from './points.ts';

/** A factor of the centred kernel matrix, `HKH ≈ FFᵀ + E`, H = 1 − 11ᵀ/N. */
export interface KernelFactor {
  readonly rank: number;
  /** [count×rank], column means 0 */
  readonly values: Float32Array;
  /** trace E ≥ 0 */
  readonly restTrace: number;
  /** Root mean square of E off the diagonal over that of HKH, from pairs drawn at random. */
  readonly restShare: number;
}

/** Pairs that E is measured on. */
const probes = 20_000;
/** Columns between two measurements. */
const stride = 32;

/**
 * Pivoted Cholesky factor of the Gaussian kernel matrix, made until what it leaves out is too small to matter: a kernel as wide as the
 * median distance has few directions. It needs N·R numbers and N·R²/2 products instead of N².
 *
 * Source: Harbrecht, Peters and Schneider (2012), "On the low-rank approximation by the pivoted Cholesky decomposition".
 * @param rowSums [count] of K without its diagonal  @param restShare what E may be of HKH
 * @returns yields the share done, a guess
 */
export function* kernelFactor(
  points: Points,
  bandwidth: number,
  rowSums: Float64Array,
  restShare: number,
  rng: Rng,
): Generator<number, KernelFactor, void> {
  const { count } = points;
  const scale = -0.5 / bandwidth ** 2;
  const k = (i: number, j: number): number => Math.exp(scale * squaredDistance(points, i, j));
  const total = rowSums.reduce((sum, row) => sum + row + 1, 0);
  const probe = probePairs(count, rng);
  const rest = probe.map(([i, j]) => k(i, j)); // of K itself to begin with
  const centred = probe.map(([i, j], p) => rest[p]! - (rowSums[i]! + 1 + rowSums[j]! + 1) / count + total / count ** 2);
  const size = rootMeanSquare(centred);
  const columns: Float64Array[] = [];
  const diagonal = new Float64Array(count).fill(1);
  let share = 1;
  while (columns.length < count && share > restShare) {
    const pivot = largest(diagonal);
    const left = diagonal[pivot]!;
    if (!(left > 1e-12)) break;
    const column = new Float64Array(count);
    for (let i = 0; i < count; i++) column[i] = k(i, pivot);
    for (const other of columns) {
      const weight = other[pivot]!;
      for (let i = 0; i < count; i++) column[i]! -= weight * other[i]!;
    }
    const root = Math.sqrt(left);
    for (let i = 0; i < count; i++) {
      column[i]! /= root;
      diagonal[i]! -= column[i]! ** 2;
    }
    probe.forEach(([i, j], p) => (rest[p]! -= column[i]! * column[j]!));
    columns.push(column);
    if (columns.length % stride !== 0) continue;
    share = rootMeanSquare(rest) / size;
    yield Math.min(0.99, columns.length / 128);
  }
  return centredFactor(columns, count, total, rootMeanSquare(rest) / size);
}

function centredFactor(
  columns: readonly Float64Array[],
  count: number,
  total: number,
  restShare: number,
): KernelFactor {
  const rank = columns.length;
  const values = new Float32Array(count * rank);
  let trace = 0;
  columns.forEach((column, c) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / count;
    for (let i = 0; i < count; i++) {
      const value = column[i]! - mean;
      values[i * rank + c] = value;
      trace += value * value;
    }
  });
  return { rank, values, restTrace: Math.max(0, count - total / count - trace), restShare };
}

function probePairs(count: number, rng: Rng): readonly (readonly [number, number])[] {
  return Array.from({ length: probes }, () => {
    const i = rng.int(count);
    return [i, (i + 1 + rng.int(count - 1)) % count] as const;
  });
}

function largest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
