import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelKinds } from '../../../nn/backend/model-kind.ts';
import type { ModelKind } from '../../../nn/backend/model-kind.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { compareAdam, compareCase, tensorCases } from './tensor-suite.ts';

/** Float32 sums of up to a few hundred terms in another order. */
const tolerance = 1e-5;

describe('the wasm backend against the JavaScript one', () => {
  let backend: SelectedBackend;
  beforeAll(async () => {
    backend = await selectBackend({ force: 'wasm' });
  });
  afterAll(async () => {
    await tf.setBackend('wasm');
    backend[Symbol.dispose]();
  });

  it.each(tensorCases.map((test) => [test.name, test] as const))('%s, forwards and backwards', async (_name, test) => {
    const { forward, gradient } = await compareCase('wasm', test);
    expect(forward).toBeLessThan(tolerance);
    expect(gradient).toBeLessThan(tolerance);
  });

  it('three Adam steps of an MLP', async () => {
    const { loss, parameters } = await compareAdam('wasm', 3);
    expect(loss).toBeLessThan(tolerance);
    expect(parameters).toBeLessThan(tolerance);
  });
});

/** The smallest model of each kind: the gradient of what it computes (TensorFlow.js has none through complex numbers). */
const models: Readonly<Record<ModelKind, () => tf.Tensor>> = {
  mlp: () => tf.grad((x) => tf.fused.matMul({ a: x as tf.Tensor2D, b: tf.ones([3, 2]) }))(tf.ones([4, 3])),
  recurrent: () => {
    const h = tf.zeros([2, 3]) as tf.Tensor2D;
    const step = (x: tf.Tensor): tf.Tensor =>
      tf.basicLSTMCell(tf.scalar(1), tf.ones([5, 12]), tf.zeros([12]), x as tf.Tensor2D, h, h)[1];
    return tf.grad(step)(tf.ones([2, 2]));
  },
  attention: () => {
    const scores = tf.einsum('bqd,bkd->bqk', tf.ones([2, 3, 4]), tf.ones([2, 3, 4]));
    return tf.grad((v) => tf.matMul(scores.softmax(), v))(tf.ones([2, 3, 4]));
  },
  embedding: () => tf.grad((table) => table.gather(tf.tensor1d([1, 1], 'int32')))(tf.ones([3, 2])),
  convolution: () =>
    tf.grad((w) => tf.conv2d(tf.ones([1, 4, 4, 2]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'))(tf.ones([2, 2, 2, 3])),
  'depthwise-convolution': () =>
    tf.grad((w) => tf.depthwiseConv2d(tf.ones([1, 4, 4, 2]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'))(
      tf.ones([2, 2, 2, 1]),
    ),
  pooling: () => tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.ones([1, 4, 4, 1])),
  spectral: () => tf.real(tf.rfft(tf.ones([8]))),
};

describe.each(['wasm', 'cpu'])('supports, on %s', (force) => {
  it.each(modelKinds)('is true of %s models exactly if one runs', async (kind) => {
    using backend = await selectBackend({ force });
    const run = (): void => tf.dispose(tf.tidy(models[kind]));
    if (backend.supports(kind)) expect(run).not.toThrow();
    else expect(run).toThrow();
  });
});
