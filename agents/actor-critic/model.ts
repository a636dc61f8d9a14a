import type { Rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { Trainable } from '../free-parameters.ts';
import type { LearnerSpaces } from '../learner.ts';
import { hiddenWidths, startingWeights } from '../network-options.ts';
import { networkState, restoreNetwork } from '../network-state.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { Actor } from './actor.ts';
import { CategoricalActor } from './categorical-actor.ts';
import { GaussianActor } from './gaussian-actor.ts';
import { Minibatch } from './minibatch.ts';
import type { ActorCriticConfig } from './options.ts';

/**
 * The policy's share of the loss: fills the slope in each row's log-probability and returns its figures, or undefined to end the
 * update before this step.
 * @param logProb of the policy of the moment [rows]  @param slope [rows] ∂(rows·L)/∂log π
 */
export type PolicyLoss<Stats> = (batch: Minibatch, logProb: Float64Array, slope: Float64Array) => Stats | undefined;

/** What one gradient step is made with. */
export interface StepOptions {
  /** Largest change of a value that the critic's loss rewards; Infinity: any. */
  readonly clipValue: number;
  /** Moves one part by its held gradient times a factor. */
  readonly optimise: (part: Trainable, gradientScale: number) => void;
}

/** Figures of one gradient step. */
export type StepStats = {
  readonly valueLoss: number;
  readonly entropy: number;
  /** Over all parts, before it is clipped. */
  readonly gradientNorm: number;
};

/** An actor and a critic, trained together: `L = policy loss + vf_coef·mean(v − target)² − ent_coef·mean H`, one norm over all parts. */
export class ActorCritic implements Disposable {
  readonly actor: Actor;
  readonly critic: Network;
  readonly batch: Minibatch;
  /** Optimiser steps so far. */
  steps = 0;
  readonly #config: ActorCriticConfig;
  readonly #logProb: Float64Array;
  readonly #entropy: Float64Array;
  readonly #slope: Float64Array;
  readonly #value: Float32Array;
  readonly #dValue: Float32Array;

  /** @param learner its name, for messages  @param rows most rows of a minibatch */
  constructor(
    learner: string,
    config: ActorCriticConfig,
    spaces: LearnerSpaces,
    rows: number,
    rng: Rng,
    statistics: ObservationStatistics | undefined,
  ) {
    const inputs = spaces.observationSpace.features.length;
    const { bins } = config;
    const stream = rng.split('actor');
    this.#config = config;
    this.actor =
      bins === null
        ? new GaussianActor(config, spaces, rows, stream, statistics)
        : new CategoricalActor(learner, { ...config, bins }, spaces, rows, stream, statistics);
    this.critic = createNetwork(mlp([inputs, ...hiddenWidths(config.net_arch, 'vf'), 1], config.activation_fn));
    initialise(this.critic, rng.split('critic'), startingWeights(config.ortho_init, 1));
    this.batch = new Minibatch(rows, inputs, this.actor.width);
    this.#logProb = new Float64Array(rows);
    this.#entropy = new Float64Array(rows);
    this.#slope = new Float64Array(rows);
    this.#value = new Float32Array(rows);
    this.#dValue = new Float32Array(rows);
  }

  /** One gradient step on the gathered minibatch; undefined where the policy's loss ended the update instead. */
  step<Stats extends object>(policyLoss: PolicyLoss<Stats>, options: StepOptions): (Stats & StepStats) | undefined {
    const { actor, batch } = this;
    const { x, action, size: rows } = batch;
    const { ent_coef: entropyCoefficient, max_grad_norm: maxNorm } = this.#config;
    actor.evaluate(x, rows, action, this.#logProb, this.#entropy);
    const stats = policyLoss(batch, this.#logProb, this.#slope);
    if (stats === undefined) return undefined;
    actor.backward({ rows, action, slope: this.#slope, entropy: this.#entropy, entropyCoefficient });
    const valueLoss = this.#critique(options.clipValue);

    let squares = this.critic.gradientNorm() ** 2;
    for (const part of actor.parts) squares += part.gradientNorm() ** 2;
    const gradientNorm = Math.sqrt(squares);
    const scale = maxNorm > 0 ? Math.min(1, maxNorm / (gradientNorm + 1e-6)) : 1;
    for (const part of actor.parts) options.optimise(part, scale);
    options.optimise(this.critic, scale);
    this.steps++;
    let entropy = 0;
    for (let row = 0; row < rows; row++) entropy += this.#entropy[row]!;
    return { ...stats, valueLoss, entropy: entropy / rows, gradientNorm };
  }

  /** The critic's gradient and its mean squared error. */
  #critique(clipValue: number): number {
    const { x, size: rows, value: before, target } = this.batch;
    const value = this.#value;
    this.critic.forward(x, rows, value);
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      // As SB3: beyond the clip the error is the clipped value's, which the critic can no longer change.
      const moved = value[row]! - before[row]!;
      const free = Math.abs(moved) <= clipValue;
      const error = (free ? value[row]! : before[row]! + Math.sign(moved) * clipValue) - target[row]!;
      this.#dValue[row] = free ? (2 * this.#config.vf_coef * error) / rows : 0;
      loss += (error * error) / rows;
    }
    this.critic.backward(this.#dValue, rows);
    return loss;
  }

  save(): State {
    return {
      steps: Float64Array.of(this.steps),
      ...nested('actor', this.actor.save()),
      ...nested('critic', networkState(this.critic)),
    };
  }

  restore(state: State): void {
    this.steps = stateArray(state, 'steps', 'Float64Array', 1)[0]!;
    this.actor.restore(under('actor', state));
    restoreNetwork(this.critic, under('critic', state));
  }

  [Symbol.dispose](): void {
    this.actor[Symbol.dispose]();
    this.critic[Symbol.dispose]();
  }
}
