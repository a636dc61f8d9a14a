import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ShapeError, StateError } from '../../core/errors.ts';
import { squaredReluGradient } from '../../nn/backend/self-test.ts';
import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';
import { mlp } from '../../nn/layers.ts';
import { op } from '../../nn/op.ts';
import { tensorNetwork } from '../../nn/tensor-network.ts';
import type { TensorNetwork } from '../../nn/tensor-network.ts';
import { expectNoLeakedTensors, tensorsAlive } from '../support/leak.ts';

describe.each(['cpu', 'wasm'])('op on %s', (force) => {
  let backend: SelectedBackend;
  beforeEach(async () => {
    backend = await selectBackend({ force });
  });
  afterEach(() => backend[Symbol.dispose]());

  it('frees what a function makes on its way, and keeps what it returns', async () => {
    const norm = op('norm', (tf, x: tf.Tensor) => tf.sqrt(x.square().sum()));
    const x = tf.tensor1d([3, 4]);
    const before = tensorsAlive().tensors;
    const y = norm(tf, x);
    expect(tensorsAlive().tensors).toBe(before + 1);
    expect((await y.data())[0]).toBe(5);
    y.dispose();
    await expectNoLeakedTensors(() => norm(tf, x));
    x.dispose();
  });

  it('keeps several results, in a list or by name', async () => {
    const parts = op('parts', (_tf, x: tf.Tensor) => [x.mul(2), x.add(1).square()]);
    const named = op('named', (_tf, x: tf.Tensor) => ({ twice: x.mul(2), next: x.add(1).neg() }));
    const x = tf.tensor1d([3]);
    const before = tensorsAlive().tensors;
    const [a, b] = parts(tf, x);
    const { twice, next } = named(tf, x);
    expect(tensorsAlive().tensors).toBe(before + 4);
    expect([a, b, twice, next].map((tensor) => tensor!.dataSync()[0])).toEqual([6, 16, 6, -4]);
    tf.dispose([a!, b!, twice, next]);
    await expectNoLeakedTensors(() => parts(tf, x));
    await expectNoLeakedTensors(() => named(tf, x));
    x.dispose();
  });

  it('closes its scope when it throws', () => {
    const fails = op('fails', (_tf, x: tf.Tensor): tf.Tensor => {
      x.mul(2);
      throw new ShapeError('no');
    });
    const x = tf.tensor1d([3]);
    const before = tensorsAlive();
    for (let i = 0; i < 3; i++) expect(() => fails(tf, x)).toThrow(ShapeError);
    expect(tensorsAlive()).toEqual(before);
    const scopes = tf.engine().state.scopeStack.length;
    expect(() => fails(tf, x)).toThrow(ShapeError);
    expect(tf.engine().state.scopeStack.length).toBe(scopes);
    x.dispose();
  });

  it('refuses a Promise, whose tensors would be made after the scope', async () => {
    const late = op('late', (async (_tf: typeof tf, x: tf.Tensor) => x.mul(2)) as never);
    const failing = op('failing', (() => Promise.reject(new Error('later'))) as never);
    const x = tf.tensor1d([3]);
    const before = tensorsAlive();
    expect(() => (late as (...x: unknown[]) => unknown)(tf, x)).toThrow(StateError);
    expect(() => (late as (...x: unknown[]) => unknown)(tf, x)).toThrow('late: returned a Promise');
    expect(() => (failing as (...x: unknown[]) => unknown)(tf)).toThrow(StateError);
    await new Promise((resolve) => setTimeout(resolve)); // an unhandled rejection would fail the test
    expect(tensorsAlive()).toEqual(before);
    x.dispose();
  });

  it('gives the caller a tensor of its own, also where there was nothing to do', () => {
    const pass = op('pass', (_tf, x: tf.Tensor) => x);
    const x = tf.tensor1d([3]);
    const y = pass(tf, x);
    y.dispose();
    expect(x.isDisposed).toBe(false);
    expect(x.dataSync()[0]).toBe(3);
    x.dispose();
  });

  it('works inside of gradients', () => {
    const cube = op('cube', (_tf, x: tf.Tensor) => x.square().mul(x));
    const slope = tf.tidy(() => tf.grad((x: tf.Tensor) => cube(tf, x).sum())(tf.tensor1d([2])));
    expect(slope.dataSync()[0]).toBe(12);
    slope.dispose();
  });
});

const rows = 7;
const layers = mlp([5, 8, 3], 'tanh');

/** A network on tensors, made and disposed: what it makes on its way must not outlive it. */
async function withNetwork(use: (network: TensorNetwork) => Promise<void>): Promise<void> {
  using network = tensorNetwork(tf, layers);
  network.writeParameters(new Float32Array(network.size).fill(0.1));
  await use(network);
}

/** Every public function of tensors, with inputs for it. */
const functions: Readonly<Record<string, () => unknown>> = {
  squaredReluGradient: () => tf.tidy(() => squaredReluGradient(tf, tf.ones([4, 3]), tf.ones([3, 2]))),
  'TensorNetwork.writeParameters': () =>
    withNetwork(async (network) => network.writeParameters(new Float32Array(network.size))),
  'TensorNetwork.forward': () =>
    withNetwork((network) => network.forward(new Float32Array(rows * 5), rows, new Float32Array(rows * 3))),
  'TensorNetwork.gradient': () =>
    withNetwork((network) =>
      network.gradient(
        new Float32Array(rows * 5),
        rows,
        (_y, _row, _count, dOut) => dOut.fill(1),
        new Float32Array(rows * 5),
      ),
    ),
  'TensorNetwork.gradient, whose slope throws': () =>
    withNetwork((network) =>
      network.gradient(
        new Float32Array(rows * 5),
        rows,
        () => {
          throw new StateError('no');
        },
        new Float32Array(rows * 5),
      ),
    ).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StateError);
    }),
  'TensorNetwork.parameterGradient': () =>
    withNetwork((network) =>
      network.parameterGradient(
        new Float32Array(rows * 5),
        new Float32Array(rows * 3),
        rows,
        new Float32Array(network.size),
      ),
    ),
};

describe.each(['cpu', 'wasm'])('on %s no tensor is left behind', (force) => {
  it.each(Object.keys(functions))('by %s', async (name) => {
    using _backend = await selectBackend({ force });
    await expectNoLeakedTensors(functions[name]!);
  });

  it('by a selection, its self-test and its end', async () => {
    const { state } = tf.engine();
    const before = state.numTensors;
    for (let i = 0; i < 3; i++) (await selectBackend({ force }))[Symbol.dispose]();
    expect(state.numTensors).toBe(before);
  });

  it('checks ranks', async () => {
    using _backend = await selectBackend({ force });
    const before = tensorsAlive();
    expect(() => tf.tidy(() => squaredReluGradient(tf, tf.ones([3]), tf.ones([3, 2])))).toThrow(ShapeError);
    expect(tensorsAlive()).toEqual(before);
  });
});
