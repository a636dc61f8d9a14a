import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';

/** The same rows for each of G trials: [N×M] as [G×N×M]. */
export function perTrial(tf: Tensorflow, x: Tensor2D, trials: number): Tensor3D {
  return tf.tile(x.expandDims(0), [trials, 1, 1]) as Tensor3D;
}
