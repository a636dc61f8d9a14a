import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { labelMask } from './labels.ts';
import { logProbabilities } from './log-softmax.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertPerRow } from './shape.ts';

/**
 * `Σ_k q_k log softmax(z)_k` with `q = (1 − ε) e_y + ε/K`. Gradient `q − softmax(z)`. 0 where the label is negative: there is none; NaN
 * where it is K or more: it cannot be.
 * @param z [...,K]  @param labels int32 [...]  @param smoothing ε in [0, 1]  @returns [...]
 */
export const labelLogProb = op('labelLogProb', (tf, z: Tensor, labels: Tensor, smoothing: number = 0): Tensor => {
  const k = alternatives('labelLogProb', z);
  assertPerRow('labelLogProb', 'labels', labels, z);
  return ownGradient(
    tf,
    [z],
    () => {
      const logP = logProbabilities(tf, z);
      const own = labelMask(tf, labels, k);
      // Chosen, not multiplied: 0 · −∞ would be NaN.
      const ofLabel = tf.where(own, logP, tf.scalar(0)).sum(-1);
      const mixed = smoothing === 0 ? ofLabel : ofLabel.mul(1 - smoothing).add(logP.mean(-1).mul(smoothing));
      const known = tf.where(labels.greaterEqual(k), tf.scalar(NaN), mixed);
      const has = labels.greaterEqual(0);
      return { value: tf.where(has, known, tf.scalar(0)), saved: [logP, own, has.toFloat()] };
    },
    (dy, [logP, own, has]) => {
      const target =
        smoothing === 0
          ? own!.toFloat()
          : own!
              .toFloat()
              .mul(1 - smoothing)
              .add(smoothing / k);
      return [target.sub(logP!.exp()).mul(dy.mul(has!).expandDims(-1))];
    },
  );
});
