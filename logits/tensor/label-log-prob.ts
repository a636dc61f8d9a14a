import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
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
      // Gathered, not multiplied by one-hot rows: 0 · −∞ would be NaN. What is out of range is gathered from the ends, and replaced below.
      const column = labels
        .toInt()
        .maximum(tf.scalar(0, 'int32'))
        .minimum(tf.scalar(k - 1, 'int32'));
      const starts = tf.range(0, logP.size, k, 'int32').reshape(labels.shape);
      const ofLabel = tf.gather(logP.reshape([logP.size]), starts.add(column).toInt());
      const mixed = smoothing === 0 ? ofLabel : ofLabel.mul(1 - smoothing).add(logP.mean(-1).mul(smoothing));
      const known = tf.where(labels.greaterEqual(k), tf.scalar(NaN), mixed);
      const has = labels.greaterEqual(0);
      return { value: tf.where(has, known, tf.scalar(0)), saved: [logP, labels.toInt(), has.toFloat()] };
    },
    (dy, [logP, column, has]) => {
      const own = tf.oneHot(column!, k).toFloat();
      const target = smoothing === 0 ? own : own.mul(1 - smoothing).add(smoothing / k);
      return [target.sub(logP!.exp()).mul(dy.mul(has!).expandDims(-1))];
    },
  );
});
