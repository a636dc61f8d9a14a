import { assertLength, DataError } from '../../core/errors.ts';
import { createNetwork } from '../../nn/create-network.ts';

/** Rows as points of a space. */
export interface Points {
  readonly count: number;
  readonly size: number;
  /** [count×size] less the column means, which no distance feels, so that float32 products are exact enough. */
  readonly values: Float32Array;
  /** [count] |x_i|² */
  readonly squares: Float64Array;
}

/**
 * @param rows [count×size]
 * @throws {ShapeError} when the rows are not whole.  @throws {DataError} naming the first value that is not a number.
 */
export function points(rows: Float32Array, size: number): Points {
  const count = Math.floor(rows.length / size);
  assertLength(rows, count * size, 'rows', 'points');
  const mean = new Float64Array(size);
  for (let i = 0; i < rows.length; i++) {
    if (!Number.isFinite(rows[i]))
      throw new DataError(`row ${Math.floor(i / size)}, column ${i % size} is ${rows[i]}, expected a number`);
    mean[i % size]! += rows[i]!;
  }
  const values = Float32Array.from(rows, (value, i) => value - mean[i % size]! / count);
  const squares = new Float64Array(count);
  for (let i = 0; i < values.length; i++) squares[Math.floor(i / size)]! += values[i]! ** 2;
  return { count, size, values, squares };
}

/** `|x_i − x_j|²` */
export function squaredDistance({ size, values }: Points, i: number, j: number): number {
  let sum = 0;
  for (let a = i * size, b = j * size, end = a + size; a < end; a++, b++) sum += (values[a]! - values[b]!) ** 2;
  return sum;
}

/** Scalar products of rows `top` … `top + rows − 1` with columns `left` … `left + columns − 1`, [rows×stride]. */
export interface Tile {
  readonly top: number;
  readonly rows: number;
  readonly left: number;
  readonly columns: number;
  readonly stride: number;
  readonly products: Float32Array;
}

const tileColumns = 256;
const tileRows = 256;

/**
 * Every pair i < j of points once, in tiles, by the matrix product of the network kernel: a year of pairs takes a second, and no matrix of
 * them is kept. A tile is valid until the next one; those on the diagonal hold pairs i ≥ j as well.
 */
export function* pairTiles({ count, size, values }: Points): Generator<Tile, void, void> {
  using product = createNetwork([{ inputs: size, outputs: tileColumns, activation: 'linear' }]);
  const parameters = new Float32Array(product.size);
  const products = new Float32Array(tileRows * tileColumns);
  for (let left = 0; left < count; left += tileColumns) {
    const columns = Math.min(tileColumns, count - left);
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < size; k++) parameters[k * tileColumns + j] = values[(left + j) * size + k]!;
    }
    product.writeParameters(parameters);
    for (let top = 0; top < left + columns; top += tileRows) {
      const rows = Math.min(tileRows, left + columns - top);
      const out = products.subarray(0, rows * tileColumns);
      product.forward(values.subarray(top * size, (top + rows) * size), rows, out);
      yield { top, rows, left, columns, stride: tileColumns, products };
    }
  }
}

/** Share of all pairs that come before a tile. */
export function shareBefore({ count }: Points, { left }: Tile): number {
  return (left / count) ** 2;
}
