import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';

/**
 * Where each row's label is: `y_k = 1[k = y]`. A label outside of [0, K) is nowhere.
 * @param labels int32 [...]  @param k K  @returns bool [...,K]
 */
export const labelMask = op('labelMask', (tf, labels: Tensor, k: number): Tensor =>
  atIndex(tf, labels.expandDims(-1), k),
);

/** `1[k = index]`. @param index [...,1]  @returns bool [...,K] */
export function atIndex(tf: Tensorflow, index: Tensor, k: number): Tensor {
  return tf.equal(index.toInt(), tf.range(0, k, 1, 'int32'));
}
