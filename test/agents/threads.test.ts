import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { train } from '../../agents/train.ts';
import { rng } from '../../core/rng.ts';
import { kernelThreads } from '../../nn/kernel/crew.ts';
import { arbitrageToy, toyEnv } from '../support/toy-env.ts';

/** Nets and minibatches that are worth several threads. */
const onPolicy = { net_arch: [96, 96], n_steps: 64, normalize: {} };
const offPolicy = { net_arch: [96, 96], batch_size: 128, learning_starts: 400, buffer_size: 1000, normalize: {} };
const cases: Readonly<Record<string, readonly [LearnerName, object]>> = {
  ppo: ['ppo', { ...onPolicy, bins: 5, batch_size: 192, n_epochs: 2 }],
  'ppo with gSDE': ['ppo', { ...onPolicy, use_sde: true, batch_size: 192, n_epochs: 2 }],
  a2c: ['a2c', { ...onPolicy, bins: 5 }],
  sac: ['sac', offPolicy],
  td3: ['td3', { ...offPolicy, action_noise: { ou: 0.5 } }],
  dqn: ['dqn', { ...offPolicy, bins: 5, target_update_interval: 40 }],
};

describe.each(Object.entries(cases))('training %s', (_, [algorithm, config]) => {
  const training = () =>
    train({ env: toyEnv(arbitrageToy, 4), algorithm, config, rng: rng(3), totalSteps: 512, reportEvery: 128 });

  it('gives the same bits with one thread and with three, and where their number changes on the way', () => {
    using alone = training();
    const events = [...alone];
    using together = training();
    using resumed = training();
    {
      using _threads = kernelThreads(3);
      expect([...together]).toEqual(events);
      using first = training();
      first[Symbol.iterator]().next();
      resumed.restore(first.save());
    }
    for (const _event of resumed);
    const bytes = Buffer.from(alone.save());
    expect(bytes.equals(together.save())).toBe(true);
    expect(bytes.equals(resumed.save())).toBe(true);
    expect(alone.learner.gradientSteps).toBeGreaterThan(1);
  });
});
