import type { State } from '../state.ts';
import { stateArray } from '../state.ts';

/**
 * Divides rewards by the running standard deviation of the discounted return, so that one learning rate suits a small
 * flat and a large house. As `VecNormalize(norm_reward=True)` of SB3, without its clipping.
 *
 * `Gᵢ ← γ·Gᵢ + rᵢ` per lane; variance by Welford (1962).
 */
export class RewardScale {
  readonly #gamma: number;
  readonly #returns: Float64Array;
  /** Count, mean, sum of squared deviations. */
  readonly #moments = new Float64Array(3);

  constructor(lanes: number, gamma: number) {
    this.#returns = new Float64Array(lanes);
    this.#gamma = gamma;
  }

  /** Takes in one step's rewards [N]; lanes that ended start their return anew. */
  observe(reward: Float64Array, terminated: Uint8Array, truncated: Uint8Array): void {
    const m = this.#moments;
    for (let lane = 0; lane < this.#returns.length; lane++) {
      const value = this.#gamma * this.#returns[lane]! + reward[lane]!;
      const delta = value - m[1]!;
      m[0]! += 1;
      m[1]! += delta / m[0]!;
      m[2]! += delta * (value - m[1]!);
      this.#returns[lane] = terminated[lane] === 1 || truncated[lane] === 1 ? 0 : value;
    }
  }

  /** What to multiply a reward by; 1 before two returns were seen. */
  get factor(): number {
    const [count, , squares] = this.#moments;
    return count! < 2 || squares === 0 ? 1 : 1 / Math.sqrt(squares! / count! + 1e-8);
  }

  save(): State {
    return { returns: this.#returns.slice(), moments: this.#moments.slice() };
  }

  restore(state: State): void {
    this.#returns.set(stateArray(state, 'returns', 'Float64Array', this.#returns.length));
    this.#moments.set(stateArray(state, 'moments', 'Float64Array', 3));
  }
}
