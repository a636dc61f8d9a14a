import type { Rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';

/** `Q(x, a)`: a dense network over an observation and an action on the scale −1 … 1. Buffers grow and are reused. */
export class QFunction {
  readonly #network: Network;
  readonly #observationSize: number;
  readonly #actionSize: number;
  #joint = new Float32Array(0); // [rows×(O+A)]
  #slope = new Float32Array(0);
  #ones = new Float32Array(0);

  constructor(observationSize: number, actionSize: number, width: number, rng: Rng) {
    this.#observationSize = observationSize;
    this.#actionSize = actionSize;
    this.#network = createNetwork(mlp([observationSize + actionSize, width, width, 1], 'tanh'));
    initialise(this.#network, rng, { kind: 'torch-linear' });
  }

  get actionSize(): number {
    return this.#actionSize;
  }

  get network(): Network {
    return this.#network;
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }

  /** @param x [rows×O]  @param action [rows×A]  @param out [rows] */
  value(x: Float32Array, action: Float32Array, rows: number, out: Float32Array): void {
    this.#join(x, action, rows);
    this.#network.forward(this.#joint, rows, out);
  }

  /** The same, and `∂Q/∂a`. @param slope [rows×A] */
  valueAndSlope(x: Float32Array, action: Float32Array, rows: number, out: Float32Array, slope: Float32Array): void {
    this.value(x, action, rows, out);
    this.#network.backwardInput(this.#ones, rows, this.#slope);
    const width = this.#observationSize + this.#actionSize;
    for (let r = 0; r < rows; r++)
      for (let b = 0; b < this.#actionSize; b++)
        slope[r * this.#actionSize + b] = this.#slope[r * width + this.#observationSize + b]!;
  }

  #join(x: Float32Array, action: Float32Array, rows: number): void {
    const inputs = this.#observationSize;
    const actions = this.#actionSize;
    if (this.#joint.length < rows * (inputs + actions)) {
      this.#joint = new Float32Array(rows * (inputs + actions));
      this.#slope = new Float32Array(rows * (inputs + actions));
      this.#ones = new Float32Array(rows).fill(1);
    }
    for (let r = 0, at = 0; r < rows; r++) {
      for (let i = 0; i < inputs; i++) this.#joint[at++] = x[r * inputs + i]!;
      for (let b = 0; b < actions; b++) this.#joint[at++] = action[r * actions + b]!;
    }
  }
}
