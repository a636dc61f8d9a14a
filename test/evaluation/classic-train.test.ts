import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learnerSettings } from '../../bench/learner-settings.ts';
import { DocumentError } from '../../core/document.ts';
import { rng } from '../../core/rng.ts';
import { parseScenario, scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { playEpisodes } from '../../evaluation/episodes.ts';
import { openTraining, plannedTraining } from '../../evaluation/train.ts';
import { catalogue, schema } from '../../evaluation/vocabulary.ts';
import { classicEnvironments } from '../../sim/classic/index.ts';
import { gridTasks } from '../../sim/grid/task/index.ts';
import { lockstepEnv } from '../../sim/lockstep-env.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const scenario = (train: object, more: object = {}): Scenario => scenarioFrom({ train, ...more }, 'test', schema);

/** A controller by a formula on the first row's observation. */
const rule = (decide: (x: Float32Array) => number): DecisionAccess => ({
  observationSize: 4,
  actionSize: 1,
  decide(x, rows, action) {
    for (let row = 0; row < rows; row++) action[row] = decide(x.subarray(4 * row, 4 * row + 4));
  },
});
const balance = rule((x) => (x[2]! + x[3]! + 0.05 * x[0]! + 0.1 * x[1]! > 0 ? 1 : 0));

describe('an episode a lane', () => {
  it('counts each to its end, the long ones too', () => {
    using env = lockstepEnv(classicEnvironments['cart-pole'].kernel, 50);
    const good = playEpisodes(env, balance, rng(0));
    expect([...good.returns]).toEqual(Array.from({ length: 50 }, () => 500));
    const bad = playEpisodes(
      env,
      rule(() => 1),
      rng(0),
    );
    expect([...bad.returns]).toEqual([...bad.lengths]);
    expect(Math.max(...bad.lengths)).toBeLessThan(12);
    // Lanes that end at different times: none is cut when others end, none goes on into its next episode.
    const mixed = rule((x) => (x[0]! > 0 ? balanceOf(x) : 1));
    const all = playEpisodes(env, mixed, rng(3));
    expect(new Set(all.lengths).size).toBeGreaterThan(3);
    using alone = lockstepEnv(classicEnvironments['cart-pole'].kernel, 1);
    for (let seed = 0; seed < 20; seed++) {
      const among = playEpisodes(env, mixed, rng(seed));
      expect(playEpisodes(alone, mixed, rng(seed)).lengths[0]).toBe(among.lengths[0]);
    }
  });
  const balanceOf = (x: Float32Array): number => {
    const action = new Float64Array(1);
    balance.decide(x, 1, action);
    return action[0]!;
  };
});

describe('training on a classic environment', () => {
  it('starts from the defaults of Stable-Baselines3, a building from the district’s settings', () => {
    const cart = plannedTraining(scenario({ environment: 'cart-pole', lanes: 8 }).train);
    expect(cart).toMatchObject({ preset: 'sb3', steps: classicEnvironments['cart-pole'].steps, lanes: 8 });
    expect(cart.config).toMatchObject({ n_steps: 2048, batch_size: 64, gae_lambda: 0.95 });
    expect(plannedTraining(scenario({}).train).preset).toBe('district');
    expect(plannedTraining(scenario({ environment: 'cart-pole', preset: 'district' }).train).config).toMatchObject({
      gamma: 0.97,
    });
  });

  it('is judged on its own episodes, keeps the best, and is examined on others', async () => {
    const value = scenario({
      environment: 'cart-pole',
      steps: 8192,
      lanes: 8,
      evaluateEvery: 2048,
      evaluateEpisodes: 20,
      config: { bins: 2, n_steps: 32, batch_size: 256, n_epochs: 20, learning_rate: 1e-3 },
    });
    using run = await openTraining(value, memoryWorkspace());
    for (const event of run.training) void event;
    expect(run.training.curve).toHaveLength(4);
    expect(run.best!.metrics['return']).toBeGreaterThan(60); // a random policy gets 22
    expect(run.best!.metrics['return']).toBe(Math.max(...run.training.curve.map((point) => -point.score)));
    const examined = run.examine();
    expect(examined['return']).toBeGreaterThan(60);
    expect(examined['return']).not.toBe(run.best!.metrics['return']);
    expect(run.examine()).toEqual(examined);
    expect(run.dataHash).toBeNull();
    const card = JSON.parse(run.files('t').card) as {
      observation: { features: { name: string }[]; normalisation: string };
    };
    expect(card.observation.normalisation).toBe('raw');
    expect(card.observation.features.map((feature) => feature.name)).toEqual([
      'position',
      'velocity',
      'angle',
      'angular velocity',
    ]);
  });

  it('stops as the scenario says', async () => {
    const value = scenario({
      environment: 'cart-pole',
      steps: 4096,
      lanes: 4,
      evaluateEvery: 64,
      evaluateEpisodes: 2,
      stop: { reward_threshold: 5 },
      config: { bins: 2, n_steps: 16, n_epochs: 1 },
    });
    using run = await openTraining(value, memoryWorkspace());
    const events = [...run.training];
    expect(events.at(-1)).toEqual({ type: 'stopped', step: 64, reason: 'reward-threshold' });
  });

  it('refuses unknown names with the known ones', () => {
    expect(() => scenario({ environment: 'cartpole' })).toThrow(/train\/environment.*did you mean 'cart-pole'/s);
    expect(() => scenario({ stop: { patience: 3 } })).toThrow(DocumentError);
    expect(() => scenario({ evaluateEpisodes: 0 })).toThrow(DocumentError);
  });

  it.each([
    ['train-cart-pole.yaml', 'ppo cart-pole'],
    ['train-pendulum.yaml', 'sac pendulum'],
  ] as const)('examples/%s is the study’s %s', (file, name) => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'examples', file), 'utf8');
    const plan = plannedTraining(parseScenario(text, file, schema).train);
    const { evaluateEvery: _own, ...study } = plannedTraining(scenario(learnerSettings[name].train).train);
    expect(plan).toMatchObject(study);
  });

  it('is listed', () => {
    expect(catalogue['environments']!.map(({ name }) => name)).toEqual([
      'district',
      'adversary',
      ...Object.keys(classicEnvironments),
      ...Object.keys(gridTasks),
    ]);
  });
});
