import type { Head } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';

/** How a learner remembers actions, and what they are in the environment. */
export interface ActionCoding {
  /** Numbers per remembered action. */
  readonly size: number;
  /** Fills whole rows with uniformly random actions. @param action [N×size] */
  random(rng: Rng, action: Float32Array): void;
  /** @param action [N×size]  @param out [N×A] physical */
  physical(action: Float32Array, out: Float64Array): void;
}

/** Actions on the unit scale [−1, 1], mapped to the physical box component by component. */
export function unitActions(features: readonly Feature[]): ActionCoding {
  const size = features.length;
  return {
    size,
    random(rng, action) {
      for (let i = 0; i < action.length; i++) action[i] = 2 * rng.uniform() - 1;
    },
    physical(action, out) {
      for (let i = 0; i < action.length; i++) {
        const { low, high } = features[i % size]!;
        out[i] = low + ((action[i]! + 1) / 2) * (high - low);
      }
    },
  };
}

/** The head that reads such actions from a network. */
export function squashedHead(features: readonly Feature[]): Head {
  return {
    kind: 'squashed-gaussian',
    low: features.map((feature) => feature.low),
    high: features.map((feature) => feature.high),
  };
}

/** Indices into a list of physical values of one component. */
export function binnedActions(values: readonly number[]): ActionCoding {
  return {
    size: 1,
    random(rng, action) {
      for (let i = 0; i < action.length; i++) action[i] = rng.int(values.length);
    },
    physical(action, out) {
      for (let i = 0; i < action.length; i++) out[i] = values[action[i]!]!;
    },
  };
}
