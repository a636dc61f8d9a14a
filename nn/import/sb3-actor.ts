import { PolicyFileError } from '../../core/errors.ts';
import type { SourceActivation } from './imported-model.ts';
import type { Sb3Data } from './sb3-data.ts';
import { listed, torchLinear, torchSequence } from './torch-layers.ts';
import type { StateDict, TorchLinear } from './torch-layers.ts';

/** The network of an SB3 policy that acts. */
export interface Sb3Actor {
  readonly algorithm: string;
  /** What comes out: logits or Q values; physical means; `mean ‖ log σ` before a tanh; a mean before a tanh. */
  readonly kind: 'logits' | 'means' | 'squashed' | 'squashed-mean';
  /** Where the settings do not say. */
  readonly usualActivation: SourceActivation;
  linears(activation: SourceActivation): TorchLinear[];
  /** [A] where it does not depend on the state. */
  readonly logStd?: readonly number[] | undefined;
  /** Limit of a Hardtanh behind the mean. */
  readonly clipMean: number | null;
  /** What the source does with the last layer's outputs before they are its own. */
  finish(outputs: Float64Array): Float64Array;
  readonly notes: readonly string[];
}

/** Prefixes of tensors that say what kind of policy it is instead. */
const unsupported: readonly (readonly [string, string])[] = [
  ['features_extractor.extractors.', 'MultiInputPolicy (Dict observations)'],
  ['features_extractor.', 'CnnPolicy, or a features extractor with weights'],
  ['pi_features_extractor.', 'CnnPolicy, or a features extractor with weights'],
  ['actor.features_extractor.', 'CnnPolicy, or a features extractor with weights'],
  ['q_net.features_extractor.', 'CnnPolicy, or a features extractor with weights'],
  ['lstm_actor.', 'RecurrentPPO'],
  ['quantile_net.', 'QR-DQN'],
];

/**
 * Finds the acting network by the names of the tensors.
 * @throws {PolicyFileError} naming what else it is, and what is supported.
 *
 * Source: Stable-Baselines3, common/policies.py, sac/policies.py, td3/policies.py, dqn/policies.py.
 */
export function actorOf(tensors: StateDict, data: Sb3Data, file: string): Sb3Actor {
  const fail = (message: string, path?: string): never => {
    throw new PolicyFileError(message, { place: { file, path } });
  };
  const names = [...tensors.keys()];
  for (const [prefix, kind] of unsupported)
    if (names.some((name) => name.startsWith(prefix)))
      fail(`is a ${kind}; supported are PPO, A2C, SAC, TD3, DDPG and DQN with MlpPolicy`);
  const has = (prefix: string): boolean => names.some((name) => name.startsWith(prefix));
  const linear = (name: string, activation: SourceActivation): TorchLinear =>
    torchLinear(tensors, name, activation, file);
  const sequence = (prefix: string, activation: SourceActivation): TorchLinear[] =>
    torchSequence(tensors, prefix, activation, file);
  const plain = { clipMean: null, finish: (outputs: Float64Array) => outputs, notes: [] };

  if (has('action_net.')) {
    if (data.squashOutput)
      fail('squashes the outputs of its Gaussian (squash_output); supported are plain ones', '/data/policy_kwargs');
    const logStd = tensors.get('log_std');
    const sde = logStd !== undefined && (data.useSde || logStd.shape.length > 1);
    return {
      ...plain,
      algorithm: 'PPO or A2C',
      kind: logStd === undefined ? 'logits' : 'means',
      usualActivation: 'tanh',
      linears: (activation) => [
        ...sequence('mlp_extractor.shared_net', activation),
        ...sequence('mlp_extractor.policy_net', activation),
        linear('action_net', 'linear'),
      ],
      logStd: logStd === undefined || sde ? undefined : [...logStd.data],
      notes: sde ? ['gSDE’s σ depends on the state and is left away: the head has means only.'] : [],
    };
  }
  if (has('actor.latent_pi.') || tensors.has('actor.mu.weight') || (has('actor.mu.') && tensors.has('actor.log_std'))) {
    const sde = tensors.has('actor.log_std');
    if (!sde)
      return {
        ...plain,
        algorithm: 'SAC',
        kind: 'squashed',
        usualActivation: 'relu',
        linears: (activation) => [
          ...sequence('actor.latent_pi', activation),
          sideBySide(linear('actor.mu', 'linear'), linear('actor.log_std', 'linear'), file),
        ],
        notes: ['log σ is not clamped to [−20, 2] as SAC does; the action does not depend on it.'],
      };
    const limit = data.clipMean ?? 2;
    const mean = tensors.has('actor.mu.weight') ? 'actor.mu' : 'actor.mu.0';
    const clips = limit > 0 && mean === 'actor.mu.0';
    return {
      algorithm: 'SAC with gSDE',
      kind: 'squashed-mean',
      usualActivation: 'relu',
      clipMean: clips ? limit : null,
      linears: (activation) => [...sequence('actor.latent_pi', activation), linear(mean, 'linear')],
      finish: (outputs) => (clips ? outputs.map((z) => Math.min(limit, Math.max(-limit, z))) : outputs),
      notes: [
        'gSDE’s σ depends on the state and is left away.',
        ...(clips ? [`The mean is clipped to ±${limit} by two rectifiers, exactly.`] : []),
      ],
    };
  }
  if (has('actor.mu.'))
    return {
      ...plain,
      algorithm: 'TD3 or DDPG',
      kind: 'squashed-mean',
      usualActivation: 'relu',
      linears: (activation) => withLinearEnd(sequence('actor.mu', activation)),
    };
  if (has('q_net.q_net.'))
    return {
      ...plain,
      algorithm: 'DQN',
      kind: 'logits',
      usualActivation: 'relu',
      linears: (activation) => withLinearEnd(sequence('q_net.q_net', activation)),
      notes: ['The logits are the Q values; the best one acts.'],
    };
  return fail(
    `has no network that acts; supported are PPO, A2C, SAC, TD3, DDPG and DQN with MlpPolicy. The tensors are ${listed(names)}`,
  );
}

function withLinearEnd(linears: TorchLinear[]): TorchLinear[] {
  return linears.map((one, l) => (l === linears.length - 1 ? { ...one, activation: 'linear' } : one));
}

/** Two heads on the same latents as one layer, `mean ‖ log σ`. */
function sideBySide(mean: TorchLinear, logStd: TorchLinear, file: string): TorchLinear {
  if (mean.inputs !== logStd.inputs || mean.outputs !== logStd.outputs)
    throw new PolicyFileError(
      `is [${logStd.outputs}, ${logStd.inputs}], expected [${mean.outputs}, ${mean.inputs}] as actor.mu is`,
      { place: { file, path: '/actor.log_std.weight' } },
    );
  const weight = new Float32Array(2 * mean.weight.length);
  weight.set(mean.weight);
  weight.set(logStd.weight, mean.weight.length);
  const bias = new Float32Array(2 * mean.outputs);
  bias.set(mean.bias);
  bias.set(logStd.bias, mean.outputs);
  return { ...mean, name: 'actor.mu ‖ actor.log_std', outputs: 2 * mean.outputs, weight, bias };
}
