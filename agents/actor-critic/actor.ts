import type { Rng } from '../../core/rng.ts';
import type { Trainable } from '../free-parameters.ts';
import type { LearnedPolicy, Metrics } from '../learner.ts';
import type { State } from '../state.ts';

/** A loss `Σ_rows (slope·log π(a|x) − e·H) / rows`, by its slopes. */
export interface PolicySlope {
  readonly rows: number;
  /** [rows×width], what was evaluated */
  readonly action: Float32Array;
  /** [rows] */
  readonly slope: Float64Array;
  /** [rows], as it was evaluated */
  readonly entropy: Float64Array;
  readonly entropyCoefficient: number;
}

/**
 * A stochastic policy that is learnt by its log-probabilities, whatever its distribution. It reads standardised observations where
 * its learner keeps statistics; `policy` reads them raw.
 *
 * An action is held as `width` numbers: the index of its bin, or its components before they are clipped for the environment.
 */
export interface Actor extends Disposable {
  readonly policy: LearnedPolicy;
  readonly width: number;
  /** All that is trained, for the joint gradient norm and the optimiser. */
  readonly parts: readonly Trainable[];
  /** Draws the noise anew that lasts for several steps, if there is such. */
  renewNoise(rng: Rng): void;
  /** Draws an action for each lane. @param x [N×O]  @param action [N×width]  @param logProb [N] log π(a|x) */
  sample(x: Float32Array, rng: Rng, action: Float32Array, logProb: Float64Array): void;
  /** What the environment is given for an action. @param action [N×width]  @param out [N×A] physical */
  physical(action: Float32Array, out: Float64Array): void;
  /** @param x [rows×O]  @param action [rows×width]  @param logProb, entropy [rows] in nats */
  evaluate(x: Float32Array, rows: number, action: Float32Array, logProb: Float64Array, entropy: Float64Array): void;
  /** Gradients with respect to all parts, at what `evaluate` saw last. */
  backward(loss: PolicySlope): void;
  /** Figures of the distribution of the moment. */
  metrics(): Metrics;
  save(): State;
  restore(state: State): void;
}
