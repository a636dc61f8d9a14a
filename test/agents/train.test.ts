import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { train } from '../../agents/train.ts';
import type { Training, TrainingEvent, TrainingOptions } from '../../agents/train.ts';
import { ConfigError, NonFiniteError, PolicyFileError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { meanReward } from '../support/play.ts';
import { arbitrageToy, banditToy, toyEnv } from '../support/toy-env.ts';
import type { Toy } from '../support/toy-env.ts';

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

  it('reports at least every 64 gradient steps, which can be seconds apart', () => {
    using training = train(options(name, { totalSteps: 2048, reportEvery: 1e9, evaluateEvery: 1e9 }));
    const steps = drain(training).flatMap((event) => (event.type === 'progress' ? [event.gradientSteps] : []));
    const most = training.learner.gradientSteps;
    expect(steps.length).toBeGreaterThanOrEqual(Math.max(1, Math.floor(most / 64)));
    for (const [i, at] of steps.entries()) expect(at - (steps[i - 1] ?? 0)).toBeLessThan(128);
    expect(steps.at(-1)).toBe(most);
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

describe('a checkpoint', () => {
  it('of another algorithm, or whose text is damaged, is refused by name', () => {
    using a2c = train(options('a2c'));
    using ppo = train(options('ppo'));
    const bytes = a2c.save();
    expect(() => ppo.restore(bytes)).toThrow(new PolicyFileError('checkpoint: it is of a2c, expected ppo'));
    const at = Buffer.from(bytes).indexOf('{"curve"');
    bytes[at] = 0;
    expect(() => a2c.restore(bytes)).toThrow(new PolicyFileError('checkpoint: its text is not JSON'));
  });
});

describe('a number that is not finite', () => {
  it.each(Object.keys(cases) as CaseName[])('%s that diverges says so and keeps no such policy', (name) => {
    using training = train(
      options(name, { config: { ...cases[name].config, learning_rate: 1e30, normalize: null }, evaluateEvery: 64 }),
    );
    const message = new RegExp(`^${cases[name].algorithm}: .+ at step \\d+.*: the training has diverged`);
    expect(() => drain(training)).toThrow(message);
    expect(training.step).toBeLessThan(512);
    for (const { metrics } of training.curve) expect(Object.values(metrics)).not.toContain(NaN);
    if (training.curve.length > 0) expect(training.bestPolicy.parameters.every(Number.isFinite)).toBe(true);
  });

  it('is found in the weights of the last update too', () => {
    const config = { ...onPolicy, bins: 5, learning_rate: 1e45 };
    const { evaluate: _none, ...unjudged } = options('a2c', { config, totalSteps: 64 }); // one update
    using training = train(unjudged);
    expect(() => drain(training)).toThrow(NonFiniteError);
  });

  const spoilt = (how: Partial<Toy>): TrainingOptions =>
    options('a2c', { env: toyEnv({ ...arbitrageToy, ...how }, 3), evaluate: () => ({ score: 0, metrics: {} }) });

  it('in a reward is named with its lane and step', () => {
    let calls = 0;
    using training = train(spoilt({ advance: () => (++calls === 3 * 6 + 2 ? NaN : 0) }));
    expect(() => drain(training)).toThrow(
      new NonFiniteError('environment: the reward of lane 1 in step 21 is NaN, expected a finite number'),
    );
  });

  it.each([
    ['an observation', 'observation', {}],
    ['what an episode ended on', 'final observation', { terminal: (state: Float64Array) => state[1] === 3 }],
  ])('in %s is named with its feature', (_what, called, how) => {
    const advance: Toy['advance'] = (state) => {
      state[1] = (state[1]! + 1) % 4;
      return 0;
    };
    const observe: Toy['observe'] = (state, out) => out.set([0, state[1] === 3 ? -Infinity : 0]);
    using training = train(spoilt({ ...how, advance, observe }));
    expect(() => drain(training)).toThrow(
      `environment: 'charge' of lane 0 in the ${called} of step 9 is -Infinity, expected a finite number`,
    );
  });

  it('in the observation of a reset is named too', () => {
    expect(() => train(spoilt({ observe: (_state, out) => void out.fill(NaN) }))).toThrow(
      `environment: 'period' of lane 0 in the observation of step 0 is NaN`,
    );
  });

  it('as an evaluation’s score is refused', () => {
    using training = train(options('a2c', { evaluate: () => ({ score: NaN, metrics: {} }) }));
    expect(() => drain(training)).toThrow(
      new NonFiniteError('a2c: the score of the evaluation at step 128 is NaN, expected a finite number'),
    );
    expect(training.bestScore).toBeUndefined();
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
