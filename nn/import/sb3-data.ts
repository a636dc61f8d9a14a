import { PolicyFileError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { PickleGlobal, describePickled } from '../../core/pickle-value.ts';
import type { PickleValue } from '../../core/pickle-value.ts';
import { readPickle } from '../../core/pickle.ts';
import type { PickleRules } from '../../core/pickle.ts';
import { gymGlobals, gymSpace } from './gym-space.ts';
import type { GymSpace } from './gym-space.ts';
import type { SourceActivation } from './imported-model.ts';
import { numpyGlobals } from './numpy-pickle.ts';

/** What PyTorch calls the activations that we have. */
const activations: Readonly<Record<string, SourceActivation>> = {
  'torch.nn.modules.activation.Tanh': 'tanh',
  'torch.nn.modules.activation.ReLU': 'relu',
  'torch.nn.modules.activation.SiLU': 'silu',
  'torch.nn.modules.activation.ELU': 'elu',
  'torch.nn.modules.activation.Sigmoid': 'sigmoid',
  'torch.nn.modules.linear.Identity': 'linear',
};
/** Named so that they can be refused as activations, not as code. */
const otherActivations = [
  'LeakyReLU',
  'GELU',
  'SELU',
  'CELU',
  'Softplus',
  'Softsign',
  'Hardtanh',
  'ReLU6',
  'Mish',
  'PReLU',
];
const optimisers = ['adam.Adam', 'adamw.AdamW', 'rmsprop.RMSprop', 'sgd.SGD'].map((name) => `torch.optim.${name}`);
const plainExtractor = 'stable_baselines3.common.torch_layers.FlattenExtractor';

const rules: PickleRules = {
  globals: new Set([
    'collections.OrderedDict',
    ...numpyGlobals,
    ...gymGlobals,
    ...Object.keys(activations),
    ...otherActivations.map((name) => `torch.nn.modules.activation.${name}`),
    ...optimisers,
    'stable_baselines3.common.sb2_compat.rmsprop_tf_like.RMSpropTFLike',
    plainExtractor,
    'stable_baselines3.common.torch_layers.NatureCNN',
    'stable_baselines3.common.torch_layers.CombinedExtractor',
  ]),
  purpose: 'spaces and settings',
  objects: true,
  mostOpcodes: 1 << 16,
};

/** What an SB3 zip's `data` says that a policy needs. */
export interface Sb3Data {
  readonly observation: GymSpace;
  readonly action: GymSpace;
  /** null: the algorithm's default. */
  readonly activation: SourceActivation | null;
  readonly useSde: boolean;
  readonly squashOutput: boolean;
  /** Of gSDE's mean; null: the algorithm's default. */
  readonly clipMean: number | null;
}

/**
 * Reads the `data` of an SB3 zip: JSON whose less simple values are pickles in base64. Nothing in them is run.
 * @throws {PolicyFileError} for what is no such JSON and for settings that no plain MLP policy has, {DataError} for a pickle that names anything else.
 *
 * Source: Stable-Baselines3, common/save_util.py (`data_to_json`).
 */
export function readSb3Data(bytes: Uint8Array, file: string): Sb3Data {
  const data = parseObject(bytes, file);
  const place = (field: string): Place => ({ file, path: `/data/${field}` });
  const space = (field: string): GymSpace => gymSpace(unpickled(data[field], place(field)), place(field));
  const kwargs = settings(data['policy_kwargs'], place('policy_kwargs'));
  const extractor = kwargs.get('features_extractor_class');
  if (extractor !== undefined && !(extractor instanceof PickleGlobal && extractor.name === plainExtractor))
    throw new PolicyFileError(
      `is ${describePickled(extractor)}: only policies on flat observations (MlpPolicy) are read`,
      { place: place('policy_kwargs/features_extractor_class') },
    );
  const clipMean = kwargs.get('clip_mean');
  return {
    observation: space('observation_space'),
    action: space('action_space'),
    activation: activationOf(kwargs.get('activation_fn'), place('policy_kwargs/activation_fn')),
    useSde: data['use_sde'] === true || kwargs.get('use_sde') === true,
    squashOutput: kwargs.get('squash_output') === true,
    clipMean: typeof clipMean === 'number' ? clipMean : null,
  };
}

function activationOf(value: PickleValue | undefined, place: Place): SourceActivation | null {
  if (value === undefined) return null;
  const name = value instanceof PickleGlobal ? value.name : '';
  if (Object.hasOwn(activations, name)) return activations[name]!;
  const known = Object.keys(activations).map((one) => one.split('.').at(-1));
  throw new PolicyFileError(`is ${describePickled(value)}, expected one of ${known.join(', ')}`, { place });
}

/** The keyword arguments, plain in JSON or pickled where one of them is a class. */
function settings(value: unknown, place: Place): Map<PickleValue, PickleValue> {
  if (value === undefined || value === null) return new Map();
  if (typeof value === 'object' && ':serialized:' in value) {
    const read = unpickled(value, place);
    if (read instanceof Map) return read;
    throw new PolicyFileError(`is ${describePickled(read)}, expected a dictionary`, { place });
  }
  if (typeof value !== 'object' || Array.isArray(value))
    throw new PolicyFileError('is no object, expected the policy’s keyword arguments', { place });
  // Only the simple ones matter: what is no class is plain here.
  const simple = Object.entries(value).filter((entry): entry is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  return new Map<PickleValue, PickleValue>(simple);
}

function unpickled(value: unknown, place: Place): PickleValue {
  const text =
    typeof value === 'object' && value !== null && ':serialized:' in value ? value[':serialized:'] : undefined;
  if (typeof text !== 'string')
    throw new PolicyFileError('has no `:serialized:` text, expected what Stable-Baselines3 writes', { place });
  let binary: string;
  try {
    binary = atob(text);
  } catch (cause) {
    throw new PolicyFileError('its `:serialized:` text is no base64', { place, cause });
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return readPickle(bytes, rules, `${place.file ?? ''} ${place.path ?? ''}`, 0);
}

function parseObject(bytes: Uint8Array, file: string): Record<string, unknown> {
  const place = { file, path: '/data' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PolicyFileError(`is no JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : String(cause)}`, {
      place,
      cause,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new PolicyFileError('is no JSON object', { place });
  return parsed as Record<string, unknown>;
}
