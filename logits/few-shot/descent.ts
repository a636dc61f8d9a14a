import type { Tensor, Tensor1D, Tensor3D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import { adamCoefficients } from '../../nn/adam.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';

/** How the weights of few-shot heads are trained; the defaults are AMU-Tuning's and Tip-Adapter-F's. */
export interface Schedule {
  readonly epochs: number;
  /** Rows a step; fewer where there are fewer. */
  readonly batch: number;
  readonly learningRate: number;
  /** Decoupled: `θ ← θ − rate·decay·θ`. */
  readonly weightDecay: number;
  readonly epsilon: number;
}

/** The released schedule: AdamW, the rate on a cosine to 0 over all steps. Source: AMU-Tuning's code. */
export const publishedSchedule: Schedule = {
  epochs: 50,
  batch: 8,
  learningRate: 1e-3,
  weightDecay: 0.01,
  epsilon: 1e-4,
};

/**
 * Trains the weights θ of G trials at once, on the same minibatches in the same order. Trials do not touch each other: θ_g is all that loss g
 * depends on, so that each ends where it would have ended alone, while a step costs as many kernels as one trial's.
 *
 * Sources: Loshchilov and Hutter (2019), AdamW, algorithm 2; (2017), SGDR, one cosine without restarts.
 * @param initial [G×…×…]; stays the caller's  @param loss of θ and of a batch's row numbers int32 [B], one a trial: [G]
 * @param rows how many rows there are  @returns θ after the last step, the caller's
 * @throws {ConfigError} for no epochs or an empty batch.
 */
export function descend(
  tf: Tensorflow,
  initial: Tensor3D,
  loss: (theta: Tensor3D, batch: Tensor1D) => Tensor,
  rows: number,
  schedule: Schedule,
  rng: Rng,
): Tensor3D {
  const { epochs, batch, learningRate, weightDecay, epsilon } = schedule;
  for (const [name, value] of Object.entries({ epochs, batch, rows }))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`few-shot training: ${name} is ${value}, expected an integer from 1`);
  const steps = epochs * Math.ceil(rows / batch);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  let state: readonly Tensor[] = tf.tidy(() => [initial.clone(), tf.zerosLike(initial), tf.zerosLike(initial)]);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, rng);
    for (let at = 0; at < rows; at += batch) {
      const cosine = (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const { rate, beta1, beta2, root } = adamCoefficients({ learningRate: cosine, epsilon }, ++step, 0);
      const before = state;
      state = tf.tidy(() => {
        const [theta, mean, square] = before as [Tensor3D, Tensor3D, Tensor3D];
        const picked = tf.tensor1d(order.slice(at, at + batch), 'int32');
        const g = tf.grad((weights: Tensor) => loss(weights as Tensor3D, picked).sum())(theta);
        const m = mean.mul(beta1).add(g.mul(1 - beta1));
        const v = square.mul(beta2).add(g.square().mul(1 - beta2));
        const moved = m.mul(rate).div(v.sqrt().mul(root).add(epsilon));
        return [theta.mul(1 - cosine * weightDecay).sub(moved), m, v];
      });
      tf.dispose([...before]);
    }
  }
  const [theta, mean, square] = state;
  tf.dispose([mean!, square!]);
  return theta as Tensor3D;
}
