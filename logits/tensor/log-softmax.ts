import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertPositive } from './shape.ts';

/**
 * `z/T − log Σ exp(z/T)`, shifted by its maximum so that nothing overflows. Gradient `(g − softmax · Σg)/T`.
 *
 * A logit of −∞ has probability 0; a row of nothing else is NaN.
 * @param z [...,K]  @param temperature T above 0  @returns [...,K]
 */
export const logSoftmax = op('logSoftmax', (tf, z: Tensor, temperature: number = 1): Tensor => {
  alternatives('logSoftmax', z);
  assertPositive('logSoftmax', 'temperature', temperature);
  return ownGradient(
    tf,
    [z],
    () => {
      const value = logProbabilities(tf, z, temperature);
      return { value, saved: [value] };
    },
    (dy, [value]) => {
      const slope = dy.sub(value!.exp().mul(dy.sum(-1, true)));
      return [temperature === 1 ? slope : slope.div(temperature)];
    },
  );
});

/** The values of `logSoftmax`, for functions that bring their own gradient. */
export function logProbabilities(tf: Tensorflow, z: Tensor, temperature: number = 1): Tensor {
  const scaled = temperature === 1 ? z : z.div(temperature);
  const shifted = scaled.sub(scaled.max(-1, true));
  return shifted.sub(tf.log(shifted.exp().sum(-1, true)));
}
