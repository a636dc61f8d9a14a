import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';
import { withGradient } from './own-gradient.ts';

/**
 * Rows of a table. The gradient of a row is the sum over all places where it was taken.
 * @param table [V×d]  @param ids [N] int32  @returns [N×d]
 */
export function embedding(tf: Tensorflow, table: Tensor2D, ids: Tensor1D, frozen: boolean): Tensor2D {
  if (frozen) return tf.gather(table, ids);
  return withGradient(
    tf,
    [table],
    () => ({ value: tf.gather(table, ids), saved: [ids] as const }),
    (dY, [kept]) => [tf.unsortedSegmentSum(dY, kept, table.shape[0])],
  );
}
