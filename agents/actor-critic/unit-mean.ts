import type { LayerSpec } from '../../core/policy.ts';
import { createNetwork } from '../../nn/create-network.ts';
import type { Network } from '../../nn/network.ts';
import type { ReadableNetwork } from '../network-policy.ts';
import { behind } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';

/**
 * A Gaussian actor as its policy files have it: one network whose outputs are on the unit scale 0…1 of the `gaussian` head.
 *
 * `(m + 1)/2 ‖ log s − log 2` for the actor's mean m on −1…1: the map is folded into the last layer, whose log-deviation columns
 * have no weights. Without `logDeviation` (it depends on the state) the outputs are the mean alone. The policy that is judged is
 * this network, so that it is the one that ships, to the last bit.
 */
export class UnitMean implements ReadableNetwork, Disposable {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly #trunk: Network;
  readonly #head: Network;
  readonly #logDeviation: Float64Array | undefined;
  readonly #network: Network;
  #fresh = false;

  /** @param statistics what the network stands behind */
  constructor(
    trunk: Network,
    head: Network,
    logDeviation: Float64Array | undefined,
    statistics: ObservationStatistics | undefined,
  ) {
    this.#trunk = trunk;
    this.#head = head;
    this.#logDeviation = logDeviation;
    const outputs = logDeviation === undefined ? head.outputs : 2 * head.outputs;
    this.layers = [...trunk.layers, { inputs: trunk.outputs, outputs, activation: 'linear' }];
    this.#network = behind(statistics, createNetwork(this.layers));
    this.inputs = trunk.inputs;
    this.outputs = outputs;
    this.size = this.#network.size;
  }

  /** The actor's weights are about to change. */
  stale(): void {
    this.#fresh = false;
  }

  forward(x: Float32Array, rows: number, out: Float32Array): void {
    if (!this.#fresh) {
      const parameters = new Float32Array(this.size);
      this.readParameters(parameters);
      this.#network.writeParameters(parameters);
      this.#fresh = true;
    }
    this.#network.forward(x, rows, out);
  }

  readParameters(out: Float32Array): void {
    const { inputs: latent, outputs: actions } = this.#head;
    const width = this.outputs;
    this.#trunk.readParameters(out.subarray(0, this.#trunk.size));
    const head = new Float32Array(this.#head.size);
    this.#head.readParameters(head);
    const last = out.subarray(this.#trunk.size).fill(0);
    for (let l = 0; l < latent; l++) for (let j = 0; j < actions; j++) last[l * width + j] = head[l * actions + j]! / 2;
    for (let j = 0; j < actions; j++) {
      last[latent * width + j] = head[latent * actions + j]! / 2 + 0.5;
      if (this.#logDeviation !== undefined) last[latent * width + actions + j] = this.#logDeviation[j]! - Math.LN2;
    }
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}
