import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';

/**
 * `Σ w x / Σ w`, 0 where nothing has a weight. What has weight 0 does not count, be it infinite or NaN (padding).
 * @param x [...]  @param weights [...] from 0, absent: 1  @returns scalar
 */
export const weightedMean = op('weightedMean', (tf, x: Tensor, weights?: Tensor): Tensor => {
  if (weights === undefined) return x.mean();
  if (weights.shape.join() !== x.shape.join())
    throw new ShapeError(`weightedMean: weights are [${weights.shape.join(', ')}], expected [${x.shape.join(', ')}]`);
  const w = weights.toFloat();
  const total = w.sum();
  return weighted(tf, x, w)
    .sum()
    .div(tf.where(total.equal(0), tf.scalar(1), total));
});

/** `w x`, 0 where w is 0. @param x [...]  @param weights [...]  @returns [...] */
export const weighted = op('weighted', (tf, x: Tensor, weights: Tensor): Tensor => {
  const w = weights.toFloat();
  return tf.where(w.equal(0), tf.scalar(0), x).mul(w);
});
