import { adamCoefficients } from '../nn/adam.ts';
import { rmspropCoefficients } from '../nn/rmsprop.ts';
import type { AdamStep, Network, RmspropStep } from '../nn/network.ts';
import type { State } from './state.ts';
import { stateArray } from './state.ts';

/** Whatever an optimiser moves: a network, or parameters outside of one. */
export type Trainable = Pick<Network, 'gradientNorm' | 'adam' | 'rmsprop'>;

/** Trained parameters that belong to no layer, such as a policy's log standard deviations: float64, with the optimisers of `Network`. */
export class FreeParameters implements Trainable {
  readonly values: Float64Array;
  /** Written by whoever computes it, before each step. */
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  constructor(size: number, start: number) {
    this.values = new Float64Array(size).fill(start);
    this.gradient = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  gradientNorm(): number {
    let squares = 0;
    for (let i = 0; i < this.gradient.length; i++) squares += this.gradient[i]! * this.gradient[i]!;
    return Math.sqrt(squares);
  }

  adam(step: AdamStep): number {
    const norm = this.gradientNorm();
    const { rate, beta1, beta2, root, epsilon, scale } = adamCoefficients(step, ++this.#steps, norm);
    for (let i = 0; i < this.values.length; i++) {
      const gradient = this.gradient[i]! * scale;
      this.#first[i] = beta1 * this.#first[i]! + (1 - beta1) * gradient;
      this.#second[i] = beta2 * this.#second[i]! + (1 - beta2) * gradient * gradient;
      this.values[i]! -= (rate * this.#first[i]!) / (Math.sqrt(this.#second[i]!) * root + epsilon);
    }
    return norm;
  }

  rmsprop(step: RmspropStep): void {
    const { learningRate, alpha, epsilon, gradientScale } = rmspropCoefficients(step);
    if (this.#steps++ === 0) this.#second.fill(1);
    for (let i = 0; i < this.values.length; i++) {
      const gradient = this.gradient[i]! * gradientScale;
      this.#second[i] = alpha * this.#second[i]! + (1 - alpha) * gradient * gradient;
      this.values[i]! -= (learningRate * gradient) / Math.sqrt(this.#second[i]! + epsilon);
    }
  }

  save(): State {
    return {
      values: this.values.slice(),
      first: this.#first.slice(),
      second: this.#second.slice(),
      steps: Float64Array.of(this.#steps),
    };
  }

  restore(state: State): void {
    const size = this.values.length;
    this.values.set(stateArray(state, 'values', 'Float64Array', size));
    this.#first.set(stateArray(state, 'first', 'Float64Array', size));
    this.#second.set(stateArray(state, 'second', 'Float64Array', size));
    this.#steps = stateArray(state, 'steps', 'Float64Array', 1)[0]!;
  }
}
