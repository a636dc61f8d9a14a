import type { Tensor } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { constant } from './own-gradient.ts';
import { alternatives } from './shape.ts';

/** The first index of the largest logit. @param z [...,K]  @returns int32 [...]; −1 for a row with a NaN */
export const argMax = op('argMax', (tf, z: Tensor): Tensor => {
  alternatives('argMax', z);
  return constant(tf, z, () => tf.where(z.max(-1).isNaN(), tf.scalar(-1, 'int32'), z.argMax(-1).toInt()));
});

/**
 * An index drawn from `softmax(z)`, by inversion with one uniform number a row. Never one of probability 0.
 * @param z [...,K]  @returns int32 [...]; −1 for a row with a NaN
 */
export const sample = op('sample', (tf, z: Tensor, rng: Rng): Tensor => {
  alternatives('sample', z);
  const rows = z.shape.slice(0, -1);
  const uniform = Float32Array.from({ length: rows.reduce((product, size) => product * size, 1) }, () => rng.uniform());
  return constant(tf, z, () => {
    const sums = tf.cumsum(logProbabilities(tf, z).exp(), z.rank - 1);
    const total = sums.max(-1, true);
    // The share is kept below 1 as float32 rounds it: the sum it points into has to be passed by an alternative with a probability.
    const share = tf.tensor(uniform, [...rows, 1]).minimum(1 - 2 ** -22);
    const passed = sums.lessEqual(share.mul(total)).toInt().sum(-1);
    return tf.where(total.squeeze([-1]).isNaN(), tf.scalar(-1, 'int32'), passed.toInt());
  });
});
