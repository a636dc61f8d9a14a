import type { Rng } from '../../core/rng.ts';
import { FreeParameters } from '../free-parameters.ts';
import type { Spread } from './spread.ts';

/** Added to the variance, so that it is positive where all latent features are 0. */
const varianceFloor = 1e-6;

export interface StateDependentOptions {
  readonly log_std_init: number;
  /** A deviation for each feature and component [L×A]; else for each feature [L]. */
  readonly full_std: boolean;
  readonly use_expln: boolean;
}

/**
 * Generalised state-dependent exploration: the noise is `φ(x)·E` with a matrix E [L×A] per lane, `E_lj ~ N(0, σ_lj²)`, drawn for
 * several steps at a time, so that it is smooth in time; hence `s_j² = Σ_l φ_l²·σ_lj² + 1e-6`.
 *
 * `∂log s_j/∂σ_lj = φ_l²·σ_lj / s_j²`; φ takes no gradient from the noise.
 * Source: Raffin, Kober and Stulp (2022), "Smooth Exploration for Robotic Reinforcement Learning"; `StateDependentNoiseDistribution`
 * of Stable-Baselines3 with `learn_features` and `squash_output` false.
 */
export class StateDependentSpread implements Spread {
  readonly parameters: FreeParameters;
  readonly logDeviation = undefined;
  readonly #lanes: number;
  readonly #latent: number;
  readonly #actions: number;
  readonly #perFeature: number;
  readonly #expln: boolean;
  /** [L×A] */
  readonly #sigma: Float64Array;
  /** [N×L×A] E of each lane. */
  readonly #matrices: Float64Array;

  constructor(lanes: number, latent: number, actions: number, options: StateDependentOptions) {
    this.#lanes = lanes;
    this.#latent = latent;
    this.#actions = actions;
    this.#perFeature = options.full_std ? actions : 1;
    this.#expln = options.use_expln;
    this.parameters = new FreeParameters(latent * this.#perFeature, options.log_std_init);
    this.#sigma = new Float64Array(latent * actions);
    this.#matrices = new Float64Array(lanes * latent * actions);
  }

  get meanDeviation(): number {
    const { values } = this.parameters;
    let sum = 0;
    for (const value of values) sum += deviationOf(value, this.#expln);
    return sum / values.length;
  }

  renew(rng: Rng): void {
    this.#refresh();
    const size = this.#sigma.length;
    for (let i = 0; i < this.#matrices.length; i++) this.#matrices[i] = this.#sigma[i % size]! * rng.normal();
  }

  deviation(latent: Float32Array, rows: number, out: Float64Array): void {
    this.#refresh();
    const actions = this.#actions;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < actions; j++) {
        let variance = varianceFloor;
        for (let l = 0; l < this.#latent; l++)
          variance += (latent[row * this.#latent + l]! * this.#sigma[l * actions + j]!) ** 2;
        out[row * actions + j] = Math.sqrt(variance);
      }
    }
  }

  noise(latent: Float32Array, _rng: Rng, out: Float64Array): void {
    const actions = this.#actions;
    for (let lane = 0; lane < this.#lanes; lane++) {
      for (let j = 0; j < actions; j++) {
        let sum = 0;
        for (let l = 0, at = lane * this.#latent; l < this.#latent; l++, at++)
          sum += latent[at]! * this.#matrices[at * actions + j]!;
        out[lane * actions + j] = sum;
      }
    }
  }

  backward(latent: Float32Array, rows: number, deviation: Float64Array, dLogDeviation: Float64Array): void {
    const { values, gradient } = this.parameters;
    const actions = this.#actions;
    gradient.fill(0);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < actions; j++) {
        const at = row * actions + j;
        const pull = dLogDeviation[at]! / (deviation[at]! * deviation[at]!);
        for (let l = 0; l < this.#latent; l++) {
          const feature = latent[row * this.#latent + l]!;
          gradient[l * this.#perFeature + (j % this.#perFeature)]! +=
            pull * feature * feature * this.#sigma[l * actions + j]!;
        }
      }
    }
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= deviationSlope(values[i]!, this.#expln);
  }

  /** σ of the moment's parameters. */
  #refresh(): void {
    const { values } = this.parameters;
    for (let i = 0; i < values.length; i++) {
      const sigma = deviationOf(values[i]!, this.#expln);
      if (this.#perFeature === this.#actions) this.#sigma[i] = sigma;
      else this.#sigma.fill(sigma, i * this.#actions, (i + 1) * this.#actions);
    }
  }
}

/** `σ = exp(l)`; with expln `1 + log(1 + l)` above 0, which meets it there in value and slope. */
function deviationOf(logStd: number, expln: boolean): number {
  return expln && logStd > 0 ? 1 + Math.log1p(logStd) : Math.exp(logStd);
}

/** dσ/dl. */
function deviationSlope(logStd: number, expln: boolean): number {
  return expln && logStd > 0 ? 1 / (1 + logStd) : Math.exp(logStd);
}
