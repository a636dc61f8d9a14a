import { ConfigError, PolicyFileError } from '../../core/errors.ts';
import { readStateDict } from '../../core/state-dict.ts';
import type { ByteRange } from '../../core/byte-range.ts';
import { openZip } from '../../core/zip.ts';
import type { ZipEntry } from '../../core/zip.ts';
import type { GymSpace } from './gym-space.ts';
import { boundsOf, categoricalHead } from './head.ts';
import type { ImportOptions, ImportSource, ImportedModel, Importer, SourceActivation } from './imported-model.ts';
import { clippedOutputs, physicalGaussian, squashedActions, squashedGaussian } from './policy-head.ts';
import type { HeadedLayers } from './policy-head.ts';
import { actorOf } from './sb3-actor.ts';
import type { Sb3Actor } from './sb3-actor.ts';
import { readSb3Data } from './sb3-data.ts';
import { assertChain, importedLayer, torchForward } from './torch-layers.ts';
import { policyLimits } from './weight-limits.ts';

/** Of the settings; `last_obs` of many environments included. */
const longestData = 1 << 20;
/** Of all networks: SAC has five, of which one is read. */
const longestWeights = 2 ** 27;
/** Bytes that compressed entries may come to: SB3 itself compresses nothing. */
const mostInflated = 1 << 25;
/** TD3 has no σ of its own; this is the exploration noise that it is usually trained with. */
const usualLogStd = Math.log(0.1);

/**
 * Zips of Stable-Baselines3's `model.save`: PPO, A2C, SAC, TD3, DDPG and DQN with MlpPolicy, on Gym's or Gymnasium's spaces.
 * The network that acts is kept, critics are left away.
 */
export const stableBaselines3: Importer = {
  title: 'zip of Stable-Baselines3 (PPO, A2C, SAC, TD3, DDPG, DQN; MlpPolicy)',
  detect(source) {
    const [first, second] = source.bytes.subarray(0, Math.min(2, source.bytes.length));
    if (first !== 0x50 || second !== 0x4b) return false;
    try {
      const { names } = openZip(source.bytes, source.name);
      return names.includes('policy.pth') || names.includes('data');
    } catch {
      return false; // a damaged archive is PyTorch's to refuse, with the byte
    }
  },
  read(source, options) {
    const { name: file } = source;
    const [dataBytes, weights] = contents(source);
    const data = readSb3Data(dataBytes, file);
    const tensors = readStateDict(weights, `${file} policy.pth`, policyLimits);
    const actor = actorOf(tensors, data, file);
    const activation = chosenActivation(options.activation, data.activation, file);
    const linears = actor.linears(activation ?? actor.usualActivation);
    assertChain(linears, file);
    const inputs = linears[0]!.inputs;
    const observation = observationBounds(data.observation, inputs, file);
    const headed = headOf(actor, linears.map(importedLayer), data.action, options, file);
    const { layers, head, restore, notes, finish = (outputs: Float64Array) => outputs } = headed;
    const model: ImportedModel = {
      origin: `Stable-Baselines3 ${actor.algorithm}`,
      layers,
      head,
      observation,
      restore,
      evaluate: (x) => finish(actor.finish(torchForward(linears, x))),
      notes: [
        `${actor.algorithm} by its tensors’ names, spaces of ${data.observation.library}; hidden layers are ${activation ?? `${actor.usualActivation}, the algorithm’s default`}.`,
        ...actor.notes,
        ...notes,
      ],
    };
    return model;
  },
};

/** The settings and the weights. */
function contents({ bytes, name: file, inflate }: ImportSource): readonly [Uint8Array, ByteRange] {
  const zip = openZip(bytes, file, { inflate, mostBytes: mostInflated });
  const entry = (name: string): ZipEntry => {
    const found = zip.find(name);
    if (found === undefined)
      throw new PolicyFileError(`has no '${name}', expected the zip that Stable-Baselines3 saves`, { place: { file } });
    return found;
  };
  const data = entry('data');
  if (data.length > longestData)
    throw new PolicyFileError(`has ${data.length} bytes, expected at most ${longestData}`, {
      place: { file, path: '/data' },
    });
  const weights = entry('policy.pth');
  if (weights.length > longestWeights)
    throw new PolicyFileError(`has ${weights.length} bytes, expected at most ${longestWeights}`, {
      place: { file, path: '/policy.pth' },
    });
  return [data.read(), weights.range()];
}

function chosenActivation(
  given: SourceActivation | undefined,
  said: SourceActivation | null,
  file: string,
): SourceActivation | null {
  if (given !== undefined && said !== null && given !== said)
    throw new ConfigError(`--activation says ${given}, the file says ${said}`, { place: { file } });
  return said ?? given ?? null;
}

function observationBounds(space: GymSpace, inputs: number, file: string): NonNullable<ImportedModel['observation']> {
  const place = { file, path: '/data/observation_space' };
  if (space.kind !== 'box')
    throw new PolicyFileError(
      `is a Discrete space of ${space.n}, which the policy reads as ${space.n} zeros and ones; only Box observations are read`,
      { place },
    );
  if (space.low.length !== inputs)
    throw new PolicyFileError(`has ${space.low.length} numbers, but the policy’s first layer reads ${inputs}`, {
      place,
    });
  return { low: space.low, high: space.high };
}

interface Headed extends HeadedLayers {
  readonly notes: readonly string[];
  /** Of the source's last layer, where our outputs are not its. */
  readonly finish?: (outputs: Float64Array) => Float64Array;
}

function headOf(
  actor: Sb3Actor,
  layers: HeadedLayers['layers'],
  space: GymSpace,
  options: ImportOptions,
  file: string,
): Headed {
  const place = { file, path: '/data/action_space' };
  const outputs = layers.at(-1)!.outputs;
  const wanted = options.head;
  const refuse = (offered: string): never => {
    throw new ConfigError(`--head ${wanted} is none that this ${actor.algorithm} policy has; expected ${offered}`, {
      place: { file },
    });
  };
  if (space.kind === 'discrete') {
    if (actor.kind !== 'logits')
      throw new PolicyFileError(`is Discrete, but the tensors are those of ${actor.algorithm} on a Box`, { place });
    if (space.n !== outputs)
      throw new PolicyFileError(`has ${space.n} choices, but the policy has ${outputs} outputs`, { place });
    if (wanted !== undefined && wanted !== 'categorical') refuse('categorical');
    const { head, notes } = categoricalHead(outputs, options);
    return { layers, head, notes };
  }
  const bounds = actionBounds(space, options, actor.kind !== 'means', file);
  const actions = bounds.low.length;
  if (actor.kind === 'logits' && actor.logStd === undefined)
    throw new PolicyFileError('is a Box, but the tensors are those of a policy on Discrete actions', { place });
  const expected = actor.kind === 'squashed' ? 2 * actions : actions;
  if (outputs !== expected)
    throw new PolicyFileError(`has ${actions} actions, but the policy has ${outputs} outputs, expected ${expected}`, {
      place,
    });
  switch (actor.kind) {
    case 'squashed':
      if (wanted !== undefined && wanted !== 'squashed-gaussian') refuse('squashed-gaussian');
      return { layers, head: { kind: 'squashed-gaussian', ...bounds }, notes: [] };
    case 'squashed-mean': {
      const hardtanh =
        actor.clipMean === null ? layers : [...layers.slice(0, -1), ...clippedOutputs(layers.at(-1)!, actor.clipMean)];
      if (wanted === 'deterministic')
        return {
          ...squashedActions(hardtanh, bounds),
          finish: (mean) =>
            mean.map((z, a) => bounds.low[a]! + 0.5 * (Math.tanh(z) + 1) * (bounds.high[a]! - bounds.low[a]!)),
          notes: ['The tanh became a layer; the outputs are the actions.'],
        };
      if (wanted !== undefined && wanted !== 'squashed-gaussian') refuse('squashed-gaussian or deterministic');
      const logStd = options.logStd ?? usualLogStd;
      return {
        ...squashedGaussian(hardtanh, bounds, logStd),
        notes: [
          `The mean before the tanh feeds a squashed-gaussian head; its log σ, ${logStd.toFixed(4)} everywhere, is ours (--log-std).`,
        ],
      };
    }
    default: {
      if (wanted === 'deterministic')
        return {
          layers,
          head: { kind: 'deterministic', ...bounds },
          notes: ['The mean is the action; σ is left away.'],
        };
      if (wanted !== undefined && wanted !== 'gaussian') refuse('gaussian or deterministic');
      const logStd = actor.logStd ?? null;
      if (logStd !== null && logStd.length !== actions)
        throw new PolicyFileError(`has ${logStd.length} numbers, expected ${actions} as the space has actions`, {
          place: { file, path: '/log_std' },
        });
      return {
        ...physicalGaussian(layers, bounds, logStd),
        notes: [
          'Means and σ are physical in Stable-Baselines3: they went to the unit scale of our gaussian head, folded into the last layer.',
        ],
      };
    }
  }
}

/** The bounds that the policy's actions are clipped to or scaled by: the file's own, or given ones where it is unbounded and only clips. */
function actionBounds(
  { low, high }: Extract<GymSpace, { kind: 'box' }>,
  options: ImportOptions,
  scales: boolean,
  file: string,
): { readonly low: readonly number[]; readonly high: readonly number[] } {
  const place = { file, path: '/data/action_space' };
  const finite = [...low, ...high].every(Number.isFinite);
  const given = boundsOf({ low: options.low, high: options.high });
  if (finite) {
    const differs = given !== null && (given.low.join() !== low.join() || given.high.join() !== high.join());
    if (differs)
      throw new ConfigError(`--low and --high differ from the file’s [${low.join(', ')}] and [${high.join(', ')}]`, {
        place,
      });
    const wrong = low.findIndex((value, a) => !(value < high[a]!));
    if (wrong >= 0)
      throw new PolicyFileError(`action ${wrong} has low ${low[wrong]} and high ${high[wrong]}, expected low < high`, {
        place,
      });
    return { low, high };
  }
  const outer = given ?? boundsOf({ actions: options.actions });
  if (scales || outer === null || outer.low.length !== low.length)
    throw new PolicyFileError(
      'has no finite bounds; give --low and --high, or an environment, where the policy only clips',
      { place },
    );
  return outer;
}
