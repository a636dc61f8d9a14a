import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { maskLogits } from './mask-logits.ts';
import { constant } from './own-gradient.ts';
import { alternatives, assertWithin } from './shape.ts';

/**
 * The nucleus: the fewest most probable alternatives whose probabilities add up to at least p; −∞ for the others. Ties with the least of
 * them stay.
 *
 * Source: Holtzman et al. (2020), "The Curious Case of Neural Text Degeneration", equation 2.
 * @param z [...,K]  @param p in [0, 1]; 0 keeps the most probable, 1 all  @returns [...,K]
 */
export const topP = op('topP', (tf, z: Tensor, p: number): Tensor => {
  const k = alternatives('topP', z);
  assertWithin('topP', 'p', p, 0, 1);
  if (p === 1) return z.clone(); // sums in float32 reach 1 before the last
  const keep = constant(tf, z, () => {
    const probability = logProbabilities(tf, z).exp();
    const { values } = tf.topk(probability, k);
    const before = tf.cumsum(values, z.rank - 1, true); // what the more probable ones add up to
    const inside = before.less(p).logicalOr(before.equal(0));
    const least = tf.where(inside, values, tf.scalar(1)).min(-1, true);
    return tf.logicalNot(probability.less(least));
  });
  return maskLogits(tf, z, keep);
});
