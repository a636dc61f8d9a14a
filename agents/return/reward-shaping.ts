import type { StepBatch } from '../../core/environment.ts';
import type { Box } from '../../core/space.ts';
import { toPhysical } from '../../core/space.ts';

/** What a learner adds to the reward it is given; neither part moves the optimal policy. */
export interface ShapingOptions {
  /** Add back what the new hour would have cost without a battery. */
  readonly idleBaseline: boolean;
  /** Reward units that a full battery is worth beforehand; 0: no shaping. */
  readonly storedEnergyValue: number;
  readonly gamma: number;
}

/**
 * Makes the battery's own share of a household reward visible to a learner.
 *
 * `r' = r + max(load' − pv', 0) + γ·Φ(x') − Φ(x)`, `Φ(x) = value·soc`.
 *
 * - The first term does not depend on the action. It takes out the reward's exogenous part, which is twenty times as large
 *   as a battery's effect in an hour. Source: Dietterich, Trimponias and Chen (2018), "Discovering and Removing Exogenous
 *   State Variables and Rewards for Reinforcement Learning".
 * - The second pays for stored energy when it is stored, not hours later; with it, doing nothing is no local optimum.
 *   Source: Ng, Harada and Russell (1999), "Policy Invariance Under Reward Transformations", theorem 1.
 *
 * A part whose features the environment does not show does nothing.
 */
export class RewardShaping {
  readonly #options: ShapingOptions;
  readonly #inputs: number;
  readonly #load: Reader | undefined;
  readonly #pv: Reader | undefined;
  readonly #soc: Reader | undefined;

  constructor(observation: Box, options: ShapingOptions) {
    this.#options = options;
    this.#inputs = observation.features.length;
    this.#load = reader(observation, 'non_shiftable_load');
    this.#pv = reader(observation, 'solar_generation');
    this.#soc = reader(observation, 'electrical_storage_soc');
  }

  /** @param before [N×O] what the lanes acted on  @param out [N] shaped rewards */
  apply(before: Float32Array, batch: StepBatch, out: Float64Array): void {
    const { idleBaseline, storedEnergyValue, gamma } = this.#options;
    for (let lane = 0; lane < out.length; lane++) {
      const terminated = batch.terminated[lane] === 1;
      const after = terminated || batch.truncated[lane] === 1 ? batch.finalObservation : batch.observation;
      const at = lane * this.#inputs;
      let reward = batch.reward[lane]!;
      if (idleBaseline && this.#load !== undefined && this.#pv !== undefined)
        reward += Math.max(this.#load(after, at) - this.#pv(after, at), 0);
      if (this.#soc !== undefined)
        reward += storedEnergyValue * ((terminated ? 0 : gamma * this.#soc(after, at)) - this.#soc(before, at));
      out[lane] = reward;
    }
  }
}

type Reader = (x: Float32Array, at: number) => number;

function reader(observation: Box, name: string): Reader | undefined {
  const index = observation.features.findIndex((feature) => feature.name === name);
  const feature = observation.features[index];
  return feature === undefined ? undefined : (x, at) => toPhysical(feature, x[at + index]!);
}
