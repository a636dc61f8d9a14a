import { ConfigError, DataError } from '../../core/errors.ts';
import { partOf } from '../../core/part-of.ts';
import type { Rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { kernelFactor } from './kernel-factor.ts';
import type { KernelFactor } from './kernel-factor.ts';
import { kernelSums } from './kernel-sums.ts';
import { medianDistance } from './median-distance.ts';
import { points } from './points.ts';

/** The verdict of a two-sample test. */
export interface TwoSample {
  readonly statistic: number;
  readonly pValue: number;
  readonly bandwidth: number;
  /** Rows of each sample. */
  readonly sizes: readonly [number, number];
  readonly permutations: number;
}

/** What the published runs do with rows of the attacked sample that are NaN, where no adversarial example was found. */
export type FailedRows = 'drop' | 'fillna' | 'notna';

/**
 * Sample X (clean) and Y (attacked), [·×size] each: `drop` leaves such rows out of Y only, `fillna` puts the clean row in their place,
 * `notna` leaves them out of both.
 * @throws {DataError} when no row is left.
 */
export function publishedSamples(
  clean: Float32Array,
  attacked: Float32Array,
  size: number,
  failed: FailedRows,
): readonly [Float32Array, Float32Array] {
  const there = Array.from({ length: attacked.length / size }, (_, t) => t).filter((t) =>
    attacked.subarray(t * size, (t + 1) * size).every((value) => !Number.isNaN(value)),
  );
  if (there.length === 0) throw new DataError('every attacked row is NaN: there is no second sample');
  if (failed === 'fillna') {
    const filled = clean.slice();
    for (const t of there) filled.set(attacked.subarray(t * size, (t + 1) * size), t * size);
    return [clean, filled];
  }
  const pick = (rows: Float32Array): Float32Array =>
    Float32Array.from(
      { length: there.length * size },
      (_, i) => rows[there[Math.floor(i / size)]! * size + (i % size)]!,
    );
  return [failed === 'notna' ? pick(clean) : clean, pick(attacked)];
}

/** Permutations that share one matrix product. */
const batch = 32;
/** What the factor may leave out of the kernel: it widens the null distribution by the root of 1 + this², one part in a thousand. */
const restShare = 0.04;

/**
 * The test of the bifurcation paper, as TorchDrift 0.1.0 has it, its defects included:
 *
 * `MMD = Σk(X,X)/(n(n−1)) + Σk(Y,Y)/(m(m−1)) − 2Σk(X,Y)/(nm)`, sums with the diagonal; bandwidth the median of all distances of the
 * pooled sample, diagonal included; p the share of permutations of single rows whose statistic is larger.
 *
 * The statistic is computed from every pair. A permutation needs `Q = sᵀKs` (s marks the first sample); with row sums r and total T of K and
 * f = n/N it is `sᵀHKHs + 2f·sᵀr − f²T`, the last two exact, the first by a low-rank factor that leaves out less than 4 % (root mean
 * square) of the centred kernel: 10 000 permutations of a year cost 10 000·N·R products instead of 10 000·N².
 *
 * Why not to believe it: rows are paired and autocorrelated, see docs/stealth.md.
 * @param x [n×size]  @param y [m×size]
 * @returns yields the share done
 */
export function* publishedMmd(
  x: Float32Array,
  y: Float32Array,
  size: number,
  options: { readonly permutations?: number; readonly rng: Rng },
): Generator<number, TwoSample & { readonly rank: number }, void> {
  const permutations = options.permutations ?? 10_000;
  const [n, m] = [x.length / size, y.length / size];
  if (!(n >= 2 && m >= 2)) throw new ConfigError(`samples of ${n} and ${m} rows, expected at least 2 each`);
  const pooled = new Float32Array(x.length + y.length);
  pooled.set(x);
  pooled.set(y, x.length);
  const cloud = points(pooled, size);
  const bandwidth = yield* partOf(medianDistance(cloud, true), 0, 0.2);
  const sums = yield* partOf(kernelSums(cloud, bandwidth, [0, n, n + m]), 0.2, 0.3);
  const statistic = (xx: number, yy: number, xy: number): number =>
    xx / (n * (n - 1)) + yy / (m * (m - 1)) - (2 * xy) / (n * m);
  const observed = statistic(sums.blocks[0]! + n, sums.blocks[3]! + m, sums.blocks[1]!);
  const factor = yield* partOf(
    kernelFactor(cloud, bandwidth, sums.rows, restShare, options.rng.split('factor')),
    0.5,
    0.1,
  );
  const total = sums.rows.reduce((sum, row) => sum + row + 1, 0);
  const share = n / (n + m);
  let above = 0;
  for (const { centred, rowSum, done } of relabelled(factor, sums.rows, n, permutations, options.rng.split('labels'))) {
    for (let p = 0; p < centred.length; p++) {
      const own = centred[p]! + 2 * share * rowSum[p]! - share ** 2 * total;
      if (statistic(own, total - 2 * rowSum[p]! + own, rowSum[p]! - own) > observed) above++;
    }
    yield 0.6 + 0.4 * done;
  }
  return {
    statistic: observed,
    pValue: above / permutations,
    bandwidth,
    sizes: [n, m],
    permutations,
    rank: factor.rank,
  };
}

/** `sᵀHKHs` and `sᵀr` of random marks s of n rows, a batch at a time. */
function* relabelled(
  { rank, values, restTrace }: KernelFactor,
  rowSums: Float64Array,
  n: number,
  permutations: number,
  rng: Rng,
): Generator<{ readonly centred: Float64Array; readonly rowSum: Float64Array; readonly done: number }, void, void> {
  const count = rowSums.length;
  using product = createNetwork([{ inputs: count, outputs: rank, activation: 'linear' }]);
  const parameters = new Float32Array(product.size);
  parameters.set(values);
  product.writeParameters(parameters);
  const share = n / count;
  // What is left out is a matrix ⪰ 0 that the marks meet at random: its mean is known.
  const rest = (share * (1 - share) * restTrace * count) / (count - 1);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let first = 0; first < permutations; first += batch) {
    const rows = Math.min(batch, permutations - first);
    const marks = new Float32Array(rows * count);
    const rowSum = new Float64Array(rows);
    for (let p = 0; p < rows; p++) {
      for (let k = 0; k < n; k++) {
        const at = k + rng.int(count - k);
        const chosen = order[at]!;
        order[at] = order[k]!;
        order[k] = chosen;
        marks[p * count + chosen] = 1;
        rowSum[p]! += rowSums[chosen]! + 1;
      }
    }
    const projected = new Float32Array(rows * rank);
    product.forward(marks, rows, projected);
    const centred = new Float64Array(rows).fill(rest);
    for (let i = 0; i < projected.length; i++) centred[Math.floor(i / rank)]! += projected[i]! ** 2;
    yield { centred, rowSum, done: (first + rows) / permutations };
  }
}
