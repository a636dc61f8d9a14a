import { ConfigError, PolicyFileError } from '../../core/errors.ts';
import { headActions, headOutputs } from '../../core/policy.ts';
import type { Feature } from '../../core/space.ts';
import { policyFiles } from '../policy.ts';
import type { PolicyFiles } from '../policy.ts';
import type { ImportedModel } from './imported-model.ts';
import { lower } from './lower.ts';
import { readingPhysical } from './normalise.ts';
import { assertWeights, widest } from './weight-limits.ts';

/** What our policy needs and no file of another library knows. */
export interface PolicyTarget {
  readonly name: string;
  /** [O] what the environment observes; absent: nameless features of the source's own bounds. */
  readonly observation?: readonly Feature[] | undefined;
  /** [A] absent: nameless actions of the head's bounds. */
  readonly action?: readonly Feature[] | undefined;
  /** Whether the source reads features from 0 to 1, as our environments give them, or their physical values. */
  readonly reads: 'normalised' | 'physical';
  /** How the environment normalises; absent: as a file of ours says, else `fixed`. */
  readonly normalisation?: string | undefined;
}

/** A policy's files and what was assumed on the way. */
export interface ComposedPolicy {
  readonly files: PolicyFiles;
  readonly observation: readonly Feature[];
  readonly notes: readonly string[];
}

/**
 * An imported model as a policy of ours.
 * @throws {ConfigError} when the environment's features or actions are of another number, {PolicyFileError} for weights that are not finite.
 */
export function composePolicy(model: ImportedModel, target: PolicyTarget): ComposedPolicy {
  const notes = [...model.notes];
  const inputs = model.layers[0]!.inputs;
  const outputs = headOutputs(model.head);
  if (inputs > widest || outputs > widest)
    throw new PolicyFileError(
      `the policy reads ${inputs} features and has ${outputs} outputs, expected at most ${widest}`,
    );
  assertWeights(model.layers);
  const observation = target.observation ?? model.own?.observation ?? namelessFeatures(model, target.reads, notes);
  if (observation.length !== inputs)
    throw new ConfigError(`the policy reads ${inputs} features, expected the environment's ${observation.length}`);
  const action = target.action ?? model.own?.action ?? namelessActions(model);
  const actions = headActions(model.head);
  if (action.length !== actions)
    throw new ConfigError(`the policy has ${actions} action components, expected the environment's ${action.length}`);
  let { layers, normaliser } = model;
  if (target.reads === 'physical') {
    const physical = readingPhysical(layers[0]!, normaliser, observation);
    layers = [physical.first, ...layers.slice(1)];
    normaliser = physical.normaliser;
    notes.push('The source reads physical values: the low and high of each feature went into the normaliser.');
  } else
    notes.push(
      'The source reads the observation as the environment gives it, normalised (--reads physical otherwise).',
    );
  const lowered = lower(layers);
  const files = policyFiles(
    {
      name: target.name,
      observation: {
        features: observation,
        normalisation: target.normalisation ?? model.own?.normalisation ?? 'fixed',
        ...(normaliser === undefined ? {} : { normaliser }),
      },
      action: { features: action },
      head: model.head,
      layers: lowered.layers,
    },
    lowered.parameters,
  );
  return { files, observation, notes };
}

function namelessFeatures(model: ImportedModel, reads: PolicyTarget['reads'], notes: string[]): readonly Feature[] {
  const inputs = model.layers[0]!.inputs;
  if (reads === 'normalised') {
    notes.push(`No features were given: they are called observation_0…observation_${inputs - 1}, without units.`);
    return Array.from({ length: inputs }, (_, i) => ({ name: `observation_${i}`, unit: '', low: 0, high: 1 }));
  }
  const bounds = model.observation;
  const unbounded =
    bounds === undefined
      ? 0
      : bounds.low.findIndex((low, i) => !Number.isFinite(low) || !Number.isFinite(bounds.high[i]!));
  if (bounds === undefined || unbounded >= 0)
    throw new PolicyFileError(
      `the source does not bound feature ${unbounded}, so its physical values cannot be normalised; give --features, --like or --district`,
    );
  notes.push('No features were given: they are nameless, with the bounds of the source’s observation space.');
  return bounds.low.map((low, i) => ({ name: `observation_${i}`, unit: '', low, high: bounds.high[i]! }));
}

function namelessActions({ head }: ImportedModel): readonly Feature[] {
  const [low, high] =
    head.kind === 'categorical' ? [[Math.min(...head.values)], [Math.max(...head.values)]] : [head.low, head.high];
  return low.map((value, a) => ({ name: `action_${a}`, unit: '', low: value, high: high[a]! }));
}
