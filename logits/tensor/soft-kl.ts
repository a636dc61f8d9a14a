import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertAlike, assertPositive } from './shape.ts';
import { weightedMean } from './weighted-mean.ts';

/** `forward`: KL(t ‖ s), which covers what the teacher does; `reverse`: KL(s ‖ t), which avoids what it does not do. */
export type KLDirection = 'forward' | 'reverse';

export interface SoftKLOptions {
  /** T above 0. */
  readonly temperature?: number;
  readonly direction?: KLDirection;
  /** [...] of the rows. */
  readonly weights?: Tensor;
}

/**
 * `T² · mean KL(softmax(t/T) ‖ softmax(s/T))`, or with the two exchanged. It does not see a constant added to a row. T² keeps the gradient's
 * size. The gradient reaches both.
 *
 * Source: Hinton, Vinyals and Dean (2015), "Distilling the Knowledge in a Neural Network".
 * @param student s [...,K]  @param teacher t [...,K]  @returns scalar
 */
export const softKL = op('softKL', (tf, student: Tensor, teacher: Tensor, options: SoftKLOptions = {}): Tensor => {
  const { temperature = 1, direction = 'forward', weights } = options;
  alternatives('softKL', student);
  assertAlike('softKL', student, teacher);
  assertPositive('softKL', 'temperature', temperature);
  const rows =
    direction === 'forward' ? klOfRows(tf, teacher, student, temperature) : klOfRows(tf, student, teacher, temperature);
  return weightedMean(tf, rows, weights).mul(temperature ** 2);
});

/**
 * `KL(softmax(a/T) ‖ softmax(b/T))` of each row. Gradients `p_a (log p_a − log p_b − KL)/T` and `(p_b − p_a)/T`; what a has at probability 0
 * adds nothing.
 */
function klOfRows(tf: Tensorflow, a: Tensor, b: Tensor, temperature: number): Tensor {
  return ownGradient(
    tf,
    [a, b],
    () => {
      const logA = logProbabilities(tf, a, temperature);
      const logB = logProbabilities(tf, b, temperature);
      const pA = logA.exp();
      const ratio = tf.where(pA.greater(tf.zerosLike(pA)), logA.sub(logB), tf.zerosLike(pA));
      const value = pA.mul(ratio).sum(-1);
      return { value, saved: [pA, logB, ratio, value] };
    },
    (dy, [pA, logB, ratio, value]) => {
      const g = dy.div(temperature).expandDims(-1);
      return [pA!.mul(ratio!.sub(value!.expandDims(-1))).mul(g), logB!.exp().sub(pA!).mul(g)];
    },
  );
}
