import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { entropy } from '../../../logits/entropy.ts';
import { argMax } from '../../../logits/row.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import { tensorResponse } from '../../../logits/scaling-law/tensor-response.ts';
import { pgdTraining, stepLeastLikelyTraining, trainClassifier } from '../../../logits/scaling-law/train.ts';
import type { Labelled, TrainOptions } from '../../../logits/scaling-law/train.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { centralDifference } from '../../support/central-difference.ts';

/** Two classes, by the sign of the first of two inputs. */
function task(rows: number, seed: number): Labelled {
  const random = rng(seed);
  const x = Float32Array.from({ length: 2 * rows }, () => 2 * random.uniform() - 1);
  return { x, labels: Int32Array.from({ length: rows }, (_, row) => (x[2 * row]! > 0 ? 1 : 0)) };
}

async function trained(options: Partial<TrainOptions>) {
  using network = createNetwork(mlp([2, 16, 2], 'tanh'));
  initialise(network, rng(1), { kind: 'orthogonal', outputGain: 1 });
  await trainClassifier(network, task(500, 1), { steps: 150, batch: 32, learningRate: 1e-2, ...options }, rng(2));
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const test = task(500, 3);
  const z = await logitsOf(network, test.x);
  const slope = new Float32Array(z.length);
  let uncertainty = 0;
  for (let row = 0; row < 500; row++) uncertainty += entropy(z, 2 * row, 2, slope) / 500;
  const right = test.labels.filter((label, row) => argMax(z, 2 * row, 2) === label).length;
  return { parameters, uncertainty, accuracy: right / 500 };
}

describe('entropy of a row', () => {
  it('is its definition, with the derivative that central differences give', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 6 }), (values) => {
        const z = Float64Array.from(values);
        const gradient = new Float64Array(z.length);
        const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
        const p = values.map((value) => Math.exp(value) / total);
        expect(entropy(z, 0, z.length, gradient)).toBeCloseTo(-p.reduce((sum, q) => sum + q * Math.log(q), 0), 9);
        const scratch = new Float64Array(z.length);
        for (let i = 0; i < z.length; i++)
          expect(gradient[i]).toBeCloseTo(
            centralDifference(z, i, 1e-5, () => entropy(z, 0, z.length, scratch)),
            6,
          );
      }),
      { numRuns: 40 },
    );
  });

  it('of logits far apart, or impossible, is 0 without a slope', () => {
    for (const z of [Float64Array.of(1e4, 0), Float64Array.of(0, Number.NEGATIVE_INFINITY)]) {
      const gradient = new Float64Array(2).fill(7);
      expect(entropy(z, 0, 2, gradient)).toBeCloseTo(0, 12);
      expect([...gradient].map(Math.abs)).toEqual([0, 0]);
    }
  });
});

describe('trainClassifier', () => {
  it('learns, and with λ = 0 is plain training to the bit', async () => {
    const plain = await trained({});
    expect(plain.accuracy).toBeGreaterThan(0.93);
    expect((await trained({ entropy: 0 })).parameters).toEqual(plain.parameters);
    expect((await trained({ entropy: 0.5 })).parameters).not.toEqual(plain.parameters);
  });

  it('is surer with λ above 0, and less sure below', async () => {
    const [bonus, plain, penalty] = [
      await trained({ entropy: -0.3 }),
      await trained({}),
      await trained({ entropy: 0.5 }),
    ];
    expect(penalty.uncertainty).toBeLessThan(plain.uncertainty);
    expect(plain.uncertainty).toBeLessThan(bonus.uncertainty);
  });

  it('trains on what the hardening shows, within its ε', async () => {
    for (const hardening of [pgdTraining(0.1, 2), stepLeastLikelyTraining(0.1)]) {
      const { x, labels } = task(20, 4);
      using network = createNetwork(mlp([2, 4, 2], 'tanh'));
      initialise(network, rng(1), { kind: 'orthogonal', outputGain: 1 });
      const shown = await hardening(network, x, labels);
      const furthest = Math.max(...shown.map((value, i) => Math.abs(value - x[i]!)));
      expect(furthest).toBeGreaterThan(0.09);
      expect(furthest).toBeLessThan(0.1 + 1e-6);
      expect((await trained({ hardening })).accuracy).toBeGreaterThan(0.9);
    }
    const { x, labels } = task(20, 4);
    using network = createNetwork(mlp([2, 4, 2], 'tanh'));
    initialise(network, rng(1), { kind: 'orthogonal', outputGain: 1 });
    const shown = await stepLeastLikelyTraining(0.1)(network, x, labels);
    expect(shown.subarray(0, 20)).toEqual(x.subarray(0, 20));
  });

  it('names what does not fit', async () => {
    await expect(trained({ steps: 0 })).rejects.toThrow(ConfigError);
    await expect(trained({ entropy: Number.NaN })).rejects.toThrow('entropy is NaN');
    using network = createNetwork(mlp([3, 2], 'tanh'));
    await expect(trainClassifier(network, task(5, 1), { steps: 1 }, rng(0))).rejects.toThrow(ShapeError);
  });
});

describe('tensorResponse', () => {
  let backend: SelectedBackend;
  beforeAll(async () => void (backend = await selectBackend({ force: 'cpu' })));
  afterAll(() => backend[Symbol.dispose]());

  it('is that of the same network on our kernel, and leaves no tensor behind', async () => {
    const { tf } = backend;
    using network = createNetwork(mlp([4, 3], 'tanh'));
    initialise(network, rng(3), { kind: 'torch-linear' });
    const parameters = new Float32Array(network.size);
    network.readParameters(parameters);
    const w = tf.tensor(parameters.slice(0, 12), [4, 3]);
    const b = tf.tensor(parameters.slice(12), [3]);
    const before = tf.memory().numTensors;
    const response = tensorResponse(tf, { k: 3, logits: (x) => x.reshape([-1, 4]).matMul(w).add(b) }, [2, 2]);
    const random = rng(4);
    const x = Float32Array.from({ length: 8 }, () => random.normal());
    const dOut = Float32Array.from({ length: 6 }, () => random.normal());
    const got = [new Float32Array(6), new Float32Array(8)] as const;
    const wanted = [new Float32Array(6), new Float32Array(8)] as const;
    await response.forward(x, 2, got[0]);
    await response.backwardInput(dOut, 2, got[1]);
    network.forward(x, 2, wanted[0]);
    network.backwardInput(dOut, 2, wanted[1]);
    for (const part of [0, 1] as const)
      for (const [i, value] of got[part].entries()) expect(value).toBeCloseTo(wanted[part][i]!, 5);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([w, b]);
  });
});
