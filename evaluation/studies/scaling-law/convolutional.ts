import type { Tensor, Tensor4D, Variable } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import type { TrainableModel } from '../../../logits/contract.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { side } from './data.ts';

export const imageShape = [side, side, 1] as const;

/** Two convolutions 3×3 of 8 and 16 channels with ReLU, each followed by a mean over 2×2, and a linear layer. Owns its variables. */
export function convolutional(tf: Tensorflow, classes: number, rng: Rng): TrainableModel<Tensor> & Disposable {
  const weights = (...shape: number[]): Variable => {
    const fanIn = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const size = fanIn * shape.at(-1)!;
    const values = Float32Array.from({ length: size }, () => Math.sqrt(2 / fanIn) * rng.normal());
    return tf.variable(tf.tensor(values, shape));
  };
  const first = weights(3, 3, 1, 8);
  const second = weights(3, 3, 8, 16);
  const last = weights(64, classes);
  const biases = [8, 16, classes].map((size) => tf.variable(tf.zeros([size])));
  const variables = [first, second, last, ...biases];
  const block = (x: Tensor4D, filter: Variable, bias: Variable): Tensor4D =>
    tf.avgPool(
      tf
        .conv2d(x, filter as unknown as Tensor4D, 1, 'same')
        .add(bias)
        .relu() as Tensor4D,
      2,
      2,
      'valid',
    );
  return {
    k: classes,
    variables,
    logits: (x) =>
      tf.tidy(() => {
        const h = block(block(x as Tensor4D, first, biases[0]!), second, biases[1]!);
        return h.reshape([-1, 64]).matMul(last).add(biases[2]!);
      }),
    [Symbol.dispose]: () => tf.dispose(variables),
  };
}

/** Adam on the cross-entropy of batches drawn with replacement, its rate falling to 0. */
export function trainTensors(
  tf: Tensorflow,
  model: TrainableModel<Tensor>,
  shape: readonly number[],
  { x, labels }: Labelled,
  { steps, batch = 64, learningRate = 5e-3 }: { steps: number; batch?: number; learningRate?: number },
  rng: Rng,
): void {
  const size = x.length / labels.length;
  const optimizer = tf.train.adam(learningRate);
  const own = new Float32Array(batch * size);
  const classes = new Int32Array(batch);
  for (let step = 0; step < steps; step++) {
    for (let b = 0; b < batch; b++) {
      const row = rng.int(labels.length);
      own.set(x.subarray(row * size, (row + 1) * size), b * size);
      classes[b] = labels[row]!;
    }
    (optimizer as unknown as { learningRate: number }).learningRate = learningRate * (1 - step / steps);
    tf.tidy(() => {
      const input = tf.tensor(own.slice(), [batch, ...shape]);
      const target = tf.tensor(classes.slice(), [batch], 'int32');
      optimizer.minimize(() => crossEntropy(tf, model.logits(input), target).asScalar(), false, [...model.variables]);
    });
  }
  optimizer.dispose();
}
