import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { maskLogits } from './mask-logits.ts';
import { constant } from './own-gradient.ts';
import { alternatives, assertWithin } from './shape.ts';

/**
 * The k largest logits of each row, −∞ for the others. Ties with the k-th stay, so that no order of classes matters.
 * @param z [...,K]  @param k in [1, K]  @returns [...,K]
 */
export const topK = op('topK', (tf, z: Tensor, k: number): Tensor => {
  assertWithin('topK', 'k', k, 1, alternatives('topK', z));
  const keep = constant(tf, z, () => tf.logicalNot(z.less(tf.topk(z, k).values.min(-1, true))));
  return maskLogits(tf, z, keep);
});
