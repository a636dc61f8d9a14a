import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { constant } from './own-gradient.ts';

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
  const none = constant(tf, total, () => total.equal(0).toFloat());
  return weighted(tf, x, w).sum().div(total.add(none));
});

/** `w x`, 0 where w is 0. @param x [...]  @param weights [...]  @returns [...] */
export const weighted = op('weighted', (tf, x: Tensor, weights: Tensor): Tensor => {
  const w = weights.toFloat();
  const counts = constant(tf, w, () => w.notEqual(0));
  return tf.where(counts, x, tf.scalar(0)).mul(w);
});
