import { PolicyFileError } from '../../core/errors.ts';
import type { StateDictLimits } from '../../core/state-dict.ts';

/**
 * Numbers of the network that is imported, its weights and biases together, whatever the format: two layers of 2048 have 4.3 million.
 * 20 MiB as float32, so that the file, our copy and what is written stay under 200 MB beside the program.
 */
export const mostWeights = 5 * 2 ** 20;

/** Features that a policy may read, and outputs that it may have: each is some lines of its card. */
export const widest = 4096;

/** Inputs and outputs that a layer may have. */
export const widestLayer = 65_536;

/** Bytes of a policy.json: `widest` features, with their statistics. Its reader keeps the place of everything, in fifty times the room. */
export const longestCard = 2 ** 19;

/** A policy's state dictionary, by itself or within a checkpoint. */
export const policyLimits: StateDictLimits = {
  numbers: mostWeights,
  wrappers: ['model_state_dict', 'state_dict', 'policy_state_dict', 'actor_state_dict', 'policy', 'actor', 'model'],
  opcodes: 1 << 16,
};

/** Throws a `PolicyFileError` when layers have more numbers than a policy may have: asked before any is copied. */
export function assertWeights(layers: readonly { readonly inputs: number; readonly outputs: number }[]): void {
  const numbers = layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
  if (numbers > mostWeights)
    throw new PolicyFileError(
      `the network has ${numbers} weights and biases in layers of ${layers.map(({ inputs, outputs }) => `${inputs}×${outputs}`).join(', ')}; at most ${mostWeights} are imported`,
    );
}
