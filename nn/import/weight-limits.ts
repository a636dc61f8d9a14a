import type { StateDictLimits } from '../../core/state-dict.ts';

/** 64 MiB as float32, all networks of the file together. */
export const mostNumbers = 1 << 24;

/** Features that a policy may read, and outputs that a layer may have: each is a line of its card. */
export const widest = 65_536;

/** A policy's state dictionary, by itself or within a checkpoint. */
export const policyLimits: StateDictLimits = {
  numbers: mostNumbers,
  wrappers: ['model_state_dict', 'state_dict', 'policy_state_dict', 'actor_state_dict', 'policy', 'actor', 'model'],
  opcodes: 1 << 16,
};
