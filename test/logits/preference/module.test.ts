import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { align, irepo } from '../../../logits/preference/align.ts';
import type { Alignment } from '../../../logits/preference/align.ts';
import { DecisionPolicy, oneDecision } from '../../../logits/preference/decision-policy.ts';
import type { Decisions } from '../../../logits/preference/decision-policy.ts';
import { Preference } from '../../../logits/preference/module.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { moduleContract } from '../module-contract.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const reference = (): DecisionPolicy<Float32Array> => {
  const network = createNetwork(mlp([2, 8, 3], 'tanh'));
  initialise(network, rng(1), { kind: 'torch-linear' });
  return new DecisionPolicy(tf, network, oneDecision);
};

const prompts = (count: number, seed: number): Float32Array[] => {
  const random = rng(seed);
  return Array.from({ length: count }, () => Float32Array.of(random.normal(), random.normal()));
};

/** The first action is worth x₀, the second x₁, the third nothing. */
const panel = [
  {
    utilities: (x: Float32Array, ys: readonly Decisions[]) => ys.map(({ actions }) => [x[0]!, x[1]!, 0][actions[0]!]!),
  },
];

const fitted = async (strength: number, setting: Partial<Alignment> = {}) => {
  const options = { ...irepo, iterations: 1, steps: 15, learningRate: 0.01, ...setting };
  const module = new Preference(tf, reference(), options, strength, rng(7));
  await module.fit({ prompts: prompts(40, 2), panel }, rng(3));
  return module;
};

describe('the module', () => {
  moduleContract(() => {
    const turn = tf.tensor2d([1, -1, 0.5, 2, 0, 1], [2, 3]);
    const base: LogitModel<Tensor> = { k: 3, logits: (x) => tf.matMul(x as Tensor2D, turn) };
    return { tf, base, x: tf.tensor2d([0.3, -0.7, 1.1, 0.4], [2, 2]), at: ((s: number) => fitted(s)) as never };
  });

  it('around its own reference is the aligned policy, with its numbers', async () => {
    using start = reference();
    using aligned = reference();
    await align(
      tf,
      aligned,
      { prompts: prompts(40, 2), panel },
      { ...irepo, iterations: 1, steps: 15, learningRate: 0.01 },
      rng(3),
    );
    using module = await fitted(1);
    const x = tf.tensor2d([0.3, -0.7, 1.1, 0.4], [2, 2]);
    const [own, wrapped] = [aligned, module.wrap(start)].map((model) =>
      tf.tidy(() => [...logSoftmax(tf, model.logits(x)).dataSync()]),
    );
    wrapped!.forEach((value, i) => expect(value).toBeCloseTo(own![i]!, 5));
    x.dispose();
  });

  it('reports that it wins, how far it went, and how well it regressed', async () => {
    using module = await fitted(1, { iterations: 2, steps: 200, annotators: 21 });
    const { winRate, kl, slope, correlation } = await module.report({ prompts: prompts(300, 5), panel });
    expect(winRate).toBeGreaterThan(0.55);
    expect(kl).toBeGreaterThan(0.05);
    expect(slope).toBeGreaterThan(0.4);
    expect(correlation).toBeGreaterThan(0.6);
    expect(await module.report({ prompts: prompts(300, 5), panel })).toEqual({ winRate, kl, slope, correlation });
  });

  it('refuses a model with other alternatives', async () => {
    using module = await fitted(1);
    expect(() => module.wrap({ k: 2, logits: (x) => x })).toThrow(ShapeError);
  });
});
