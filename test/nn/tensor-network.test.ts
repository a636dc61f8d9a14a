import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asyncAttackEngine } from '../../attacks/async-engine.ts';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import { goalOf } from '../../core/goal.ts';
import { ConfigError, ShapeError, StateError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';
import { calibrate, crossoverOf } from '../../nn/crossover.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { mlp } from '../../nn/layers.ts';
import { loadPolicy, policyFiles } from '../../nn/policy.ts';
import { tensorNetwork } from '../../nn/tensor-network.ts';
import { tensorVictim } from '../../nn/tensor-victim.ts';
import { policyVictim } from '../../nn/victim.ts';
import { plainFeatures, threatOf } from '../support/threat.ts';
import { fill, randomCase, uniform } from './random-network.ts';

const close = (got: Float32Array, expected: Float32Array, tolerance = 1e-5): void => {
  const scale = Math.max(1, ...expected.map(Math.abs));
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * scale));
};

describe.each(['cpu', 'wasm'])('a dense network on tensors (%s)', (force) => {
  let backend: SelectedBackend;
  beforeAll(async () => {
    backend = await selectBackend({ force });
  });
  afterAll(() => backend[Symbol.dispose]());

  it('gives the kernel’s outputs and gradients, for random shapes, batches and activations', async () => {
    await fc.assert(
      fc.asyncProperty(randomCase, async ({ layers, rows, seed }) => {
        using network = createNetwork(layers);
        fill(network, seed);
        const parameters = new Float32Array(network.size);
        network.readParameters(parameters);
        using tensors = tensorNetwork(tf, layers);
        tensors.writeParameters(parameters);
        const stream = rng(seed).split('inputs');
        const x = uniform(rows * network.inputs, stream);
        const dOut = uniform(rows * network.outputs, stream);
        const [out, dX, dTheta] = [dOut.length, x.length, network.size].map((n) => new Float32Array(n));
        network.forward(x, rows, out!);
        network.backward(dOut, rows, dX);
        network.readGradients(dTheta!);
        const got = new Float32Array(out!.length);
        await tensors.forward(x, rows, got);
        close(got, out!);
        const gradient = new Float32Array(x.length);
        await tensors.gradient(
          x,
          rows,
          (z, row, count, d) => {
            close(z, out!.subarray(row * network.outputs, (row + count) * network.outputs));
            d.set(dOut.subarray(row * network.outputs, (row + count) * network.outputs));
          },
          gradient,
        );
        close(gradient, dX!);
        const parameterGradient = new Float32Array(network.size);
        await tensors.parameterGradient(x, dOut, rows, parameterGradient);
        close(parameterGradient, dTheta!);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('leaves no tensor behind', async () => {
    const layers = mlp([5, 8, 3], 'silu');
    const x = uniform(4 * 5, rng(1));
    const work = async (): Promise<void> => {
      using tensors = tensorNetwork(tf, layers);
      tensors.writeParameters(uniform(tensors.size, rng(2)));
      await tensors.forward(x, 4, new Float32Array(12));
      await tensors.gradient(x, 4, (_z, _row, _count, d) => void d.fill(1), new Float32Array(20));
      await tensors.parameterGradient(x, new Float32Array(12).fill(1), 4, new Float32Array(tensors.size));
    };
    await work();
    const { numTensors, numDataBuffers } = tf.memory();
    await work();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('behind statistics that clip, and in tiles, gives what the kernel’s policy gives', async () => {
    using policy = standardisedPolicy(0.5);
    using victim = tensorVictim(tf, policy, 4 * 16 * 3); // tiles of three rows
    const kernel = policyVictim(policy);
    const rows = 8;
    const x = uniform(rows * 6, rng(7)).map(Math.abs);
    const clipped = x.map((value) => (Math.abs(value - 0.4) / 0.3 >= 0.5 ? 1 : 0));
    expect(new Set(clipped)).toEqual(new Set([0, 1]));
    const clean = new Float32Array(rows * 4);
    kernel.logits(x, rows, clean);
    const logits = new Float32Array(rows * 4);
    await victim.logits(x, rows, logits);
    close(logits, clean);
    const side = Int8Array.from({ length: rows }, (_, row) => (row % 2 ? 1 : -1));
    const bound = { objective: objectives['grouped-margin'], goal: { ...goalOf(kernel, rows), x, clean, side } };
    const [value, expectedValue] = [new Float32Array(rows), new Float32Array(rows)];
    const [gradient, expected] = [new Float32Array(rows * 6), new Float32Array(rows * 6)];
    kernel.valueAndGradient(bound, x, rows, expectedValue, expected);
    await victim.valueAndGradient(bound, x, rows, value, gradient);
    close(value, expectedValue);
    close(gradient, expected);
    clipped.forEach((is, i) => is && expect(gradient[i]).toBe(0));
    await expect(victim.logits(x, rows + 1, new Float32Array(9 * 4))).rejects.toThrow(ShapeError);
  });

  it('is attacked as the kernel’s policy is: the same threat set, steps and decisions', async () => {
    const features = plainFeatures(6);
    using policy = standardisedPolicy(10);
    using victim = tensorVictim(tf, policy);
    const threat = threatOf([0.1, 0.05, 0, 0.2, 0.1, 0.1]);
    const attack = attacks.bifurcation.make({ steps: 20, restarts: 2, schedule: 'relative' });
    const rows = 40;
    const x = Float32Array.from({ length: rows * 6 }, () => 0).map((_, i) => Math.abs(Math.sin(i)));
    const rngs = (): ReturnType<typeof rng>[] => Array.from({ length: rows }, (_, r) => rng(4).split(r));
    const sync = attackEngine({ attack, threat, victim: policyVictim(policy), features });
    const expected = new Float32Array(x.length);
    sync.perturb(x, rows, 0, rngs(), expected);
    const engine = asyncAttackEngine({ attack, threat, victim, features });
    const out = new Float32Array(x.length);
    await engine.perturb(x, rows, 0, rngs(), out);
    // A sign may tip on a gradient of 1e-7; the decisions reached may not differ in more than a row or two.
    const changed = (success: Uint8Array): number => success.reduce((sum, value) => sum + value, 0);
    expect(Math.abs(changed(engine.verdict.success) - changed(sync.verdict.success))).toBeLessThanOrEqual(1);
    expect(out.filter((value, i) => Math.abs(value - expected[i]!) > 1e-5).length).toBeLessThan(0.05 * x.length);
    expect(engine.verdict.cleanAction).toEqual(sync.verdict.cleanAction);
    expect(engine.meter.gradients).toBeGreaterThan(rows);
  });

  it('says what is wrong', async () => {
    const tensors = tensorNetwork(tf, mlp([2, 3], 'relu'));
    await expect(tensors.forward(new Float32Array(3), 2, new Float32Array(6))).rejects.toThrow(ShapeError);
    expect(() => tensors.writeParameters(new Float32Array(1))).toThrow(ShapeError);
    tensors[Symbol.dispose]();
    await expect(tensors.forward(new Float32Array(4), 2, new Float32Array(6))).rejects.toThrow(StateError);
    using policy = loadPolicyOf();
    using victim = tensorVictim(tf, policy);
    const setup = { threat: threatOf([0.1]), victim, features: plainFeatures(1) };
    expect(() => asyncAttackEngine({ attack: attacks['random-noise'].make({}), ...setup })).toThrow(ConfigError);
    const attack = attacks.pgd.make({ steps: 2 });
    const low = new Float32Array(2);
    expect(() => asyncAttackEngine({ attack, ...setup, threat: { ...setup.threat, low } })).toThrow(
      'asyncAttackEngine: low has 2 values, expected 1',
    );
    const engine = asyncAttackEngine({ attack, ...setup });
    await expect(engine.perturb(new Float32Array(2), 2, 0, [rng(1)], new Float32Array(2))).rejects.toThrow(
      'perturb: 1 random streams for 2 rows',
    );
  });

  it('is timed beside the kernel', async () => {
    let clock = 0;
    const { points } = await calibrate(tf, mlp([4, 8, 2], 'relu'), () => (clock += 1), [1, 8]);
    expect(points).toEqual([1, 8].map((rows) => ({ rows, kernelMs: 1, tensorMs: 1 })));
    let readings = 0;
    const slow = await calibrate(tf, mlp([4, 8, 2], 'relu'), () => 1000 * readings++, [8]);
    expect(slow.points).toEqual([{ rows: 8, kernelMs: 1000, tensorMs: 1000 }]);
    expect(readings).toBe(4); // once on each: nobody waits for what is slow four times
  });
});

function standardisedPolicy(clip: number) {
  const files = policyFiles(
    {
      name: 'p',
      observation: {
        features: plainFeatures(6),
        normalisation: 'fixed',
        normaliser: { mean: Array(6).fill(0.4), variance: Array(6).fill(0.09), epsilon: 1e-8, clip },
      },
      action: { features: plainFeatures(1) },
      head: { kind: 'categorical', values: [-1, -0.5, 0.5, 1] },
      layers: mlp([6, 16, 4], 'tanh'),
    },
    uniform(6 * 16 + 16 + 16 * 4 + 4, rng(3)),
  );
  return loadPolicy(files.card, files.weights, 'p');
}

function loadPolicyOf() {
  const files = policyFiles(
    {
      name: 'p',
      observation: { features: plainFeatures(1), normalisation: 'fixed' },
      action: { features: plainFeatures(1) },
      head: { kind: 'deterministic', low: [0], high: [1] },
      layers: mlp([1, 1], 'relu'),
    },
    Float32Array.of(1, 0),
  );
  return loadPolicy(files.card, files.weights, 'p');
}

describe('the crossover', () => {
  const at = (...gaps: number[]) =>
    crossoverOf(gaps.map((gap, i) => ({ rows: 10 ** i, kernelMs: 5 + gap, tensorMs: 5 })));

  it('is where the lines through the times meet, from the last size at which the kernel wins', () => {
    expect(at(-1, -1, -1)).toBeNull();
    expect(at(1, 2, 3)).toBe(1);
    expect(at(-1, -1, 1)).toBe(55);
    expect(at(1, -3, 1)).toBe(78);
    expect(at(1, 1, -1)).toBeNull();
  });
});
