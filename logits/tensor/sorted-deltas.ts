import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives } from './shape.ts';

/**
 * Logit differences `Δ_1j = z_(1) − z_(j)`, j = 2…K, of each row sorted from the largest: how far its prediction is from each place.
 * Its gradient, +1 to the first and −1 to the j-th, is put back in the order of the classes.
 *
 * Source: arXiv 1711.02846, section 2.
 * @param z [...,K], K from 2  @returns [...,K−1], rising
 */
export const sortedDeltas = op('sortedDeltas', (tf, z: Tensor): Tensor => {
  const k = alternatives('sortedDeltas', z, 2);
  const last = z.rank - 1;
  return ownGradient(
    tf,
    [z],
    () => {
      const { values, indices } = tf.topk(z, k);
      const [, others] = tf.split(values, [1, k - 1], last);
      // The maximum, unlike a sort, lets a NaN show.
      return { value: z.max(-1, true).sub(others!), saved: [indices] };
    },
    (dy, [indices]) => {
      const sorted = tf.concat([dy.sum(-1, true), dy.neg()], last);
      const places = tf.topk(indices!.toFloat().neg(), k).indices; // the inverse of a permutation is what sorts it
      return [alongLastAxis(sorted, places)];
    },
  );

  /** `x[..., index[..., j]]`, as one gather from the flat array. */
  function alongLastAxis(x: Tensor, index: Tensor): Tensor {
    const rows = x.size / k;
    const at = index
      .reshape([rows, k])
      .toInt()
      .add(tf.range(0, rows * k, k, 'int32').reshape([rows, 1]));
    return tf.gather(x.reshape([x.size]), at.reshape([x.size]).toInt()).reshape(x.shape);
  }
});
