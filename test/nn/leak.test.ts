import * as tf from '@tensorflow/tfjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { goalOf } from '../../core/goal.ts';
import { PolicyFileError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { BoundObjective } from '../../core/victim.ts';
import { selectBackend } from '../../nn/backend.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { kernel } from '../../nn/kernel/kernel.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { normalisedNetwork, standardisation } from '../../nn/normalised-network.ts';
import { loadPolicy, policyFiles, savePolicy } from '../../nn/policy.ts';
import { policyVictim } from '../../nn/victim.ts';
import { expectSameHeap, tensorsAlive } from '../support/leak.ts';

const layers = mlp([31, 40, 20], 'tanh');
const rows = 100; // more than one chunk of the kernel
const x = new Float32Array(rows * 31).fill(0.3);
const y = new Float32Array(rows * 20);
const dOut = new Float32Array(rows * 20).fill(0.1);
const dX = new Float32Array(rows * 31);

/** Every method of a network, called as a learner calls it: what comes first is what it needs. */
const methods: Readonly<Record<string, (network: Network) => void>> = {
  forward: (network) => network.forward(x, rows, y),
  backwardInput(network) {
    network.forward(x, rows, y);
    network.backwardInput(dOut, rows, dX);
  },
  backward(network) {
    network.forward(x, rows, y);
    network.backward(dOut, rows, dX);
  },
  gradientNorm: (network) => void network.gradientNorm(),
  adam(network) {
    network.forward(x, rows, y);
    network.backward(dOut, rows);
    network.adam({ learningRate: 1e-3, maxGradientNorm: 0.5 });
  },
  rmsprop(network) {
    network.forward(x, rows, y);
    network.backward(dOut, rows);
    network.rmsprop({ learningRate: 1e-3 });
  },
  lerpFrom(network) {
    using source = createNetwork(layers);
    network.lerpFrom(source, 0.01);
    using reference = createNetwork(layers, 'reference');
    network.lerpFrom(reference, 0.01);
  },
  parameters(network) {
    const parameters = new Float32Array(network.size);
    network.readParameters(parameters);
    network.writeParameters(parameters);
    network.readGradients(parameters);
  },
  moments(network) {
    const moments = new Float32Array(2 * network.size);
    network.writeAdam(moments, network.readAdam(moments));
  },
  initialise: (network) => initialise(network, rng(1), { kind: 'torch-linear' }),
};

describe('the kernel heap is as full afterwards as before', () => {
  it.each(Object.keys(methods))('%s, of a network that lives on and of one that is disposed', (name) => {
    using network = createNetwork(layers);
    expectSameHeap(() => methods[name]!(network));
    expectSameHeap(() => {
      using other = createNetwork(layers);
      methods[name]!(other);
    });
  });

  it('standardised networks, and batches of every size', () => {
    const by = standardisation({ mean: [0, 1], variance: [1, 2], epsilon: 1e-8, clip: 10 });
    expectSameHeap(() => {
      using network = normalisedNetwork(createNetwork(layers), by);
      for (const count of [1, 96, 97, 3]) network.forward(x, count, y);
      methods['adam']!(network);
    });
  });

  it('calls that are refused, and disposing twice', () => {
    expectSameHeap(() => {
      using network = createNetwork(layers);
      expect(() => network.adam({ learningRate: 1 })).toThrow('no gradients');
      expect(() => network.backward(dOut, 7)).toThrow();
      expect(() => network.forward(x, 1e6, y)).toThrow();
      network[Symbol.dispose]();
      expect(() => network.forward(x, 1, y)).toThrow('disposed');
    });
    expect(() => createNetwork([])).toThrow();
  });

  it('policies, whole and damaged, and their victims', () => {
    const size = 31 * 40 + 40 + 40 * 20 + 20;
    const features = Array.from({ length: 31 }, (_, i) => ({ name: `f${i}`, unit: '', low: 0, high: 1 }));
    const head = { kind: 'categorical', values: Array.from({ length: 20 }, (_, i) => i) } as const;
    const files = policyFiles(
      {
        name: 'p',
        observation: { features, normalisation: 'fixed' },
        action: { features: [features[0]!] },
        head,
        layers,
      },
      new Float32Array(size).fill(0.01),
    );
    const objective: BoundObjective = {
      objective: {
        name: 'sum',
        check: () => undefined,
        evaluate(_head, logits, _goal, count, value, gradient) {
          for (let row = 0; row < count; row++) value[row] = logits[row * 20]!;
          gradient.fill(1);
        },
      },
      goal: {
        ...goalOf({ observationSize: 31, logitsSize: 20, head: { kind: 'categorical', values: [] } }, rows),
        clean: y,
      },
    };
    expectSameHeap(() => {
      using policy = loadPolicy(files.card, files.weights, 'p');
      savePolicy(policy);
      const victim = policyVictim(policy);
      victim.decide(x, rows, new Float64Array(rows));
      victim.logits(x, rows, y);
      victim.valueAndGradient(objective, x, rows, new Float32Array(rows), dX);
    });
    const changed = files.weights.slice();
    changed[changed.length - 1]! ^= 1;
    for (const [card, weights] of [
      [files.card, changed],
      [files.card, files.weights.subarray(0, 100)],
      [files.card.replace('"outputs": 40', '"outputs": 41'), files.weights],
    ] as const)
      expectSameHeap(() => expect(() => loadPolicy(card, weights, 'p')).toThrow(PolicyFileError));
  });
});

describe('no growth', () => {
  it('of memory over 100 000 gradients of the own kernel', () => {
    using network = createNetwork(mlp([31, 32, 20], 'relu'));
    initialise(network, rng(2), { kind: 'torch-linear' });
    const gradient = (): void => {
      network.forward(x, 1, y);
      network.backwardInput(dOut, 1, dX);
    };
    for (let i = 0; i < 20_000; i++) gradient();
    const before = { kernel: kernel().heap.used, kernelReserved: kernel().heap.floats.length };
    const heapBefore = collectedHeap();
    for (let i = 0; i < 100_000; i++) gradient();
    expect({ kernel: kernel().heap.used, kernelReserved: kernel().heap.floats.length }).toEqual(before);
    expect(collectedHeap() - heapBefore).toBeLessThan(2e6); // 20 bytes a gradient
  });

  it.each([
    ['wasm', 1000],
    ['cpu', 500],
  ] as const)('of tensors on the %s backend over %i gradients and optimiser steps', async (force, steps) => {
    using _backend = await selectBackend({ force });
    const w = tf.variable(tf.randomUniform([31, 20], -0.1, 0.1, 'float32', 1));
    const input = tf.tensor2d(x.subarray(0, 4 * 31), [4, 31]);
    const optimizer = tf.train.adam(1e-3);
    const step = (): void => {
      tf.dispose(tf.tidy(() => tf.grad((at: tf.Tensor) => at.matMul(w).relu().sum())(input)));
      optimizer.minimize(() => input.matMul(w).square().mean().asScalar(), false, [w]);
    };
    for (let i = 0; i < 100; i++) step();
    const alive = tensorsAlive();
    const heapBefore = collectedHeap();
    for (let i = 0; i < steps; i++) step();
    expect(tensorsAlive()).toEqual(alive);
    expect(collectedHeap() - heapBefore).toBeLessThan(2e6);
    optimizer.dispose();
    tf.dispose([w, input]);
  });
});

/** Bytes of the JavaScript heap that are still reachable. */
function collectedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
