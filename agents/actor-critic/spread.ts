import type { Rng } from '../../core/rng.ts';
import { FreeParameters } from '../free-parameters.ts';

/** Where a Gaussian policy's deviations and noise come from. φ is the actor's last hidden layer [rows×L]. */
export interface Spread {
  readonly parameters: FreeParameters;
  /** `log s` of each component where it is the same everywhere, for the policy's card. */
  readonly logDeviation: Float64Array | undefined;
  /** Mean of the trained deviations σ. */
  readonly meanDeviation: number;
  /** Draws the noise anew that lasts for several steps, if there is such. */
  renew(rng: Rng): void;
  /** @param out [rows×A] s(x) */
  deviation(latent: Float32Array, rows: number, out: Float64Array): void;
  /** Noise for each lane. @param out [N×A] */
  noise(latent: Float32Array, rng: Rng, out: Float64Array): void;
  /** Fills the parameters' gradient. @param deviation, dLogDeviation [rows×A] s and ∂L/∂log s */
  backward(latent: Float32Array, rows: number, deviation: Float64Array, dLogDeviation: Float64Array): void;
}

/** A deviation for each component that does not depend on the state, `s = exp(log_std)`, with fresh noise in every step. */
export class SharedSpread implements Spread {
  readonly parameters: FreeParameters;
  readonly #lanes: number;
  readonly #actions: number;

  constructor(lanes: number, actions: number, logStd: number) {
    this.#lanes = lanes;
    this.#actions = actions;
    this.parameters = new FreeParameters(actions, logStd);
  }

  get logDeviation(): Float64Array {
    return this.parameters.values;
  }

  get meanDeviation(): number {
    let sum = 0;
    for (const value of this.parameters.values) sum += Math.exp(value);
    return sum / this.#actions;
  }

  renew(): void {}

  deviation(_latent: Float32Array, rows: number, out: Float64Array): void {
    for (let j = 0; j < this.#actions; j++) {
      const deviation = Math.exp(this.parameters.values[j]!);
      for (let row = 0; row < rows; row++) out[row * this.#actions + j] = deviation;
    }
  }

  noise(latent: Float32Array, rng: Rng, out: Float64Array): void {
    this.deviation(latent, this.#lanes, out);
    for (let i = 0; i < this.#lanes * this.#actions; i++) out[i]! *= rng.normal();
  }

  backward(_latent: Float32Array, rows: number, _deviation: Float64Array, dLogDeviation: Float64Array): void {
    const { gradient } = this.parameters;
    gradient.fill(0);
    for (let row = 0, at = 0; row < rows; row++)
      for (let j = 0; j < this.#actions; j++, at++) gradient[j]! += dLogDeviation[at]!;
  }
}
