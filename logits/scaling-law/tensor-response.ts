import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel } from '../contract.ts';
import type { Response } from './response.ts';

/** The response of a model of tensors, by TensorFlow.js's tape; on every backend, since reads are waited for. @param shape of one input */
export function tensorResponse(tf: Tensorflow, model: LogitModel<Tensor>, shape: readonly number[]): Response {
  const inputs = shape.reduce((product, size) => product * size, 1);
  let last = new Float32Array(0);
  const input = (rows: number): Tensor => tf.tensor(last.slice(0, rows * inputs), [rows, ...shape]);
  return {
    inputs,
    outputs: model.k,
    async forward(x, rows, out) {
      last = x.slice(0, rows * inputs);
      const z = tf.tidy(() => model.logits(input(rows)));
      out.set((await z.data()) as Float32Array);
      z.dispose();
    },
    async backwardInput(dOut, rows, dX) {
      const gradient = tf.tidy(() => {
        const covector = tf.tensor(dOut.slice(0, rows * model.k), [rows, model.k]);
        return tf.grad((x: Tensor) => model.logits(x).mul(covector).sum())(input(rows));
      });
      dX.set((await gradient.data()) as Float32Array);
      gradient.dispose();
    },
  };
}
