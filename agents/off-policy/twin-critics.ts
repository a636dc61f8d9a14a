import type { ActionEffect } from '../../core/environment.ts';
import type { Rng } from '../../core/rng.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { LearnerSpaces } from '../learner.ts';
import { hiddenWidths } from '../network-options.ts';
import type { NetArch } from '../network-options.ts';
import { networkStates, restoreNetworks } from '../network-state.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import type { State } from '../state.ts';
import { nested, under } from '../state.ts';
import { freshNetwork } from './fresh-network.ts';
import type { OffPolicyConfig } from './options.ts';

/** The options that size the critics and the minibatches that they see. */
type CriticConfig = Pick<OffPolicyConfig, 'activation_fn' | 'batch_size'> & { readonly net_arch: NetArch };

/**
 * Two critics `qᵢ(x, a)` with slow targets `q̄ᵢ`, of which the smaller value counts, so that one's overestimate does not. Where the environment says
 * what comes of an action they are `qᵢ(x, e(x, a))`: `fit` is given e as it was, the others a.
 *
 * Source: Fujimoto et al. (2018), "Addressing Function Approximation Error in Actor-Critic Methods".
 */
export class TwinCritics {
  readonly #inputs: number;
  /** Numbers of what is judged: of an action, or of its effect. */
  readonly #actions: number;
  readonly #effect: ActionEffect | undefined;
  /** [B×E] and its slope */
  readonly #done: Float32Array;
  readonly #dDone: Float32Array;
  readonly #rows: number;
  readonly #critics: readonly [Network, Network];
  readonly #targets: readonly [Network, Network];
  /** [B×(O+A)], [B], [B], [B] */
  readonly #joint: Float32Array;
  readonly #dJoint: Float32Array;
  readonly #q: readonly [Float32Array, Float32Array];
  readonly #dQ: Float32Array;

  constructor(
    { net_arch: arch, activation_fn: activation, batch_size: rows }: CriticConfig,
    { observationSpace, actionSpace, effect }: LearnerSpaces,
    rng: Rng,
    statistics: ObservationStatistics | undefined,
  ) {
    const inputs = observationSpace.features.length;
    const actions = effect?.size ?? actionSpace.features.length;
    this.#inputs = inputs;
    this.#actions = actions;
    this.#effect = effect;
    this.#done = new Float32Array(effect === undefined ? 0 : rows * actions);
    this.#dDone = new Float32Array(this.#done.length);
    this.#rows = rows;
    const layers = mlp([inputs + actions, ...hiddenWidths(arch, 'qf'), 1], activation);
    // The same stream twice: a target begins as its critic's copy.
    const critic = (i: number): Network => freshNetwork(layers, rng.split(`critic ${i}`), statistics);
    this.#critics = [critic(0), critic(1)];
    this.#targets = [critic(0), critic(1)];
    this.#joint = new Float32Array(rows * (inputs + actions));
    this.#dJoint = new Float32Array(rows * (inputs + actions));
    this.#q = [new Float32Array(rows), new Float32Array(rows)];
    this.#dQ = new Float32Array(rows);
  }

  /** `min_i q̄ᵢ(x, a)` @param x [B×O]  @param a [B×A]  @param out [B] */
  targetMinimum(x: Float32Array, a: Float32Array, out: Float32Array): void {
    this.#join(x, this.#doneBy(x, a));
    this.#forward(this.#targets);
    for (let row = 0; row < this.#rows; row++) out[row] = Math.min(this.#q[0][row]!, this.#q[1][row]!);
  }

  /**
   * One Adam step of both critics on `weight·Σ_i mean (qᵢ(x, a) − y)²`; returns that loss before the step.
   * @param a [B×A], or [B×E] the effects  @param target [B] y
   */
  fit(x: Float32Array, a: Float32Array, target: Float32Array, weight: number, learningRate: number): number {
    this.#join(x, a);
    let loss = 0;
    for (const [i, critic] of this.#critics.entries()) {
      const q = this.#q[i]!;
      critic.forward(this.#joint, this.#rows, q);
      for (let row = 0; row < this.#rows; row++) {
        const error = q[row]! - target[row]!;
        loss += (weight * error * error) / this.#rows;
        q[row] = (2 * weight * error) / this.#rows;
      }
      critic.backward(q, this.#rows);
      critic.adam({ learningRate });
    }
    return loss;
  }

  /** Fills `dA` with `∂ q₀(x, a) / ∂a`; returns the mean of q₀. @param dA [B×A] */
  firstGradient(x: Float32Array, a: Float32Array, dA: Float32Array): number {
    this.#join(x, this.#doneBy(x, a));
    const [q] = this.#q;
    this.#critics[0].forward(this.#joint, this.#rows, q);
    this.#dQ.fill(1);
    const dDone = this.#effect === undefined ? dA : this.#dDone;
    dDone.fill(0);
    this.#addGradient(this.#critics[0], dDone);
    this.#effect?.backward(x, a, this.#rows, dDone, dA);
    let sum = 0;
    for (let row = 0; row < this.#rows; row++) sum += q[row]!;
    return sum / this.#rows;
  }

  /** Fills `dA` with `∂ min_i qᵢ(x, a) / ∂a`; returns the mean of the minimum. @param dA [B×A] */
  minimumGradient(x: Float32Array, a: Float32Array, dA: Float32Array): number {
    const q = this.#q;
    this.#join(x, this.#doneBy(x, a));
    this.#forward(this.#critics);
    const dDone = this.#effect === undefined ? dA : this.#dDone;
    dDone.fill(0);
    let sum = 0;
    for (const [i, critic] of this.#critics.entries()) {
      for (let row = 0; row < this.#rows; row++) {
        const first = q[0][row]! <= q[1][row]!;
        this.#dQ[row] = first === (i === 0) ? 1 : 0;
        sum += this.#dQ[row]! * q[i]![row]!;
      }
      this.#addGradient(critic, dDone);
    }
    this.#effect?.backward(x, a, this.#rows, dDone, dA);
    return sum / this.#rows;
  }

  /** `q̄ᵢ ← q̄ᵢ + τ(qᵢ − q̄ᵢ)` */
  moveTargets(tau: number): void {
    for (const [i, target] of this.#targets.entries()) target.lerpFrom(this.#critics[i]!, tau);
  }

  save(): State {
    return {
      ...nested('critics', networkStates(this.#critics)),
      ...nested('targets', networkStates(this.#targets)),
    };
  }

  restore(state: State): void {
    restoreNetworks(this.#critics, under('critics', state));
    restoreNetworks(this.#targets, under('targets', state));
  }

  [Symbol.dispose](): void {
    for (const network of [...this.#critics, ...this.#targets]) network[Symbol.dispose]();
  }

  #forward([first, second]: readonly [Network, Network]): void {
    first.forward(this.#joint, this.#rows, this.#q[0]);
    second.forward(this.#joint, this.#rows, this.#q[1]);
  }

  /** What comes of actions [B×A]: themselves, or [B×E]. */
  #doneBy(x: Float32Array, a: Float32Array): Float32Array {
    if (this.#effect === undefined) return a;
    this.#effect.of(x, a, this.#rows, this.#done);
    return this.#done;
  }

  #addGradient(critic: Network, dA: Float32Array): void {
    const actions = this.#actions;
    const width = this.#inputs + actions;
    critic.backwardInput(this.#dQ, this.#rows, this.#dJoint);
    for (let row = 0; row < this.#rows; row++)
      for (let j = 0; j < actions; j++) dA[row * actions + j]! += this.#dJoint[row * width + this.#inputs + j]!;
  }

  /** `joint = x ‖ a` row by row. */
  #join(x: Float32Array, a: Float32Array): void {
    const inputs = this.#inputs;
    const actions = this.#actions;
    for (let row = 0, at = 0; row < this.#rows; row++) {
      for (let i = 0; i < inputs; i++) this.#joint[at++] = x[row * inputs + i]!;
      for (let j = 0; j < actions; j++) this.#joint[at++] = a[row * actions + j]!;
    }
  }
}
