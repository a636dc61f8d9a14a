import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { atIndex } from './labels.ts';
import { logProbabilities, logSoftmax } from './log-softmax.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertPositive, assertWithin } from './shape.ts';
import { standardize } from './standardize.ts';

/**
 * Fourth moment of each row's z-scores, `κ = mean_k ((x_k − mean)/std)⁴`; large where one entry stands out. 0 of a constant row.
 * @param x [...,K], as a rule probabilities  @param ddof 1: std unbiased, as in AMU-Tuning (arXiv 2404.08958)  @returns [...,1]
 */
export const kurtosis = op('kurtosis', (tf, x: Tensor, ddof: number = 1): Tensor =>
  standardize(tf, x, { ddof, floor: 1e-12 }).square().square().mean(-1, true),
);

/** `max_k softmax(z)_k`; of equal ones the first has the gradient. @param z [...,K]  @returns [...,1] */
export const maxProb = op('maxProb', (tf, z: Tensor): Tensor => {
  const k = alternatives('maxProb', z);
  return ownGradient(
    tf,
    [z],
    () => {
      const p = logProbabilities(tf, z).exp();
      const value = p.max(-1, true);
      return { value, saved: [p, value] };
    },
    (dy, [p, value]) => {
      const top = atIndex(tf, p!.argMax(-1).expandDims(-1), k).toFloat();
      return [top.sub(p!).mul(value!.mul(dy))];
    },
  );
});

/**
 * `p_(1) − p_(k)` of `softmax(z)`, sorted from the largest: k = 2 the lead over the runner-up, k = K the range.
 * @param z [...,K]  @param k from 2 to K  @returns [...,1]
 */
export const topGap = op('topGap', (tf, z: Tensor, k: number = 2): Tensor => {
  const size = alternatives('topGap', z, 2);
  assertWithin('topGap', 'k', k, 2, size);
  const p = logSoftmax(tf, z).exp();
  return ownGradient(
    tf,
    [p],
    () => {
      const { indices } = tf.topk(p, k);
      const [first, , last] = tf.split(indices, k === 2 ? [1, 0, 1] : [1, k - 2, 1], -1);
      const sign = atIndex(tf, first!, size)
        .toFloat()
        .sub(atIndex(tf, last!, size).toFloat());
      return { value: p.mul(sign).sum(-1, true), saved: [sign] };
    },
    (dy, [sign]) => [sign!.mul(dy)],
  );
});

/**
 * Free energy `−T log Σ exp(z/T)`: low where the row is sure of something. Gradient `−softmax(z/T)`.
 *
 * Source: Liu et al. (2020), "Energy-based Out-of-distribution Detection", equation 4.
 * @param z [...,K]  @param temperature T above 0  @returns [...,1]
 */
export const energy = op('energy', (tf, z: Tensor, temperature: number = 1): Tensor => {
  alternatives('energy', z);
  assertPositive('energy', 'temperature', temperature);
  return ownGradient(
    tf,
    [z],
    () => {
      const largest = z.max(-1, true);
      const shares = z.sub(largest).div(temperature).exp();
      const total = shares.sum(-1, true);
      return { value: largest.add(total.log().mul(temperature)).neg(), saved: [shares.div(total)] };
    },
    (dy, [p]) => [p!.mul(dy).neg()],
  );
});
