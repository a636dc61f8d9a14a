import { argMax } from '../../../logits/row.ts';

/** Place of the largest logit of every row. @param z [N×K]  @returns [N] */
export function topOf(z: Float32Array, k: number): Int32Array {
  return Int32Array.from({ length: z.length / k }, (_, row) => argMax(z, row * k, k));
}

/** Share of rows whose largest logit is the label's. @param z [N×K] */
export function accuracyOf(z: Float32Array, labels: ArrayLike<number>): number {
  return topOf(z, z.length / labels.length).filter((top, row) => top === labels[row]).length / labels.length;
}
