import { describe, expect, it } from 'vitest';
import { train } from '../../agents/train.ts';
import type { TrainingOptions } from '../../agents/train.ts';
import { forceAction, pushDirection, shift } from '../../attacks/rl/actuator.ts';
import type { Actuator } from '../../attacks/rl/actuator.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { adversaryEnv } from '../../evaluation/adversary-env.ts';
import { playEpisodes } from '../../evaluation/episodes.ts';
import { lockstepEnv } from '../../sim/lockstep-env.ts';
import { dayOptimum, linearVictim as victim, toyThreat as threat } from '../support/toy-optimum.ts';
import { toyKernel } from '../support/toy-plant.ts';
import { wideKernel, wideThreat, wideVictim } from '../support/wide-toy.ts';

const optimum = dayOptimum('consumption');
const day = (lanes: number, actuator: Actuator) =>
  adversaryEnv({ env: lockstepEnv(toyKernel(), lanes), victim, actuator, threat });

/** What an adversary makes of a day: kWh from the grid. */
function damageOf(policy: DecisionAccess, actuator: Actuator): number {
  return playEpisodes(day(1, actuator), policy, rng(0)).returns[0]!;
}

/** Without an adversary: the perturbation 0. */
const clean = damageOf(
  { observationSize: 3, actionSize: 3, decide: (_x, rows, action) => action.fill(0, 0, 3 * rows) },
  shift,
);

function trained(
  actuator: Actuator,
  options: Pick<TrainingOptions, 'algorithm' | 'config' | 'totalSteps'>,
  lanes: number,
): number {
  using training = train({ env: day(lanes, actuator), rng: rng(5), reportEvery: 1e9, ...options });
  for (const _ of training);
  return damageOf(training.learner.policy, actuator);
}

const ppo = {
  algorithm: 'ppo',
  config: {
    n_steps: 96,
    batch_size: 96,
    n_epochs: 8,
    learning_rate: { linear: 3e-3 },
    gamma: 0.97,
    normaliseReward: true,
    net_arch: [32, 32],
  },
  totalSteps: 40_000,
} as const;
const sac = {
  algorithm: 'sac',
  config: {
    net_arch: [32, 32],
    learning_rate: 3e-3,
    gamma: 0.97,
    batch_size: 64,
    learning_starts: 200,
    ent_coef: 'auto_0.05',
    normaliseReward: true,
    updatesPerStep: 0.5,
  },
  totalSteps: 8000,
} as const;

describe('learned adversaries on a day whose optimum is known', () => {
  it.each([
    ['PPO chooses the perturbation', shift, ppo, 8, 0.9],
    ['SAC chooses the perturbation', shift, sac, 4, 0.8],
    ['PPO directs a search (PA-AD)', pushDirection(4), ppo, 8, 0.8],
    ['PPO names an action to force', forceAction(4), { ...ppo, totalSteps: 20_000 }, 8, 0.9],
  ] as const)('%s', (_title, actuator, options, lanes, share) => {
    const attained = trained(actuator, options, lanes);
    const part = (attained - clean) / (optimum - clean);
    expect(part).toBeGreaterThan(share);
    expect(part).toBeLessThan(1.01);
  });
});

it('SAC chooses 31 perturbations at once, its critic judging what the victim does on them', () => {
  const wide = (lanes: number) =>
    adversaryEnv({
      env: lockstepEnv(wideKernel(), lanes),
      victim: wideVictim,
      actuator: shift,
      threat: wideThreat,
      throughVictim: true,
    });
  using training = train({
    env: wide(4),
    rng: rng(5),
    reportEvery: 1e9,
    algorithm: 'sac',
    config: { ...sac.config, learning_starts: 400, ent_coef: 3e-4 },
    totalSteps: 5000,
  });
  for (const _ of training);
  const attained = playEpisodes(wide(1), training.learner.policy, rng(0)).returns[0]!;
  const part = (attained - clean) / (optimum - clean);
  expect(part).toBeGreaterThan(0.6);
  expect(part).toBeLessThan(1.01);
}, 120_000);
