import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../../agents/index.ts';
import { train } from '../../../agents/train.ts';
import type { VectorEnv } from '../../../core/environment.ts';
import { rng } from '../../../core/rng.ts';
import { identityDiscrete } from '../../../sim/classic/identity.ts';
import { lockstepEnv } from '../../../sim/lockstep-env.ts';
import { meanReward } from '../../support/play.ts';
import { arbitrageOptimum, arbitrageToy, banditToy, toyEnv } from '../../support/toy-env.ts';

/** Mean reward of a step under the policy that a training on 4 lanes ends with. */
function learned(
  env: () => VectorEnv,
  algorithm: LearnerName,
  config: object,
  totalSteps: number,
  seed: number,
): number {
  using training = train({ env: env(), algorithm, config, rng: rng(seed), totalSteps });
  for (const event of training) void event;
  return meanReward(env(), training.learner.policy, 160);
}

const arbitrage = (): VectorEnv => toyEnv(arbitrageToy, 4);
const bandit = (): VectorEnv => toyEnv(banditToy, 4);
const identity = (): VectorEnv => lockstepEnv(identityDiscrete(5), 4);

const arbitrageSteps = arbitrageToy.horizon;

describe.each([
  ['DQN', {}],
  ['double DQN', { double: true }],
  ['duelling DQN', { duelling: true, net_arch: [32] }],
])('%s reaches the known optimum', (_name, variant) => {
  const config = {
    bins: 5,
    net_arch: [32, 32],
    learning_rate: { linear: 2e-3 },
    target_update_interval: 200,
    exploration_fraction: 0.5,
    ...variant,
  };

  it.each([1, 2])('names the bin it sees (seed %i)', (seed) => {
    expect(learned(identity, 'dqn', { ...config, learning_rate: 2e-3, gamma: 0.5 }, 8000, seed)).toBe(1);
  });

  it.each([1, 2])('trades a battery as dynamic programming would (seed %i)', (seed) => {
    const reward = learned(arbitrage, 'dqn', { ...config, gamma: 0.95 }, 20_000, seed);
    expect(arbitrageSteps * reward).toBeCloseTo(arbitrageOptimum(), 5);
  });
});

describe('TD3 reaches the known optimum', () => {
  it('solves a continuous bandit with two actions', () => {
    const config = {
      net_arch: [32, 32],
      learning_rate: { linear: 3e-3 },
      batch_size: 64,
      gradient_steps: 2,
      action_noise: { normal: 0.2 },
    };
    expect(learned(bandit, 'td3', config, 8000, 1)).toBeGreaterThan(-0.02);
  });

  it('trades a battery within two hundredths of dynamic programming', () => {
    // Standardised: on raw features the actor of some seeds saturates at a limit before the critics know better.
    const config = {
      net_arch: [64, 64],
      learning_starts: 2000,
      learning_rate: { linear: 1e-3 },
      batch_size: 64,
      gamma: 0.95,
      gradient_steps: 2,
      action_noise: { normal: 0.3 },
      normalize: {},
    };
    const reward = learned(arbitrage, 'td3', config, 12_000, 1);
    expect(arbitrageSteps * reward).toBeGreaterThan(0.98 * arbitrageOptimum());
  });
});

describe('SAC reaches the known optimum', () => {
  const config = { net_arch: [32, 32], learning_rate: 3e-3, batch_size: 64, gradient_steps: 2 };

  it('solves a continuous bandit with two actions', () => {
    expect(learned(bandit, 'sac', config, 8000, 3)).toBeGreaterThan(-0.02);
  });

  it('solves it with a fixed temperature and standardised observations too', () => {
    const fixed = { ...config, ent_coef: 0.01, normalize: {} };
    expect(learned(bandit, 'sac', fixed, 6000, 3)).toBeGreaterThan(-0.03);
  });

  it('trades a battery within two hundredths of dynamic programming', () => {
    const settling = { learning_rate: { linear: 3e-3 }, gamma: 0.95, ent_coef: 'auto_0.05', target_entropy: -4 };
    const reward = learned(arbitrage, 'sac', { ...config, ...settling }, 12_000, 4);
    expect(arbitrageSteps * reward).toBeGreaterThan(0.98 * arbitrageOptimum());
  });
});
