import { ConfigError } from '../../core/errors.ts';
import { partOf } from '../../core/part-of.ts';
import type { Rng } from '../../core/rng.ts';
import { kernelSums } from './kernel-sums.ts';
import { medianDistance } from './median-distance.ts';
import { points } from './points.ts';
import type { TwoSample } from './published-mmd.ts';

/** The least number of block pairs that a permutation can say anything about: 2^−4 is above 5 %, 2^−5 is not. */
const fewestPairs = 5;

/**
 * The repaired test: unbiased statistic, equal sizes, clean and attacked rows of *different* days, bandwidth from the clean rows alone,
 * and whole blocks of at least a day permuted.
 *
 * `MMD²_u = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) − 2 mean k(x_i, y_j)`. The rows are cut into blocks; of each two neighbouring
 * blocks a coin says which one shows its clean rows and which its attacked ones. A permutation throws the coins again. If the attack changes
 * nothing, what was thrown is one throw like any other, however the rows depend on each other: `p = (1 + #{≥}) / (1 + permutations)` is
 * exact (Fisher's randomisation test; Phipson and Smyth 2010 for the ones). Neighbours share season and weather, which the statistic then
 * need not tell apart.
 *
 * @param clean, attacked [T×size] the same steps, in order  @param blockRows of a block: 24 hours or more
 * @returns yields the share done
 * @throws {ConfigError} when there are fewer than ten whole blocks, or a block is shorter than a day.
 */
export function* blockMmd(
  clean: Float32Array,
  attacked: Float32Array,
  size: number,
  options: {
    readonly blockRows?: number;
    readonly rowsPerDay?: number;
    readonly permutations?: number;
    readonly rng: Rng;
  },
): Generator<number, TwoSample & { readonly blocks: number }, void> {
  const { rowsPerDay = 24, permutations = 10_000, rng } = options;
  const blockRows = options.blockRows ?? rowsPerDay;
  if (!(Number.isInteger(blockRows) && blockRows >= rowsPerDay))
    throw new ConfigError(`blocks of ${blockRows} rows, expected a day or more: whole numbers from ${rowsPerDay}`);
  const pairs = Math.floor(Math.min(clean.length, attacked.length) / size / blockRows / 2);
  if (pairs < fewestPairs)
    throw new ConfigError(
      `${clean.length / size} rows are ${pairs} pairs of blocks of ${blockRows}, expected at least ${fewestPairs}`,
    );
  const bandwidth = yield* partOf(medianDistance(points(clean, size), false), 0, 0.3);
  const pooled = unpaired(clean, attacked, blockRows * size, pairs, rng.split('days'));
  const starts = Int32Array.from({ length: 2 * pairs + 1 }, (_, b) => b * blockRows);
  const { blocks } = yield* partOf(kernelSums(points(pooled, size), bandwidth, starts), 0.3, 0.6);
  const n = pairs * blockRows;
  const { swap, fixed } = swaps(blocks, pairs, n);
  const weight = 1 / (n * (n - 1)) + 1 / n ** 2;
  const coins = new Float64Array(pairs).fill(1);
  const observed = quadratic(swap, coins);
  // A throw that repeats what was observed is a tie, whatever the order of its sum.
  const tie = observed - 1e-9 * Math.abs(observed);
  const stream = rng.split('permutations');
  let atLeast = 0;
  for (let p = 0; p < permutations; p++) {
    for (let a = 0; a < pairs; a++) coins[a] = stream.uniform() < 0.5 ? 1 : -1;
    if (quadratic(swap, coins) >= tie) atLeast++;
    if (p % 256 === 0) yield 0.9 + (0.1 * p) / permutations;
  }
  return {
    statistic: fixed + weight * observed,
    pValue: (1 + atLeast) / (1 + permutations),
    bandwidth,
    sizes: [n, n],
    permutations,
    blocks: 2 * pairs,
  };
}

/** Blocks in pairs, the clean one before the attacked one, each from its own half of two neighbours. */
function unpaired(clean: Float32Array, attacked: Float32Array, length: number, pairs: number, rng: Rng): Float32Array {
  const out = new Float32Array(2 * pairs * length);
  for (let p = 0; p < pairs; p++) {
    const first = rng.int(2);
    const from = (2 * p + first) * length;
    const other = (2 * p + 1 - first) * length;
    out.set(clean.subarray(from, from + length), 2 * p * length);
    out.set(attacked.subarray(other, other + length), (2 * p + 1) * length);
  }
  return out;
}

/**
 * The statistic as a function of coins τ = ±1: `fixed + (1/(n(n−1)) + 1/n²) · Σ_{p<q} τ_p τ_q C_pq` with `C = B_xx + B_yy − B_xy − B_yx` of
 * two pairs: blocks of one sample when the coins agree, of two when they do not.
 * @returns C [pairs×pairs], upper triangle
 */
function swaps(
  blocks: Float64Array,
  pairs: number,
  n: number,
): { readonly swap: Float64Array; readonly fixed: number } {
  const swap = new Float64Array(pairs * pairs);
  const at = (a: number, b: number): number => blocks[a * 2 * pairs + b]!;
  let within = 0;
  let between = 0;
  for (let p = 0; p < pairs; p++) {
    const [x, y] = [2 * p, 2 * p + 1];
    within += at(x, x) + at(y, y);
    between += at(x, y);
    for (let q = p + 1; q < pairs; q++) {
      const [u, v] = [2 * q, 2 * q + 1];
      const same = at(x, u) + at(y, v);
      const cross = at(x, v) + at(y, u);
      swap[p * pairs + q] = same - cross;
      within += same + cross; // twice their mean, since each pair of blocks stands in two orders
      between += (same + cross) / 2;
    }
  }
  return { swap, fixed: within / (n * (n - 1)) - (2 * between) / n ** 2 };
}

/** `Σ_{p<q} τ_p τ_q C_pq` */
function quadratic(swap: Float64Array, coins: Float64Array): number {
  const pairs = coins.length;
  let sum = 0;
  for (let p = 0; p < pairs; p++) {
    let line = 0;
    for (let q = p + 1; q < pairs; q++) line += coins[q]! * swap[p * pairs + q]!;
    sum += coins[p]! * line;
  }
  return sum;
}
