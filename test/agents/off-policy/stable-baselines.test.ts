import { describe, expect, it } from 'vitest';
import type { LearnerName } from '../../../agents/index.ts';
import { learners } from '../../../agents/index.ts';
import { train } from '../../../agents/train.ts';
import { rng } from '../../../core/rng.ts';
import { loadPolicy, policyFiles } from '../../../nn/policy.ts';
import { policyVictim } from '../../../nn/victim.ts';
import { arbitrageToy, toyEnv } from '../../support/toy-env.ts';

/** The signatures of `DQN`, `TD3` and `SAC` and of their policies in Stable-Baselines3 2.x, as far as we have the options. */
const signatures = {
  dqn: {
    learning_rate: 1e-4,
    buffer_size: 1_000_000,
    learning_starts: 100,
    batch_size: 32,
    tau: 1,
    gamma: 0.99,
    train_freq: 4,
    gradient_steps: 1,
    target_update_interval: 10_000,
    exploration_fraction: 0.1,
    exploration_initial_eps: 1,
    exploration_final_eps: 0.05,
    max_grad_norm: 10,
    net_arch: [64, 64],
    activation_fn: 'relu',
  },
  td3: {
    learning_rate: 1e-3,
    buffer_size: 1_000_000,
    learning_starts: 100,
    batch_size: 256,
    tau: 0.005,
    gamma: 0.99,
    train_freq: 1,
    gradient_steps: 1,
    action_noise: null,
    policy_delay: 2,
    target_policy_noise: 0.2,
    target_noise_clip: 0.5,
    net_arch: [400, 300],
    activation_fn: 'relu',
  },
  sac: {
    learning_rate: 3e-4,
    buffer_size: 1_000_000,
    learning_starts: 100,
    batch_size: 256,
    tau: 0.005,
    gamma: 0.99,
    train_freq: 1,
    gradient_steps: 1,
    action_noise: null,
    ent_coef: 'auto',
    target_update_interval: 1,
    target_entropy: 'auto',
    use_sde: false,
    net_arch: [256, 256],
    activation_fn: 'relu',
  },
};

/** What Stable-Baselines3 does not have, at the values that leave its learners as they are. */
const neutral = {
  normalize: null,
  updatesPerStep: null,
  idleBaseline: false,
  storedEnergyValue: 0,
  normaliseReward: false,
  checkpointReplay: true,
};

describe.each(['dqn', 'td3', 'sac'] as const)('%s', (name) => {
  it('has Stable-Baselines3’s defaults, and our extras off', () => {
    const own = name === 'dqn' ? { bins: 20, double: false, duelling: false } : {};
    expect(learners[name].config.parse({})).toEqual({ ...signatures[name], ...neutral, ...own });
  });
});

describe.each<readonly [string, LearnerName, object]>([
  ['DQN', 'dqn', { bins: 5 }],
  ['duelling DQN', 'dqn', { bins: 5, duelling: true }],
  ['TD3', 'td3', {}],
  ['SAC', 'sac', {}],
])('the stored policy of %s', (_name, algorithm, more) => {
  it.each([null, {}])('decides as the learner does (normalize: %j)', (normalize) => {
    const env = toyEnv(arbitrageToy, 2);
    const config = { net_arch: [12], learning_starts: 10, batch_size: 8, normalize, ...more };
    using training = train({ env, algorithm, config, rng: rng(5), totalSteps: 120 });
    for (const event of training) void event;
    const { policy } = training.learner;
    const { card, weights } = policyFiles(
      {
        name: 'toy',
        observation: {
          features: env.observationSpace.features,
          normalisation: 'fixed',
          normaliser: policy.normaliser?.(),
        },
        action: { features: env.actionSpace.features },
        head: policy.head,
        layers: policy.layers,
      },
      policy.parameters(),
    );
    using stored = loadPolicy(card, weights, 'toy');
    expect(stored.card.observation.normaliser === undefined).toBe(normalize === null);
    const rows = 64;
    const draw = rng(6);
    const x = Float32Array.from({ length: 2 * rows }, () => 2 * draw.uniform() - 0.5);
    const [own, loaded] = [new Float64Array(rows), new Float64Array(rows)];
    policy.decide(x, rows, own);
    policyVictim(stored).decide(x, rows, loaded);
    for (const [row, action] of own.entries()) expect(loaded[row]).toBeCloseTo(action, 6);
  });
});
