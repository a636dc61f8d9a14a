import { pairTiles, shareBefore } from './points.ts';
import type { Points } from './points.ts';

/** Sums of the Gaussian kernel `k(a, b) = exp(−|a − b|²/(2ℓ²))` over pairs of points, each point's pair with itself (k = 1) left out. */
export interface KernelSums {
  /** [count] `r_i = Σ_{j≠i} k_ij` */
  readonly rows: Float64Array;
  /** [B×B] over i in block a and j in block b, j ≠ i */
  readonly blocks: Float64Array;
}

/**
 * One pass over the pairs; no matrix of them is kept.
 * @param starts [B + 1] where each block of rows begins, and where the last one ends
 * @returns yields the share done
 */
export function* kernelSums(
  points: Points,
  bandwidth: number,
  starts: ArrayLike<number>,
): Generator<number, KernelSums, void> {
  const { count, squares } = points;
  const blockCount = starts.length - 1;
  const rowSums = new Float64Array(count);
  const blocks = new Float64Array(blockCount * blockCount);
  const blockOf = new Int32Array(count);
  for (let b = 0; b < blockCount; b++) blockOf.fill(b, starts[b]!, starts[b + 1]!);
  const scale = -0.5 / bandwidth ** 2;
  for (const tile of pairTiles(points)) {
    const { top, rows, left, columns, stride, products } = tile;
    for (let r = 0; r < rows; r++) {
      const i = top + r;
      const own = squares[i]!;
      const line = blockOf[i]! * blockCount;
      let total = 0;
      for (let c = Math.max(0, i + 1 - left); c < columns;) {
        const block = blockOf[left + c]!;
        const end = Math.min(columns, starts[block + 1]! - left);
        let sum = 0;
        for (; c < end; c++) {
          const k = Math.exp(scale * Math.max(0, own + squares[left + c]! - 2 * products[r * stride + c]!));
          rowSums[left + c]! += k;
          sum += k;
        }
        blocks[line + block]! += sum;
        total += sum;
      }
      rowSums[i]! += total;
    }
    yield shareBefore(points, tile);
  }
  for (let a = 0; a < blockCount; a++) {
    blocks[a * blockCount + a]! *= 2; // both orders of each pair
    for (let b = 0; b < a; b++) blocks[a * blockCount + b] = blocks[b * blockCount + a]!;
  }
  return { rows: rowSums, blocks };
}
