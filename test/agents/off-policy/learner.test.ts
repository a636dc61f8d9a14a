import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TransitionBatch } from '../../../agents/buffer/replay.ts';
import { unitActions } from '../../../agents/off-policy/action-coding.ts';
import { actionNoise, actionNoiseOption } from '../../../agents/off-policy/action-noise.ts';
import type { OffPolicyAlgorithm, Update } from '../../../agents/off-policy/algorithm.ts';
import { OffPolicyLearner } from '../../../agents/off-policy/learner.ts';
import { offPolicyOptions } from '../../../agents/off-policy/options.ts';
import { sacConfig } from '../../../agents/sac/config.ts';
import { smoothTargets } from '../../../agents/td3/target-smoothing.ts';
import { StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { VectorEnv } from '../../../core/environment.ts';
import { scriptedNormals } from '../../support/scripted-rng.ts';
import { arbitrageToy, toyEnv } from '../../support/toy-env.ts';

const schema = z.strictObject(offPolicyOptions({ learning_rate: 0.5, batch_size: 4, tau: 1, train_freq: 1 }));

/** What an algorithm is asked for, in the order of the asking. */
interface Trace {
  /** Steps of all lanes before each update. */
  readonly updates: number[];
  readonly rates: number[];
  readonly rows: TransitionBatch[];
  explored: number;
}

function traced(config: object, env: VectorEnv): { readonly learner: OffPolicyLearner; readonly trace: Trace } {
  const trace: Trace = { updates: [], rates: [], rows: [], explored: 0 };
  let calls = 0;
  const algorithm: OffPolicyAlgorithm = {
    name: 'traced',
    policy: {
      head: { kind: 'deterministic', low: [-0.5], high: [0.5] },
      layers: [],
      observationSize: 2,
      actionSize: 1,
      decide() {},
      parameters: () => new Float32Array(0),
    },
    coding: unitActions(env.actionSpace.features),
    explore: (_x, _lanes, _exploration, action) => {
      trace.explored++;
      action.fill(0.5);
    },
    update(batch, { learningRate }: Update) {
      trace.updates.push(calls);
      trace.rates.push(learningRate);
      trace.rows.push(structuredClone(batch));
      return {};
    },
    stepped: (count) => {
      calls = count;
    },
    save: () => ({}),
    restore() {},
    [Symbol.dispose]() {},
  };
  return { learner: new OffPolicyLearner(schema.parse(config), env, rng(1), () => algorithm), trace };
}

function play(learner: OffPolicyLearner, env: VectorEnv, calls: number): void {
  const action = new Float64Array(env.numEnvs);
  let batch = env.reset(rng(2));
  for (let call = 1; call <= calls; call++) {
    learner.act(batch.observation, action);
    batch = env.step(action);
    learner.observe(batch, call / calls);
  }
}

describe('the off-policy loop', () => {
  it.each([
    ['an update after each step of all lanes', {}, [4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['an update after every third', { train_freq: 3 }, [6, 9, 12]],
    ['two updates after every third', { train_freq: 3, gradient_steps: 2 }, [6, 6, 9, 9, 12, 12]],
    ['as many as transitions came in', { train_freq: 6, gradient_steps: -1 }, Array(12).fill(6).concat(Array(12).fill(12))], // prettier-ignore
    ['a share of a step of each lane', { updatesPerStep: 0.125 }, [7, 11]],
  ])('makes %s, once more than learning_starts steps were made', (_name, config, expected) => {
    const env = toyEnv(arbitrageToy, 2);
    const { learner, trace } = traced({ learning_starts: 6, ...config }, env);
    play(learner, env, 12);
    expect(trace.updates).toEqual(expected);
    expect(learner.gradientSteps).toBe(expected.length);
    expect(trace.explored).toBe(9); // steps 0, 2 and 4 of all lanes are random
  });

  it('lets the learning rate fall to 0', () => {
    const env = toyEnv(arbitrageToy, 2);
    const { learner, trace } = traced({ learning_starts: 0, learning_rate: { linear: 0.5 } }, env);
    play(learner, env, 4);
    expect(trace.rates).toEqual([0.375, 0.25, 0.125, 0]);
  });

  it('remembers an episode that the clock ended as going on from its last observation', () => {
    const env = toyEnv({ ...arbitrageToy, horizon: 3 }, 1);
    const { learner, trace } = traced({ learning_starts: 0, batch_size: 64 }, env);
    play(learner, env, 9);
    const { observation, nextObservation, terminated } = trace.rows.at(-1)!;
    // The period alternates, also over the end of an episode, whose successor begins with period 0.
    for (let row = 0; row < 64; row++) expect(nextObservation[2 * row]).toBe(1 - observation[2 * row]!);
    expect(terminated.includes(1)).toBe(false);
  });

  it('remembers an episode that the physics ended as ended', () => {
    const env = toyEnv({ ...arbitrageToy, terminal: (state) => state[0] === 0 }, 1);
    const { learner, trace } = traced({ learning_starts: 0, batch_size: 64 }, env);
    play(learner, env, 9);
    const { observation, terminated } = trace.rows.at(-1)!;
    for (let row = 0; row < 64; row++) expect(terminated[row]).toBe(observation[2 * row]);
  });

  it('resumed without its replay, refills it before it learns', () => {
    const env = toyEnv(arbitrageToy, 2);
    const config = { learning_starts: 6, checkpointReplay: false };
    const first = traced(config, env);
    play(first.learner, env, 8);
    const second = traced(config, env);
    second.learner.restore(first.learner.save());
    play(second.learner, env, 5);
    expect(second.trace.updates).toEqual([12, 13]);
  });

  it('refuses calls out of order', () => {
    const env = toyEnv(arbitrageToy, 2);
    const { learner } = traced({}, env);
    const batch = env.reset(rng(2));
    expect(() => learner.observe(batch, 0)).toThrow(StateError);
    learner.act(batch.observation, new Float64Array(2));
    expect(() => learner.save()).toThrow(/traced: save was called between act and observe/);
  });
});

describe('action noise', () => {
  const n = 20_000;

  function deviation(values: Float32Array): number {
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  }

  it('is normal with the given deviation, and clipped with the action', () => {
    const action = new Float32Array(n);
    actionNoise({ normal: 0.2 }, n, 1)!.apply(rng(1), action);
    expect(deviation(action)).toBeCloseTo(0.2, 2);
    const limit = new Float32Array(n).fill(1);
    actionNoise({ normal: 0.2 }, n, 1)!.apply(rng(1), limit);
    expect(Math.max(...limit)).toBe(1);
  });

  it('of Ornstein and Uhlenbeck is correlated, and starts anew with an episode', () => {
    const noise = actionNoise({ ou: 0.3 }, n, 1)!;
    const draw = rng(1);
    const [first, second] = [new Float32Array(n), new Float32Array(n)];
    noise.apply(draw, first);
    noise.apply(draw, second);
    // n₁ = 0.03·ε₁, n₂ = 0.9985·n₁ + 0.03·ε₂
    expect(deviation(first)).toBeCloseTo(0.03, 3);
    expect(deviation(second)).toBeCloseTo(0.03 * Math.sqrt(1 + 0.9985 ** 2), 3);
    const correlation = first.reduce((sum, value, i) => sum + value * second[i]!, 0) / n / deviation(first) / deviation(second); // prettier-ignore
    expect(correlation).toBeCloseTo(Math.SQRT1_2, 1);
    const saved = noise.save()['noise']!.slice();
    noise.reset(3);
    expect(noise.save()['noise']![3]).toBe(0);
    noise.restore({ noise: saved });
    expect(noise.save()['noise']).toEqual(saved);
  });

  it('is one of two kinds, with a deviation', () => {
    expect(actionNoiseOption.parse(undefined)).toBeNull();
    expect(actionNoise(null, 1, 1)).toBeUndefined();
    for (const bad of [{ normal: 0 }, { pink: 1 }, 0.1, { normal: 0.1, ou: 0.1 }])
      expect(actionNoiseOption.safeParse(bad).success).toBe(false);
  });

  it('on a target action is clipped before it is added, and the sum to the unit scale', () => {
    const action = Float32Array.of(0, 0.25, -0.75, 0.9);
    smoothTargets(action, 0.2, 0.5, scriptedNormals([1, 4, -4, 1]));
    [0.2, 0.75, -1, 1].forEach((expected, i) => expect(action[i]).toBeCloseTo(expected, 6));
  });
});

describe('options of SAC', () => {
  it('refuse state-dependent exploration by name', () => {
    const { error } = sacConfig.safeParse({ use_sde: true });
    expect(error?.issues).toMatchObject([
      { path: ['use_sde'], message: expect.stringContaining('PPO and A2C have it') },
    ]);
  });
});

describe('the temperature of SAC', () => {
  it.each(['auto', 'auto_0.1', 'auto_1e-3', 0, 0.2])('can be %j', (entCoef) => {
    expect(sacConfig.parse({ ent_coef: entCoef }).ent_coef).toBe(entCoef);
  });

  it.each(['auto_', 'auto_0', 'auto_-1', 'automatic', -0.1, null])('cannot be %j', (entCoef) => {
    expect(sacConfig.safeParse({ ent_coef: entCoef }).success).toBe(false);
  });
});
