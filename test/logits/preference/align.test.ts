import type { Tensor, Tensor1D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { align, irepo, regress } from '../../../logits/preference/align.ts';
import type { Alignment } from '../../../logits/preference/align.ts';
import { DecisionPolicy, oneDecision } from '../../../logits/preference/decision-policy.ts';
import type { Decisions } from '../../../logits/preference/decision-policy.ts';
import { objectives, preferenceLoss } from '../../../logits/preference/objective.ts';
import type { ObjectiveName } from '../../../logits/preference/objective.ts';
import type { Comparisons } from '../../../logits/preference/pairs.ts';
import { RewardModel } from '../../../logits/preference/reward-model.ts';
import type { Vote } from '../../../logits/preference/reward-model.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { centralDifference } from '../../support/central-difference.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

/** Two arms without a context: the network is a bias. */
const arms = (logits: readonly number[]): DecisionPolicy<Float32Array> => {
  const network = createNetwork(mlp([1, logits.length], 'tanh'));
  network.writeParameters(Float32Array.from([...logits.map(() => 0), ...logits]));
  return new DecisionPolicy(tf, network, oneDecision);
};
const nothing = new Float32Array(1);
const prompts = Array.from({ length: 200 }, () => nothing);
const utilities = [0.8, 0];
const panel = [{ utilities: (_x: Float32Array, ys: readonly Decisions[]) => ys.map((y) => utilities[y.actions[0]!]!) }];

const probability = (policy: DecisionPolicy<Float32Array>): number => {
  const z = new Float32Array(2);
  policy.network.forward(nothing, 1, z);
  return 1 / (1 + Math.exp(z[1]! - z[0]!));
};

/** π_ref exp(r/β), normalised: the fixed point with a fixed reference. */
const optimal = (reference: number, beta: number): number => {
  const odds = (reference / (1 - reference)) * Math.exp((utilities[0]! - utilities[1]!) / beta);
  return odds / (1 + odds);
};

const setting: Alignment = {
  ...irepo,
  annotators: 400,
  responses: 2,
  iterations: 2,
  steps: 300,
  learningRate: 0.02,
  batch: 0,
};

describe('two arms', () => {
  it.each([
    [0.4, 0.5],
    [0.25, 1],
  ])('end at the KL-regularised optimum: reference %f, β %f', async (reference, beta) => {
    using policy = arms([Math.log(reference / (1 - reference)), 0]);
    await align(tf, policy, { prompts, panel }, { ...setting, beta }, rng(1));
    expect(probability(policy)).toBeCloseTo(optimal(reference, beta), 1.5);
  });

  it('go beyond it by hard labels, and by a reference that moves', async () => {
    const wanted = optimal(0.4, 0.5);
    for (const other of [{ objective: 'dpo' }, { reference: 'moving' }] as const) {
      using policy = arms([Math.log(0.4 / 0.6), 0]);
      await align(tf, policy, { prompts, panel }, { ...setting, ...other }, rng(1));
      expect(probability(policy)).toBeGreaterThan(wanted + 0.03);
    }
  });

  it('IPO stops where its margin is 1/(2β), whoever voted how', async () => {
    using policy = arms([0, 0]);
    await align(tf, policy, { prompts, panel: [{ ...panel[0]!, noise: 0 }] }, { ...setting, objective: 'ipo' }, rng(1));
    expect(Math.log(probability(policy) / (1 - probability(policy)))).toBeCloseTo(1 / (2 * setting.beta), 1);
  });
});

/** A policy of three decisions in a row, and pairs of responses to it. */
const deciding = (seed: number): DecisionPolicy<number> => {
  const network = createNetwork(mlp([2, 5, 3], 'tanh'));
  initialise(network, rng(seed), { kind: 'torch-linear' });
  return new DecisionPolicy(tf, network, (asked, count, choose, random) =>
    asked.map((x, n) =>
      Array.from({ length: count }, (_, d) => {
        const observations = Float32Array.from({ length: 6 }, (_, i) => Math.sin(x + i * 0.7));
        const streams = [0, 1, 2].map((t) => random.split(n).split(d).split(t));
        return { observations, actions: choose(observations, streams) };
      }),
    ),
  );
};

const comparisonsOf = async (policy: DecisionPolicy<number>): Promise<Comparisons<number, Decisions>[]> => {
  const xs = [1, 2, 3, 4];
  const sampled = await policy.sample(xs, 3, rng(9));
  return xs.map((x, n) => ({
    x,
    responses: sampled[n]!,
    pairs: [
      { i: 0, j: 2, target: 0.7 - 0.3 * n },
      { i: 2, j: 1, target: 0.2 * n },
    ],
  }));
};

/** L from log-probabilities, by the definitions, in float64. */
function lossByDefinition(
  name: ObjectiveName,
  beta: number,
  own: ArrayLike<number>,
  base: ArrayLike<number>,
  pairs: readonly { readonly i: number; readonly j: number; readonly target: number }[],
): number {
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const values = pairs.map(({ i, j, target: t }) => {
    const d = beta * (own[i]! - base[i]! - (own[j]! - base[j]!));
    if (name === 'irepo') return (t - d) ** 2;
    if (name === 'dpo') return -Math.log(sigmoid(d));
    if (name === 'soft-dpo') return -(sigmoid(t) * Math.log(sigmoid(d)) + sigmoid(-t) * Math.log(sigmoid(-d)));
    if (name === 'ipo') return (d / beta - 1 / (2 * beta)) ** 2;
    return -own[i]!;
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('the losses', () => {
  const own = [-1.2, -0.4, -2.5, -0.9, -3.1];
  const base = [-1, -0.9, -2.2, -1.4, -2];
  const pairs = [
    { i: 0, j: 1, target: 0.6 },
    { i: 2, j: 0, target: 1.4 },
    { i: 3, j: 4, target: 0 },
    { i: 1, j: 3, target: 2.2 },
  ];
  const beta = 0.4;
  const batch = () => ({
    reference: tf.tensor1d(base),
    i: tf.tensor1d(
      pairs.map(({ i }) => i),
      'int32',
    ),
    j: tf.tensor1d(
      pairs.map(({ j }) => j),
      'int32',
    ),
    target: tf.tensor1d(pairs.map(({ target }) => target)),
  });

  it.each(objectives)('and their slopes are those of their definitions: %s', (name) => {
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((lp: Tensor) => preferenceLoss(tf, name, beta, lp as Tensor1D, batch()))(tf.tensor1d(own)),
    );
    expect(value.dataSync()[0]).toBeCloseTo(lossByDefinition(name, beta, own, base, pairs), 5);
    const at = Float64Array.from(own);
    grad.dataSync().forEach((slope, index) => {
      const wanted = centralDifference(at, index, 1e-5, () => lossByDefinition(name, beta, at, base, pairs));
      expect(slope).toBeCloseTo(wanted, 4);
    });
    tf.dispose([value, grad]);
  });

  it('one step goes down the gradient of the whole, as finite differences of the network have it', async () => {
    using policy = deciding(1);
    using reference = deciding(2);
    const comparisons = await comparisonsOf(policy);
    const answers = comparisons.flatMap(({ x, responses }) => responses.map((y) => ({ x, y })));
    const known = [...(await reference.logProbs(answers))];
    const flat = comparisons.flatMap(({ pairs: own }, n) =>
      own.map(({ i, j, target }) => ({ i: 3 * n + i, j: 3 * n + j, target })),
    );
    const theta = policy.parameters();
    const valueAt = async (index: number, v: number): Promise<number> => {
      policy.network.writeParameters(theta.with(index, v));
      return lossByDefinition('irepo', beta, [...(await policy.logProbs(answers))], known, flat);
    };
    const indices = [0, 7, 13, 16, 24, 32];
    const wanted: number[] = [];
    for (const index of indices) {
      const h = 1e-2;
      wanted.push(((await valueAt(index, theta[index]! + h)) - (await valueAt(index, theta[index]! - h))) / (2 * h));
    }
    policy.network.writeParameters(theta);
    using training = policy.descent(1e-30);
    await regress(tf, training, reference, comparisons, { objective: 'irepo', beta, steps: 1, batch: 0 }, rng(1));
    const gradients = new Float32Array(theta.length);
    policy.network.readGradients(gradients);
    indices.forEach((index, n) => expect(gradients[index]).toBeCloseTo(wanted[n]!, 2));
  });

  it('a target of t = Δr_θ has no gradient', async () => {
    using policy = deciding(1);
    using reference = deciding(2);
    const comparisons = await comparisonsOf(policy);
    const answers = comparisons.flatMap(({ x, responses }) => responses.map((y) => ({ x, y })));
    const [own2, base2] = [await policy.logProbs(answers), await reference.logProbs(answers)];
    const reward = (row: number): number => beta * (own2[row]! - base2[row]!);
    const told = comparisons.map((comparison, n) => ({
      ...comparison,
      pairs: comparison.pairs.map(({ i, j }) => ({ i, j, target: reward(3 * n + i) - reward(3 * n + j) })),
    }));
    using training = policy.descent(1e-30);
    const loss = await regress(tf, training, reference, told, { objective: 'irepo', beta, steps: 1, batch: 0 }, rng(1));
    expect(loss).toBeLessThan(1e-10);
    expect(policy.network.gradientNorm()).toBeLessThan(1e-5);
  });
});

describe('the loop', () => {
  const data = {
    prompts: [1, 2, 3, 4, 5, 6],
    panel: [{ utilities: (_x: number, ys: readonly Decisions[]) => ys.map((y) => y.actions[0]!) }],
  };
  const small: Alignment = { ...irepo, iterations: 2, steps: 5, batch: 4 };

  it.each([small, { ...small, pairs: 'all', reference: 'moving' }, { ...small, objective: 'soft-dpo' }] as Alignment[])(
    'gives the same bits of a seed, and others of another',
    async (options) => {
      const run = async (seed: number): Promise<Float32Array> => {
        using policy = deciding(1);
        await align(tf, policy, data, options, rng(seed));
        return policy.parameters();
      };
      expect(await run(1)).toEqual(await run(1));
      expect(await run(1)).not.toEqual(await run(2));
    },
  );

  it('says what it does: iterations, steps, pairs', async () => {
    using policy = deciding(1);
    const seen: string[] = [];
    const { loss } = await align(tf, policy, data, small, rng(1), {
      iteration: (iteration, comparisons) => void seen.push(`iteration ${iteration} of ${comparisons.length}`),
      step: (iteration, step, value) =>
        void (step === 5 && seen.push(`${iteration}.${step} ${Number.isFinite(value)}`)),
    });
    expect(seen).toEqual(['1.5 true', 'iteration 1 of 6', '2.5 true', 'iteration 2 of 6']);
    expect(Number.isFinite(loss)).toBe(true);
  });

  it('leaves no tensor behind', async () => {
    using policy = deciding(1);
    await expectNoLeakedTensors(async () => void (await align(tf, policy, data, small, rng(1))));
  });

  it('refuses what cannot be', async () => {
    using policy = deciding(1);
    for (const wrong of [{ beta: 0 }, { learningRate: -1 }, { responses: 1 }, { steps: 1.5 }] as Partial<Alignment>[])
      await expect(align(tf, policy, data, { ...small, ...wrong }, rng(1))).rejects.toThrow(ConfigError);
    await expect(align(tf, policy, { ...data, prompts: [] }, small, rng(1))).rejects.toThrow(ConfigError);
  });
});

describe('a learned annotator', () => {
  it('comes to the differences of the utility behind the votes', async () => {
    const random = rng(3);
    const r = [1.5, 0, -1];
    const votes = Array.from({ length: 3000 }, (): Vote<null, number> => {
      const [a, b] = [random.int(3), random.int(3)];
      const first = random.uniform() < 1 / (1 + Math.exp(r[b]! - r[a]!));
      return { x: null, preferred: first ? a : b, other: first ? b : a };
    });
    const features = (_x: null, y: number): number[] => [0, 1, 2].map((k) => (k === y ? 1 : 0));
    using model = await RewardModel.fit(tf, votes, features, rng(4), { hidden: [8], steps: 400, learningRate: 5e-3 });
    const learned = model.utilities(null, [0, 1, 2]);
    expect(Math.abs(learned[0]! - learned[1]! - 1.5)).toBeLessThan(0.25);
    expect(Math.abs(learned[1]! - learned[2]! - 1)).toBeLessThan(0.25);
  });

  it('needs a vote', async () => {
    await expect(RewardModel.fit(tf, [], () => [1], rng(1))).rejects.toThrow(ConfigError);
  });
});
