import { describe, expect, it } from 'vitest';
import { ppoConfig } from '../../../agents/ppo/config.ts';
import { ppo } from '../../../agents/ppo/ppo.ts';
import type { Metrics } from '../../../agents/learner.ts';
import { StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { arbitrageToy, toyEnv } from '../../support/toy-env.ts';

/** Plays until the first update. */
function firstUpdate(options: object): { readonly metrics: Metrics; readonly gradientSteps: number } {
  const env = toyEnv(arbitrageToy, 4);
  const config = ppoConfig.parse({ net_arch: [8], n_steps: 8, batch_size: 10, n_epochs: 3, ...options });
  using learner = ppo(config, env, rng(1));
  const action = new Float64Array(4);
  let batch = env.reset(rng(2));
  for (;;) {
    learner.act(batch.observation, action);
    batch = env.step(action);
    const metrics = learner.observe(batch, 0.25);
    if (metrics !== undefined) return { metrics, gradientSteps: learner.gradientSteps };
  }
}

describe('a PPO update', () => {
  it('makes a step for each minibatch of each epoch, the last one short', () => {
    expect(firstUpdate({}).gradientSteps).toBe(3 * Math.ceil(32 / 10));
  });

  it('starts from the policy that rolled out: no divergence, nothing clipped', () => {
    for (const options of [{}, { bins: 5 }, { use_sde: true, normalize: {} }]) {
      const { metrics } = firstUpdate({ ...options, n_epochs: 1, batch_size: 32 });
      expect(metrics['approxKl']).toBe(0);
      expect(metrics['clipFraction']).toBe(0);
      expect(metrics['policyLoss']).toBeCloseTo(0, 6); // standardised advantages at ratio 1
    }
  });

  it('ends before the step that would go on from a policy too far', () => {
    const { gradientSteps, metrics } = firstUpdate({ target_kl: 1e-9, learning_rate: 0.01 });
    expect(gradientSteps).toBe(1);
    expect(metrics['approxKl']).toBe(0);
  });

  it('reads its schedules', () => {
    expect(firstUpdate({ learning_rate: { linear: 0.004 } }).metrics['learningRate']).toBeCloseTo(0.003, 12);
  });
});

describe('misuse', () => {
  it('is refused: a step that nobody asked for, a save inside a rollout', () => {
    const env = toyEnv(arbitrageToy, 2);
    using learner = ppo(ppoConfig.parse({ net_arch: [8] }), env, rng(1));
    const batch = env.reset(rng(2));
    expect(() => learner.observe(batch, 0)).toThrow(StateError);
    learner.act(batch.observation, new Float64Array(2));
    expect(() => learner.save()).toThrow(/ppo: save was called inside a rollout/);
  });
});
