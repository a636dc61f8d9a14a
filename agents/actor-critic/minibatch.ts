import type { Rollout } from './rollout.ts';

/** Rows of a rollout, gathered into buffers made once. */
export class Minibatch {
  size = 0;
  readonly x: Float32Array;
  readonly action: Float32Array;
  /** When the rows were made. */
  readonly logProb: Float64Array;
  readonly value: Float32Array;
  readonly advantage: Float32Array;
  readonly target: Float32Array;
  readonly #inputs: number;
  readonly #width: number;

  constructor(rows: number, inputs: number, width: number) {
    this.#inputs = inputs;
    this.#width = width;
    this.x = new Float32Array(rows * inputs);
    this.action = new Float32Array(rows * width);
    this.logProb = new Float64Array(rows);
    this.value = new Float32Array(rows);
    this.advantage = new Float32Array(rows);
    this.target = new Float32Array(rows);
  }

  /** Takes the rows `order[from…from+size]`. */
  gather(rollout: Rollout, order: Int32Array, from: number, size: number): void {
    this.size = size;
    const inputs = this.#inputs;
    const width = this.#width;
    for (let b = 0; b < size; b++) {
      const row = order[from + b]!;
      for (let i = 0; i < inputs; i++) this.x[b * inputs + i] = rollout.observation[row * inputs + i]!;
      for (let j = 0; j < width; j++) this.action[b * width + j] = rollout.action[row * width + j]!;
      this.logProb[b] = rollout.logProb[row]!;
      this.value[b] = rollout.value[row]!;
      this.advantage[b] = rollout.advantage[row]!;
      this.target[b] = rollout.target[row]!;
    }
  }

  /** `(Â − mean) / (deviation + 1e-8)` with the unbiased deviation, as SB3; a single row is left as it is. */
  standardiseAdvantage(): void {
    const { size, advantage } = this;
    if (size < 2) return;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += advantage[i]!;
    const mean = sum / size;
    let squares = 0;
    for (let i = 0; i < size; i++) squares += (advantage[i]! - mean) ** 2;
    const deviation = Math.sqrt(squares / (size - 1)) + 1e-8;
    for (let i = 0; i < size; i++) advantage[i] = (advantage[i]! - mean) / deviation;
  }
}
