import { assertLength, ShapeError } from '../../core/errors.ts';

/** One number a lane. */
export type SnapshotColumn = Float64Array | Int32Array | Uint8Array;

/*
 * A snapshot's words: the columns of lane 0, of lane 1, …, then the blocks (hours, what is shown where that differs, the dynamics' windows, the fleets).
 * Everything is a float64 that keeps its bits.
 */

export function saveWords(
  lanes: number,
  columns: readonly SnapshotColumn[],
  blocks: readonly Float64Array[],
): Float64Array {
  const words = new Float64Array(length(lanes, columns, blocks));
  for (let lane = 0; lane < lanes; lane++)
    for (let c = 0; c < columns.length; c++) words[lane * columns.length + c] = columns[c]![lane]!;
  let at = lanes * columns.length;
  for (const block of blocks) {
    words.set(block, at);
    at += block.length;
  }
  return words;
}

/** @param check sees each lane's columns before anything is written @throws {ShapeError} for words of another environment. */
export function loadWords(
  words: Float64Array,
  lanes: number,
  columns: readonly SnapshotColumn[],
  blocks: readonly Float64Array[],
  check: (lane: number, columns: Float64Array) => void,
): void {
  assertLength(words, length(lanes, columns, blocks), 'snapshot', 'DistrictEnv.restore');
  const width = columns.length;
  for (let lane = 0; lane < lanes; lane++) {
    const own = words.subarray(lane * width, (lane + 1) * width);
    if (!own.every((word, c) => columns[c] instanceof Float64Array || Number.isInteger(word)))
      throw new ShapeError(
        `snapshot: lane ${lane} begins with ${own.join(', ')}, expected whole numbers for its clock`,
      );
    check(lane, own);
  }
  for (let lane = 0; lane < lanes; lane++) for (let c = 0; c < width; c++) columns[c]![lane] = words[lane * width + c]!;
  let at = lanes * width;
  for (const block of blocks) {
    block.set(words.subarray(at, at + block.length));
    at += block.length;
  }
}

function length(lanes: number, columns: readonly SnapshotColumn[], blocks: readonly Float64Array[]): number {
  return lanes * columns.length + blocks.reduce((sum, block) => sum + block.length, 0);
}
