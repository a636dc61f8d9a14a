import { describe, expect, it } from 'vitest';
import { train } from '../../agents/train.ts';
import { rng } from '../../core/rng.ts';
import { meanReward } from '../support/play.ts';
import { arbitrageOptimum, arbitrageToy, banditToy, toyEnv } from '../support/toy-env.ts';

function finish(training: Iterable<unknown>): void {
  for (const event of training) void event;
}

describe('SAC reaches the known optimum', () => {
  it('solves a continuous bandit with two actions', () => {
    using training = train({
      env: toyEnv(banditToy, 4),
      algorithm: 'sac',
      config: { hidden: [32, 32], learningRate: 3e-3, batchSize: 64, updatesPerStep: 0.5, normaliseReward: true },
      rng: rng(3),
      totalSteps: 8000,
    });
    finish(training);
    expect(meanReward(toyEnv(banditToy, 8), training.learner.policy, 100)).toBeGreaterThan(-0.02);
  });

  it('trades a battery within two hundredths of dynamic programming', () => {
    using training = train({
      env: toyEnv(arbitrageToy, 4),
      algorithm: 'sac',
      config: {
        hidden: [32, 32],
        learningRate: 3e-3,
        batchSize: 64,
        gamma: 0.95,
        updatesPerStep: 0.5,
        entropyTarget: -4,
        schedule: 'linear',
        normaliseReward: true,
      },
      rng: rng(4),
      totalSteps: 12_000,
    });
    finish(training);
    const episode = 8 * meanReward(toyEnv(arbitrageToy, 1), training.learner.policy, 80);
    expect(episode).toBeGreaterThan(arbitrageOptimum() - 0.02 * arbitrageOptimum());
  });
});
