import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { shuffle } from '../../../core/shuffle.ts';
import { adamCoefficients } from '../../../nn/adam.ts';
import type { Schedule } from '../descent.ts';

/** Adds the gradient of the mean loss of the rows `batch` at θ to `gradient`, which is 0. */
export type Slope = (theta: Float64Array, batch: Int32Array, gradient: Float64Array) => void;

/**
 * AdamW on a cosine, in place and in float64: the steps of `descend` for one trial, the same minibatches from the same stream.
 *
 * Sources: Loshchilov and Hutter (2019), AdamW, algorithm 2; (2017), SGDR, one cosine without restarts.
 * @throws {ConfigError} for no epochs or an empty batch.
 */
export function descendRows(theta: Float64Array, slope: Slope, rows: number, schedule: Schedule, rng: Rng): void {
  const { epochs, batch, learningRate, weightDecay, epsilon } = schedule;
  for (const [name, value] of Object.entries({ epochs, batch, rows }))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`few-shot training: ${name} is ${value}, expected an integer from 1`);
  const steps = epochs * Math.ceil(rows / batch);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const g = new Float64Array(theta.length);
  const m = new Float64Array(theta.length);
  const v = new Float64Array(theta.length);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, rng);
    for (let at = 0; at < rows; at += batch) {
      const cosine = (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const { rate, beta1, beta2, root } = adamCoefficients({ learningRate: cosine, epsilon }, ++step, 0);
      g.fill(0);
      slope(theta, order.subarray(at, at + batch), g);
      const kept = 1 - cosine * weightDecay;
      for (let i = 0; i < theta.length; i++) {
        m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! * g[i]!;
        theta[i] = kept * theta[i]! - (rate * m[i]!) / (Math.sqrt(v[i]!) * root + epsilon);
      }
    }
  }
}
