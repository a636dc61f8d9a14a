import { argMax } from '../row.ts';

/** argmax of each row. @param logits [N×K]  @returns [N] */
export function decisionsOf(logits: Float32Array, k: number): Int32Array {
  return Int32Array.from({ length: logits.length / k }, (_, row) => argMax(logits, row * k, k));
}

/** Share of rows on which two decide alike: accuracy, where one of them is the label. @param a [N]  @param b [N] */
export function agreement(a: Int32Array, b: Int32Array): number {
  return a.filter((value, row) => value === b[row]).length / a.length;
}
