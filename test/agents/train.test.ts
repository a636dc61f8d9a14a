import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { train } from '../../agents/train.ts';
import type { Training, TrainingEvent, TrainingOptions } from '../../agents/train.ts';
import { ConfigError, PolicyFileError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { meanReward } from '../support/play.ts';
import { arbitrageToy, banditToy, toyEnv } from '../support/toy-env.ts';

interface Case {
  readonly algorithm: LearnerName;
  readonly config: object;
  /** What makes its networks another size. */
  readonly wider: object;
}

const onPolicy = { net_arch: [8], n_steps: 16, learning_rate: { linear: 3e-4 } };
const offPolicy = { net_arch: [8], batch_size: 16, learning_starts: 20 };
const cases = {
  ppo: { algorithm: 'ppo', config: { ...onPolicy, bins: 5, batch_size: 16, n_epochs: 2 }, wider: { net_arch: [9] } },
  'ppo with gSDE and statistics': {
    algorithm: 'ppo',
    config: { ...onPolicy, use_sde: true, sde_sample_freq: 3, batch_size: 24, n_epochs: 2, normalize: {} },
    wider: { net_arch: [9] },
  },
  a2c: { algorithm: 'a2c', config: { ...onPolicy, normaliseReward: true }, wider: { net_arch: [9] } },
  sac: {
    algorithm: 'sac',
    config: { ...offPolicy, action_noise: { ou: 0.5 }, normalize: {} },
    wider: { net_arch: [9] },
  },
  td3: {
    algorithm: 'td3',
    config: { ...offPolicy, action_noise: { ou: 0.5 }, normalize: {} },
    wider: { net_arch: [9] },
  },
  dqn: { algorithm: 'dqn', config: { ...offPolicy, bins: 5, target_update_interval: 40 }, wider: { net_arch: [9] } },
  'duelling dqn with statistics': {
    algorithm: 'dqn',
    config: { ...offPolicy, bins: 5, target_update_interval: 40, duelling: true, normalize: {} },
    wider: { net_arch: [9] },
  },
} satisfies Record<string, Case>;
type CaseName = keyof typeof cases;

function options(name: CaseName, more: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    env: toyEnv(arbitrageToy, 4),
    algorithm: cases[name].algorithm,
    config: cases[name].config,
    rng: rng(7),
    totalSteps: 512,
    evaluateEvery: 128,
    reportEvery: 64,
    evaluate: (policy) => ({ score: -meanReward(toyEnv(arbitrageToy, 1), policy, 16), metrics: {} }),
    ...more,
  };
}

function drain(training: Training): TrainingEvent[] {
  return [...training];
}

describe.each(Object.keys(cases) as CaseName[])('training %s', (name) => {
  it('gives the same bits twice with one seed, and others with another', () => {
    using one = train(options(name));
    using same = train(options(name));
    using other = train(options(name, { rng: rng(8) }));
    expect(drain(one)).toEqual(drain(same));
    drain(other);
    expect(one.save()).toEqual(same.save());
    expect(one.learner.policy.parameters()).not.toEqual(other.learner.policy.parameters());
  });

  it('resumed at any event, gives the bits of the uninterrupted one', () => {
    using whole = train(options(name));
    const events = drain(whole);
    for (let stop = 1; stop < events.length; stop += 3) {
      using first = train(options(name));
      const seen: TrainingEvent[] = [];
      for (const event of first) {
        seen.push(event);
        if (seen.length === stop) break;
      }
      using second = train(options(name, { env: toyEnv(arbitrageToy, 4), rng: rng(1234) }));
      second.restore(first.save());
      expect([...seen, ...drain(second)]).toEqual(events);
      expect(second.save()).toEqual(whole.save());
      expect(second.bestPolicy).toEqual(whole.bestPolicy);
    }
  });

  it('keeps the weights of the best evaluation', () => {
    const kept: Float32Array[] = [];
    const scores = [3, 1, 2, 5];
    using training = train(
      options(name, {
        evaluate: (policy) => {
          kept.push(policy.parameters());
          return { score: scores[kept.length - 1]!, metrics: { seen: kept.length } };
        },
      }),
    );
    const bests = drain(training).flatMap((event) => (event.type === 'evaluation' ? [event.best] : []));
    expect(bests).toEqual([true, true, false, false]);
    expect(training.bestScore).toBe(1);
    expect(training.bestPolicy.parameters).toEqual(kept[1]);
    expect(training.bestPolicy.parameters).not.toEqual(kept[3]);
    expect(training.curve.map((point) => [point.step, point.score])).toEqual([
      [128, 3],
      [256, 1],
      [384, 2],
      [512, 5],
    ]);
  });

  it('stops where the caller stops and goes on when asked again', () => {
    using training = train(options(name));
    for (const event of training) if (event.type === 'evaluation') break;
    expect(training.step).toBe(128);
    drain(training);
    expect(training.step).toBe(512);
  });

  it('refuses a checkpoint of a network of another size', () => {
    using small = train(options(name));
    using large = train(options(name, { config: { ...cases[name].config, ...cases[name].wider } }));
    expect(() => large.restore(small.save())).toThrow(PolicyFileError);
  });
});

describe('misuse', () => {
  it.each(['ppo', 'dqn'] as const)('%s refuses to put two action components in bins', (name) => {
    expect(() => train(options(name, { env: toyEnv(banditToy, 4) }))).toThrow(/2 action components, expected 1/);
  });

  it('PPO refuses gSDE over bins', () => {
    expect(() => train(options('ppo', { config: { bins: 5, use_sde: true } }))).toThrow(/use_sde is for Gaussian/);
  });

  it('refuses no steps at all', () => {
    expect(() => train(options('sac', { totalSteps: 0 }))).toThrow(ConfigError);
  });
});
