import * as tf from '@tensorflow/tfjs';
import { rng } from '../../../core/rng.ts';
import { difference, on, random } from './agreement.ts';
import type { Values } from './agreement.ts';

/** An operation that models are made of. Inputs are larger than what some backends hand to another one (1000 values). */
export interface TensorCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly low?: number; // of the inputs: -1
  readonly compute: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** TensorFlow.js has no derivative of it, on no backend. */
  readonly forwardOnly?: true;
  /** One of the few that a slow backend (software Vulkan) is asked for. */
  readonly essential?: true;
}

const matrix = [40, 33];
const square = [40, 40];
const image = [2, 12, 12, 6];

const two = (x: tf.Tensor): tf.Tensor2D => x as tf.Tensor2D;
const four = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

const unary = (name: string, compute: (x: tf.Tensor) => tf.Tensor, low = -1, essential?: true): TensorCase => ({
  name,
  shapes: [matrix],
  low,
  compute: (x) => compute(x!),
  ...(essential && { essential }),
});

export const tensorCases: readonly TensorCase[] = [
  unary('relu', tf.relu, -1, true),
  unary('tanh', tf.tanh, -1, true),
  unary('elu', tf.elu, -1, true),
  unary('silu', (x) => x.mul(x.sigmoid()), -1, true),
  unary('sigmoid', tf.sigmoid),
  unary('selu', tf.selu),
  unary('softplus', tf.softplus),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.1)),
  unary('exp', tf.exp),
  unary('log', tf.log, 0.1),
  unary('sqrt', tf.sqrt, 0.1),
  unary('square', tf.square),
  unary('abs', tf.abs),
  unary('clipByValue', (x) => x.clipByValue(-0.5, 0.5)),
  unary('mean of rows', (x) => x.mean(1)),
  unary('max of rows', (x) => x.max(1)),
  unary('softmax', (x) => tf.softmax(x)),
  unary('logSoftmax', (x) => tf.logSoftmax(x), -1, true),
  unary('logSumExp', (x) => x.logSumExp(1)),
  unary('cumsum', (x) => x.cumsum(1)),
  unary('transpose', (x) => x.transpose()),
  unary('slice', (x) => x.slice([2, 3], [30, 20])),
  unary('pad', (x) => x.pad([
      [1, 2],
      [3, 0],
    ])), // prettier-ignore
  unary('tile', (x) => x.tile([2, 3])),
  unary('gather', (x) => x.gather(tf.tensor1d([3, 1, 3, 39], 'int32'))),
  unary('layer norm', (x) => {
    const centred = x.sub(x.mean(1, true));
    return centred.div(centred.square().mean(1, true).add(1e-5).sqrt());
  }),
  { name: 'add a row', shapes: [matrix, [33]], compute: (x, y) => x!.add(y!) },
  { name: 'sub', shapes: [matrix, matrix], compute: (x, y) => x!.sub(y!) },
  { name: 'mul a column', shapes: [matrix, [40, 1]], compute: (x, y) => x!.mul(y!) },
  { name: 'div', shapes: [matrix, matrix], low: 0.5, compute: (x, y) => x!.div(y!) },
  { name: 'maximum', shapes: [matrix, matrix], compute: (x, y) => x!.maximum(y!) },
  { name: 'minimum', shapes: [matrix, matrix], compute: (x, y) => x!.minimum(y!) },
  { name: 'concat', shapes: [matrix, matrix], compute: (x, y) => tf.concat([x!, y!], 1) },
  { name: 'stack', shapes: [matrix, matrix], compute: (x, y) => tf.stack([x!, y!]) },
  ...[false, true].flatMap((flagA) =>
    [false, true].map((flagB): TensorCase => ({
      name: `matMul${flagA ? ' Aᵀ' : ''}${flagB ? ' Bᵀ' : ''}`,
      shapes: [square, square],
      compute: (a, b) => tf.matMul(a!, b!, flagA, flagB),
      ...(!flagA && !flagB && { essential: true }),
    })),
  ),
  { name: 'matMul of a batch', shapes: [[3, 24, 30], [3, 30, 24]], compute: (a, b) => tf.matMul(a!, b!) }, // prettier-ignore
  {
    name: 'dense layer, fused',
    shapes: [square, square, [40]],
    compute: (a, b, bias) => tf.fused.matMul({ a: two(a!), b: two(b!), bias: bias!, activation: 'relu' }),
  },
  { name: 'conv2d', shapes: [image, [3, 3, 6, 20]], compute: (x, w) => tf.conv2d(four(x!), four(w!), 2, 'same') },
  { name: 'conv1d', shapes: [[4, 50, 6], [5, 6, 40]], compute: (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'same') }, // prettier-ignore
  {
    name: 'depthwiseConv2d',
    shapes: [image, [3, 3, 6, 2]],
    compute: (x, w) => tf.depthwiseConv2d(four(x!), four(w!), 1, 'same'),
  },
  { name: 'maxPool', shapes: [image], low: -3, compute: (x) => tf.maxPool(four(x!), 2, 2, 'valid') },
  { name: 'avgPool', shapes: [image], compute: (x) => tf.avgPool(four(x!), 3, 1, 'same') },
  { name: 'einsum', shapes: [[4, 20, 15], [4, 15, 18]], forwardOnly: true, compute: (a, b) => tf.einsum('bij,bjk->bki', a!, b!) }, // prettier-ignore
  {
    name: 'attention',
    shapes: [[3, 20, 24], [3, 20, 24], [3, 20, 24]], // prettier-ignore
    compute: (q, k, v) => tf.matMul(tf.softmax(tf.matMul(q!, k!, false, true).div(Math.sqrt(24))), v!),
  },
  {
    name: 'LSTM cell',
    shapes: [[64, 20], [52, 128], [128]], // prettier-ignore
    compute: (x, kernel, bias) => {
      const h = tf.zeros([64, 32]) as tf.Tensor2D;
      return tf.basicLSTMCell(tf.scalar(1), two(kernel!), bias as tf.Tensor1D, two(x!), h, h)[1];
    },
  },
];

/** Largest differences of one case from the JavaScript backend's results. */
export interface Agreement {
  readonly name: string;
  readonly forward: number;
  readonly gradient: number;
}

/** Forward values and the gradient of `Σ f(x)·c`, with fixed coefficients c, in every input. */
export async function compareCase(backend: string, test: TensorCase): Promise<Agreement> {
  const { name, compute, low = -1 } = test;
  const inputs = test.shapes.map((shape, i) => random(rng(i).split(name), shape, low, low + 2));
  const forward = difference(await on(backend, compute, inputs), await on('cpu', compute, inputs));
  if (test.forwardOnly) return { name, forward, gradient: 0 };
  const gradients = (...tensors: tf.Tensor[]): tf.Tensor[] =>
    tf.grads((...at: tf.Tensor[]) => {
      const y = compute(...at);
      return y.mul(coefficients(y.shape)).sum();
    })(tensors);
  const gradient = difference(await on(backend, gradients, inputs), await on('cpu', gradients, inputs));
  return { name, forward, gradient };
}

function coefficients(shape: readonly number[]): tf.Tensor {
  const { data } = random(rng(99), shape);
  return tf.tensor(data, [...shape]);
}

/** Loss and parameters after some Adam steps of an MLP, 31-64-64-20 relu, on 64 rows. */
export async function compareAdam(backend: string, steps: number): Promise<{ loss: number; parameters: number }> {
  const got = await adam(backend, steps);
  const expected = await adam('cpu', steps);
  return {
    loss: difference([got[0]!], [expected[0]!]),
    parameters: difference(got.slice(1), expected.slice(1)),
  };
}

async function adam(backend: string, steps: number): Promise<Values[]> {
  await tf.setBackend(backend);
  const stream = rng(5);
  const widths = [31, 64, 64, 20];
  const parameters = widths.slice(1).flatMap((outputs, l) => {
    const weight = random(stream, [widths[l]!, outputs], -0.2, 0.2);
    return [tf.variable(tf.tensor(weight.data, [...weight.shape])), tf.variable(tf.zeros([outputs]))];
  });
  const x = tf.tensor(random(stream, [64, 31]).data, [64, 31]);
  const wanted = tf.tensor(random(stream, [64, 20]).data, [64, 20]);
  const loss = (): tf.Scalar => {
    let h: tf.Tensor = x;
    for (let l = 0; l < parameters.length; l += 2) {
      h = h.matMul(parameters[l]!).add(parameters[l + 1]!);
      if (l + 2 < parameters.length) h = h.relu();
    }
    return h.sub(wanted).square().mean().asScalar();
  };
  const optimizer = tf.train.adam(1e-2, 0.9, 0.999, 1e-5);
  for (let step = 0; step < steps; step++) optimizer.minimize(loss, false, parameters);
  const final = tf.tidy(loss);
  const read: Values[] = [];
  for (const tensor of [final, ...parameters])
    read.push({ shape: tensor.shape, data: Float32Array.from(await tensor.data()) });
  optimizer.dispose();
  tf.dispose([x, wanted, final, ...parameters]);
  return read;
}
