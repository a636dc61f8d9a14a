import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { train } from '../../agents/train.ts';
import type { Training, TrainingEvent, TrainingOptions } from '../../agents/train.ts';
import { ConfigError, PolicyFileError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { meanReward } from '../support/play.ts';
import { arbitrageToy, banditToy, toyEnv } from '../support/toy-env.ts';

const configs: Record<LearnerName, object> = {
  ppo: { bins: 5, net_arch: [8], n_steps: 16, batch_size: 16, n_epochs: 2, learning_rate: { linear: 3e-4 } },
  sac: { hidden: [8], batchSize: 16, startSteps: 20 },
};

const wider: Record<LearnerName, object> = { ppo: { net_arch: [9] }, sac: { hidden: [9] } };

function options(algorithm: LearnerName, more: Partial<TrainingOptions> = {}): TrainingOptions {
  return {
    env: toyEnv(arbitrageToy, 4),
    algorithm,
    config: configs[algorithm],
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

describe.each(['ppo', 'sac'] as const)('training %s', (algorithm) => {
  it('gives the same bits twice with one seed, and others with another', () => {
    using one = train(options(algorithm));
    using same = train(options(algorithm));
    using other = train(options(algorithm, { rng: rng(8) }));
    expect(drain(one)).toEqual(drain(same));
    drain(other);
    expect(one.save()).toEqual(same.save());
    expect(one.learner.policy.parameters()).not.toEqual(other.learner.policy.parameters());
  });

  it('resumed, gives the bits of the uninterrupted one', () => {
    using whole = train(options(algorithm));
    const events = drain(whole);
    using first = train(options(algorithm));
    const seen: TrainingEvent[] = [];
    for (const event of first) {
      seen.push(event);
      if (seen.length === 5) break;
    }
    using second = train(options(algorithm, { env: toyEnv(arbitrageToy, 4), rng: rng(1234) }));
    second.restore(first.save());
    expect([...seen, ...drain(second)]).toEqual(events);
    expect(second.save()).toEqual(whole.save());
  });

  it('keeps the weights of the best evaluation', () => {
    const kept: Float32Array[] = [];
    const scores = [3, 1, 2, 5];
    using training = train(
      options(algorithm, {
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
    using training = train(options(algorithm));
    for (const event of training) if (event.type === 'evaluation') break;
    expect(training.step).toBe(128);
    drain(training);
    expect(training.step).toBe(512);
  });

  it('refuses a checkpoint of a network of another size', () => {
    using small = train(options(algorithm));
    using large = train(options(algorithm, { config: { ...configs[algorithm], ...wider[algorithm] } }));
    expect(() => large.restore(small.save())).toThrow(PolicyFileError);
  });
});

describe('misuse', () => {
  it('PPO refuses to put two action components in bins', () => {
    expect(() => train(options('ppo', { env: toyEnv(banditToy, 4) }))).toThrow(/2 action components, expected 1/);
  });

  it('refuses no steps at all', () => {
    expect(() => train(options('sac', { totalSteps: 0 }))).toThrow(ConfigError);
  });
});
