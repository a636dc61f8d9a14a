import type { State } from '../state.ts';
import { stateArray } from '../state.ts';

/** The entropy temperature α of SAC. */
export interface Temperature {
  readonly alpha: number;
  /** One step towards the target entropy. @param meanLogProb mean of log π(a|x) over a minibatch, nats */
  adapt(meanLogProb: number, learningRate: number): void;
  save(): State;
  restore(state: State): void;
}

/** A temperature that stays what it is. */
export function fixedTemperature(alpha: number): Temperature {
  return { alpha, adapt() {}, save: () => ({}), restore() {} };
}

/**
 * A temperature `α = exp(l)`, steered so that the policy's entropy stays near a target.
 *
 * `L(l) = −l·mean(log π + target)`, one Adam step each (β 0.9, 0.999; ε 1e-8). Source: Haarnoja et al. (2018), eq. 18, with
 * log α for α as in the authors' code.
 */
export class LearnedTemperature implements Temperature {
  readonly #target: number;
  /** log α, first and second moment, steps. */
  readonly #state: Float64Array;

  constructor(target: number, start: number) {
    this.#target = target;
    this.#state = Float64Array.of(Math.log(start), 0, 0, 0);
  }

  get alpha(): number {
    return Math.exp(this.#state[0]!);
  }

  adapt(meanLogProb: number, learningRate: number): void {
    const s = this.#state;
    const gradient = -(meanLogProb + this.#target);
    s[3]! += 1;
    s[1] = 0.9 * s[1]! + 0.1 * gradient;
    s[2] = 0.999 * s[2]! + 0.001 * gradient * gradient;
    const first = s[1] / (1 - 0.9 ** s[3]!);
    const second = s[2] / (1 - 0.999 ** s[3]!);
    s[0]! -= (learningRate * first) / (Math.sqrt(second) + 1e-8);
  }

  save(): State {
    return { adam: this.#state.slice() };
  }

  restore(state: State): void {
    this.#state.set(stateArray(state, 'adam', 'Float64Array', 4));
  }
}
