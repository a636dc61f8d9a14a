import type { Normaliser } from '../core/policy.ts';
import type { Standardisation } from '../nn/normalised-network.ts';
import type { State } from './state.ts';
import { stateArray } from './state.ts';

/** Options of `VecNormalize` with `norm_obs`, under its names. */
export interface ObservationStatisticsOptions {
  readonly clip_obs: number; // 10
  readonly epsilon: number; // 1e-8
}

/**
 * Running mean and variance of the observations, [O] each: what `VecNormalize(norm_obs=True)` of Stable-Baselines3 keeps.
 *
 * A learner's networks stand behind `standardisation` (`normalisedNetwork`), so that buffers hold observations as they were seen;
 * `freeze` is what goes into the policy's card. Batches are merged by Chan et al. (1979), starting from mean 0, variance 1, count 1e-4.
 */
export class ObservationStatistics {
  readonly standardisation: Standardisation;
  readonly #variance: Float64Array;
  readonly #epsilon: number;
  #count = 1e-4;

  constructor(features: number, { clip_obs: clip, epsilon }: ObservationStatisticsOptions) {
    this.#variance = new Float64Array(features).fill(1);
    this.#epsilon = epsilon;
    this.standardisation = { mean: new Float64Array(features), scale: new Float64Array(features).fill(1), clip };
    this.#rescale();
  }

  /** Takes in a batch. @param x [rows×O] */
  observe(x: Float32Array, rows: number): void {
    const { mean } = this.standardisation;
    const features = mean.length;
    const total = this.#count + rows;
    for (let i = 0; i < features; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += x[row * features + i]!;
      const batchMean = sum / rows;
      let squares = 0;
      for (let row = 0; row < rows; row++) squares += (x[row * features + i]! - batchMean) ** 2;
      const delta = batchMean - mean[i]!;
      mean[i]! += (delta * rows) / total;
      const merged = this.#variance[i]! * this.#count + squares + (delta * delta * this.#count * rows) / total;
      this.#variance[i] = merged / total;
    }
    this.#count = total;
    this.#rescale();
  }

  freeze(): Normaliser {
    const { mean, clip } = this.standardisation;
    return { mean: [...mean], variance: [...this.#variance], epsilon: this.#epsilon, clip };
  }

  save(): State {
    const { mean } = this.standardisation;
    return { mean: mean.slice(), variance: this.#variance.slice(), count: Float64Array.of(this.#count) };
  }

  restore(state: State): void {
    const features = this.#variance.length;
    this.standardisation.mean.set(stateArray(state, 'mean', 'Float64Array', features));
    this.#variance.set(stateArray(state, 'variance', 'Float64Array', features));
    this.#count = stateArray(state, 'count', 'Float64Array', 1)[0]!;
    this.#rescale();
  }

  #rescale(): void {
    const { scale } = this.standardisation;
    for (let i = 0; i < scale.length; i++) scale[i] = 1 / Math.sqrt(this.#variance[i]! + this.#epsilon);
  }
}
