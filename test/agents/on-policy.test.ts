import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { train } from '../../agents/train.ts';
import type { Training } from '../../agents/train.ts';
import type { VectorEnv } from '../../core/environment.ts';
import { rng } from '../../core/rng.ts';
import { classicEnvironments } from '../../sim/classic/index.ts';
import { lockstepEnv } from '../../sim/lockstep-env.ts';
import { meanReward } from '../support/play.ts';
import { arbitrageOptimum, arbitrageToy, toyEnv } from '../support/toy-env.ts';

const lanes = 8;
const identityDiscrete = (): VectorEnv => lockstepEnv(classicEnvironments['identity-discrete'].kernel, lanes);
const identityVector = (): VectorEnv => lockstepEnv(classicEnvironments['identity-vector'].kernel, lanes);

function learn(env: VectorEnv, algorithm: LearnerName, config: object, totalSteps: number): Training {
  const training = train({ env, algorithm, config, rng: rng(1), totalSteps });
  for (const event of training) void event;
  return training;
}

describe('on-policy learners solve identity environments', () => {
  const small = { net_arch: [32, 32], gamma: 0.5 };
  const ppo = { ...small, n_steps: 64, batch_size: 128, n_epochs: 6, learning_rate: { linear: 3e-3 } };
  const a2c = { ...small, n_steps: 8, learning_rate: { linear: 3e-3 } };

  it.each([
    ['ppo', { ...ppo, bins: 5 }, 16_384],
    ['a2c', { ...a2c, bins: 5 }, 16_384],
  ] as const)('%s names the choice that is shown', (algorithm, config, steps) => {
    using training = learn(identityDiscrete(), algorithm, config, steps);
    expect(meanReward(identityDiscrete(), training.learner.policy, 200)).toBe(1);
  });

  it.each([
    ['ppo, a Gaussian', 'ppo', ppo, 32_768],
    ['ppo, gSDE', 'ppo', { ...ppo, use_sde: true, sde_sample_freq: 4, log_std_init: -2 }, 32_768],
    [
      'ppo, gSDE with expln, behind statistics',
      'ppo',
      { ...ppo, use_sde: true, use_expln: true, normalize: {}, sde_sample_freq: 4, log_std_init: -2 },
      32_768,
    ],
    ['a2c, a Gaussian', 'a2c', { ...a2c, n_steps: 4, learning_rate: { linear: 5e-3 }, log_std_init: -2 }, 49_152],
  ] as const)('%s gives three numbers back', (_name, algorithm, config, steps) => {
    using training = learn(identityVector(), algorithm, config, steps);
    // Doing nothing costs 1 a step.
    expect(meanReward(identityVector(), training.learner.policy, 200)).toBeGreaterThan(-0.01);
  });
});

describe('on-policy learners trade a battery as dynamic programming would', () => {
  it.each([
    ['ppo', { n_steps: 64, n_epochs: 4 }, 40_960],
    ['a2c', { n_steps: 8, gae_lambda: 0.95, ent_coef: 0.02 }, 81_920],
  ] as const)('%s', (algorithm, config, steps) => {
    const shared = { bins: 5, net_arch: [32, 32], gamma: 0.95, learning_rate: { linear: 3e-3 } };
    using training = learn(toyEnv(arbitrageToy, lanes), algorithm, { ...shared, ...config }, steps);
    const episode = arbitrageToy.horizon * meanReward(toyEnv(arbitrageToy, 1), training.learner.policy, 80);
    expect(episode).toBeCloseTo(arbitrageOptimum(), 5);
  });
});
