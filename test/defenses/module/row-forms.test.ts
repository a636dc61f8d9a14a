import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { GradientAccess, Objective } from '../../../core/victim.ts';
import { biased } from '../../../defenses/module/amu.ts';
import { fusedAccess, ofController, ofNetwork } from '../../../defenses/module/fused.ts';
import { contextsOf, guided } from '../../../defenses/module/steer.ts';
import { tensorAccess, tensorFunction, tensorModel } from '../../../defenses/module/tensor-bridge.ts';
import { Amu } from '../../../logits/few-shot/amu.ts';
import { policyGuidance } from '../../../logits/guidance/policy.ts';
import { RowGuidance } from '../../../logits/guidance/row-guidance.ts';
import { differenceModel } from '../../../logits/unlearning/difference.ts';
import { RowDifference } from '../../../logits/unlearning/row-difference.ts';
import { difference } from '../../../defenses/module/uld.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { selectBackend } from '../../../nn/backend.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Network } from '../../../nn/network.ts';
import { policyVictim } from '../../../nn/victim.ts';

const [size, k, rows] = [6, 5, 7];
const head: Head = { kind: 'categorical', values: [-1, -0.5, 0, 0.5, 1] };

function network(seed: number, outputs = k): Network {
  const own = createNetwork(mlp([size, 12, outputs], 'tanh'));
  initialise(own, rng(seed), { kind: 'orthogonal', outputGain: 3 });
  return own;
}

const victim = (seed: number): GradientAccess => policyVictim({ network: network(seed), card: { head } });
const stream = rng(11);
const x = Float32Array.from({ length: rows * size }, () => stream.uniform());

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

/** Logits, and the gradient of a random linear function of them. */
function asked(access: GradientAccess): { logits: Float32Array; gradient: Float32Array; action: Float64Array } {
  const own = rng(5);
  const objective: Objective = {
    name: 'covector',
    check: () => undefined,
    evaluate(_head, logits, _goal, _rows, value, gradient) {
      value.fill(0);
      for (let i = 0; i < logits.length; i++) gradient[i] = own.normal();
    },
  };
  const logits = new Float32Array(rows * k);
  const gradient = new Float32Array(rows * size);
  const action = new Float64Array(rows);
  access.logits(x, rows, logits);
  access.decide(x, rows, action);
  const goal = { x, clean: logits, side: new Int8Array(rows), action: new Float64Array(rows) };
  access.valueAndGradient({ objective, goal }, x, rows, new Float32Array(rows), gradient);
  return { logits, gradient, action };
}

function expectSame(fast: GradientAccess, slow: GradientAccess): void {
  const [a, b] = [asked(fast), asked(slow)];
  a.logits.forEach((value, i) => expect(value).toBeCloseTo(b.logits[i]!, 4));
  a.gradient.forEach((value, i) => expect(value).toBeCloseTo(b.gradient[i]!, 3));
  expect(a.action).toEqual(b.action);
  expect(Math.max(...a.gradient.map(Math.abs))).toBeGreaterThan(0.1);
}

describe('on typed arrays as on tensors', () => {
  it.each([
    { gamma: 0.7, eta: 0 },
    { gamma: 0, eta: 0.6 },
    { gamma: 0.4, eta: 0.3 },
  ])('guidance by %j', ({ gamma, eta }) => {
    const { tf } = backend;
    const [expert, base] = [victim(1), victim(2)];
    const unsafe = Float32Array.from({ length: 4 * size }, () => stream.uniform());
    const bandwidth = 0.6;
    const rowForm = new RowGuidance({ gamma, eta }, contextsOf(expert, unsafe, bandwidth), size, k);
    const module = policyGuidance(tf, {
      setting: { gamma, eta, rho: 0 },
      base: tensorModel(tf, base),
      unsafe,
      bandwidth,
    });
    expectSame(
      fusedAccess([ofController(expert), ofController(base)], guided(rowForm, expert), expert),
      tensorAccess(tf, module.wrap(tensorModel(tf, expert)), expert),
    );
  });

  it.each([0.01, 0.3, 0])('a difference behind a filter of %f', (filterRate) => {
    const { tf } = backend;
    const [target, assistant] = [victim(7), victim(8)];
    const options = { alpha: 0.8, filterRate };
    expectSame(
      fusedAccess(
        [ofController(target), ofController(assistant)],
        difference(new RowDifference(options, k), k),
        target,
      ),
      tensorAccess(tf, differenceModel(tf, tensorModel(tf, target), tensorModel(tf, assistant), options), target),
    );
  });

  it.each(['kurtosis', 'none'] as const)('a bias weighed by %s', async (uncertainty) => {
    const { tf } = backend;
    const access = victim(3);
    const encoder = network(4, 8);
    using module = new Amu<Tensor>(tf, tensorFunction(tf, encoder), { alpha: 1.5, uncertainty }, { epochs: 4 });
    const few = tf.tensor2d(x, [rows, size]);
    const labels = tf.tensor1d([0, 1, 2, 3, 4, 0, 1], 'int32');
    const base = tensorModel(tf, access);
    await module.fit({ base, x: few, labels }, rng(6));
    tf.dispose([few, labels]);
    expectSame(
      fusedAccess([ofController(access), ofNetwork(encoder)], biased(module.trained(), 8, k), access),
      tensorAccess(tf, module.wrap(base), access),
    );
  });
});
