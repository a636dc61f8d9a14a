import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transitionBatch } from '../../../agents/buffer/replay.ts';
import type { TransitionBatch } from '../../../agents/buffer/replay.ts';
import { dqnConfig } from '../../../agents/dqn/config.ts';
import { Dqn } from '../../../agents/dqn/dqn.ts';
import type { LearnerSpaces, Metrics } from '../../../agents/learner.ts';
import type { OffPolicyAlgorithm } from '../../../agents/off-policy/algorithm.ts';
import { sacConfig } from '../../../agents/sac/config.ts';
import { Sac } from '../../../agents/sac/sac.ts';
import { stateArray } from '../../../agents/state.ts';
import { td3Config } from '../../../agents/td3/config.ts';
import { Td3 } from '../../../agents/td3/td3.ts';
import { rng } from '../../../core/rng.ts';
import { scriptedNormals } from '../../support/scripted-rng.ts';

// The other side is test/golden/make-updates.py; both draw their inputs from the same stream in the same order.
const [inputs, actions, bins, rows, updates] = [3, 2, 4, 6, 5];
const hidden = [5, 4];
const learningRate = 1e-2;
const tolerance = 1e-5;

interface Result {
  readonly losses: readonly Metrics[];
  readonly [weights: string]: readonly Metrics[] | readonly number[] | readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/updates.json'), 'utf8')) as Record<
  'sac' | 'td3' | 'dqn' | 'doubleDqn',
  Result
>;

/** `x ← 16807·x mod (2³¹ − 1)` (Park and Miller), as numbers in (−1, 1). */
function stream(seed: number) {
  let x = seed;
  return (count: number, scale = 1): Float32Array =>
    Float32Array.from({ length: count }, () => {
      x = (x * 16807) % 2147483647;
      return scale * ((2 * x) / 2147483647 - 1);
    });
}

type Draw = ReturnType<typeof stream>;

function weights(draw: Draw, widths: readonly number[]): Float32Array {
  const layers = widths.slice(1).map((outputs, l) => [draw(widths[l]! * outputs, 0.6), draw(outputs, 0.6)]);
  return Float32Array.from(layers.flatMap(([weight, bias]) => [...weight!, ...bias!]));
}

function drawBatch(draw: Draw, size: number, action: () => Float32Array, rewardScale: number): TransitionBatch {
  const batch = transitionBatch(rows, inputs, size);
  batch.observation.set(draw(rows * inputs));
  batch.nextObservation.set(draw(rows * inputs));
  batch.action.set(action());
  batch.reward.set(draw(rows).map((reward) => rewardScale * reward));
  batch.terminated.set(draw(rows).map((u) => (u > 0.5 ? 1 : 0)));
  return batch;
}

const spaces: LearnerSpaces = {
  numEnvs: 1,
  observationSpace: { kind: 'box', features: box(inputs) },
  actionSpace: { kind: 'box', features: box(actions) },
};

function box(size: number) {
  return Array.from({ length: size }, (_, i) => ({ name: `f${i}`, unit: '1', low: -1, high: 1 }));
}

/** Puts weights under names of the algorithm's state. */
function load(algorithm: OffPolicyAlgorithm, given: Readonly<Record<string, Float32Array>>): void {
  const state = algorithm.save();
  for (const name of Object.keys(given)) expect(state).toHaveProperty([name]);
  algorithm.restore({ ...state, ...given });
}

function expectWeights(algorithm: OffPolicyAlgorithm, name: string, expected: readonly number[]): void {
  expectNear(stateArray(algorithm.save(), name, 'Float32Array'), expected, name);
}

function expectNear(got: ArrayLike<number>, expected: readonly number[], name: string): void {
  expect(got.length, name).toBe(expected.length);
  const errors = expected.map((value, i) => Math.abs(value - got[i]!) / Math.max(1, Math.abs(value)));
  expect(Math.max(...errors), name).toBeLessThan(tolerance);
}

function expectMetrics(got: Metrics, expected: Metrics, update: number): void {
  for (const [name, value] of Object.entries(expected))
    expectNear([got[name]!], [value], `${name} of update ${update}`);
}

/** Both critics' weights, and their targets' the same. */
function criticState(critics: readonly Float32Array[]): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(
    ['critics', 'targets'].flatMap((part) => critics.map((critic, i) => [`critics.${part}.${i}.weights`, critic])),
  );
}

function expectCritics(algorithm: OffPolicyAlgorithm, expected: Readonly<Record<string, unknown>>): void {
  for (const part of ['critics', 'targets'])
    for (const [i, critic] of (expected[part] as number[][]).entries())
      expectWeights(algorithm, `critics.${part}.${i}.weights`, critic);
}

const shared = { batch_size: rows, gamma: 0.97, tau: 0.05 };
const criticWidths = [inputs + actions, ...hidden, 1];

describe('five updates equal PyTorch’s', () => {
  it('SAC', () => {
    const draw = stream(11);
    using sac = new Sac(sacConfig.parse({ ...shared, net_arch: hidden, ent_coef: 'auto_0.2' }), spaces, rng(0));
    const actor = weights(draw, [inputs, ...hidden, 2 * actions]);
    const critics = [weights(draw, criticWidths), weights(draw, criticWidths)] as const;
    load(sac, {
      'actor.weights': actor,
      ...criticState(critics),
    });
    for (let i = 0; i < updates; i++) {
      const batch = drawBatch(draw, actions, () => draw(rows * actions), 1);
      const metrics = sac.update(batch, {
        learningRate,
        rewardFactor: 1,
        rng: scriptedNormals(draw(2 * rows * actions, 1.5)),
      });
      expectMetrics(metrics, golden.sac.losses[i]!, i);
    }
    expectWeights(sac, 'actor.weights', golden.sac['actor'] as number[]);
    expectCritics(sac, golden.sac);
  });

  it('TD3, whose stored actor has constant deviations beside PyTorch’s outputs', () => {
    const draw = stream(12);
    const config = td3Config.parse({ ...shared, net_arch: hidden, target_policy_noise: 0.4 });
    using td3 = new Td3(config, spaces, rng(0));
    const fresh = stateArray(td3.save(), 'actors.0.weights', 'Float32Array');
    const mean = meanWeights(fresh.length);
    const actor = fresh.slice();
    for (const [i, value] of weights(draw, [inputs, ...hidden, actions]).entries()) actor[mean[i]!] = value;
    const critics = [weights(draw, criticWidths), weights(draw, criticWidths)] as const;
    load(td3, {
      'actors.0.weights': actor,
      'actors.1.weights': actor,
      ...criticState(critics),
    });
    for (let i = 0; i < updates; i++) {
      const batch = drawBatch(draw, actions, () => draw(rows * actions), 1);
      const metrics = td3.update(batch, {
        learningRate,
        rewardFactor: 1,
        rng: scriptedNormals(draw(rows * actions, 1.5)),
      });
      expectMetrics(metrics, golden.td3.losses[i]!, i);
    }
    for (const [i, name] of ['actor', 'actorTarget'].entries()) {
      const stored = stateArray(td3.save(), `actors.${i}.weights`, 'Float32Array');
      expectNear(
        mean.map((at) => stored[at]!),
        golden.td3[name] as number[],
        name,
      );
      const kept = new Set(mean);
      for (const [at, value] of stored.entries()) if (!kept.has(at)) expect(value).toBe(fresh[at]);
    }
    expectCritics(td3, golden.td3);
  });

  it.each([
    ['DQN', false, golden.dqn],
    ['double DQN', true, golden.doubleDqn],
  ] as const)('%s', (_name, double, expected) => {
    const draw = stream(13);
    const one: LearnerSpaces = { ...spaces, actionSpace: { kind: 'box', features: box(1) } };
    const config = { ...shared, net_arch: hidden, bins, double, max_grad_norm: 0.5, target_update_interval: 3 };
    using dqn = new Dqn(dqnConfig.parse(config), one, rng(0));
    const widths = [inputs, ...hidden, bins];
    load(dqn, { 'online.0.weights': weights(draw, widths), 'target.0.weights': weights(draw, widths) });
    for (let i = 0; i < updates; i++) {
      const action = (): Float32Array => draw(rows).map((u) => Math.floor(((u + 1) / 2) * bins));
      const batch = drawBatch(draw, 1, action, 3);
      const metrics = dqn.update(batch, { learningRate, rewardFactor: 1, rng: rng(0) });
      expectMetrics(metrics, expected.losses[i]!, i);
      dqn.stepped(i + 1); // every third moves the target network
    }
    expectWeights(dqn, 'online.0.weights', expected['online'] as number[]);
    expectWeights(dqn, 'target.0.weights', expected['target'] as number[]);
  });
});

/** Where the means' parameters are in those of an actor with as many log deviations beside them. */
function meanWeights(size: number): number[] {
  const last = hidden.at(-1)!;
  const outputs = 2 * actions;
  const bias = size - outputs;
  const weight = bias - last * outputs;
  const below = Array.from({ length: weight }, (_, i) => i);
  const above = Array.from({ length: last + 1 }, (_, row) =>
    Array.from({ length: actions }, (_unused, j) => weight + row * outputs + j),
  ).flat();
  return [...below, ...above];
}
