import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives } from './shape.ts';
import { weightedMean } from './weighted-mean.ts';

/**
 * `H = −Σ p ln p` of `softmax(z)`, in nats. Gradient `−p (ln p + H)`.
 * @param z [...,K]  @returns [...,1]
 */
export const entropy = op('entropy', (tf, z: Tensor): Tensor => {
  alternatives('entropy', z);
  return ownGradient(
    tf,
    [z],
    () => {
      const raw = logProbabilities(tf, z);
      const p = raw.exp();
      const logP = tf.where(p.equal(tf.zerosLike(p)), tf.zerosLike(p), raw); // 0 ln 0 = 0
      const value = p.mul(logP).sum(-1, true).neg();
      return { value, saved: [p, logP, value] };
    },
    (dy, [p, logP, value]) => [p!.mul(logP!.add(value!)).mul(dy).neg()],
  );
});

/**
 * `λ · mean H(softmax z)`, to be added to a loss: λ above 0 sharpens, below 0 it is the bonus of reinforcement learning.
 *
 * Source: the entropy regularisation of arXiv 1711.02846.
 * @param z [...,K]  @param strength λ  @param weights [...] of the rows  @returns scalar
 */
export const entropyPenalty = op('entropyPenalty', (tf, z: Tensor, strength: number, weights?: Tensor): Tensor =>
  weightedMean(tf, entropy(tf, z).squeeze([-1]), weights).mul(strength),
);
