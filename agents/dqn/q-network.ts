import type { Network } from '../../nn/network.ts';
import type { ReadableNetwork } from '../network-policy.ts';

/** Q-values of K actions from one or more networks that learn together. */
export interface QNetwork {
  /** As one plain network, whatever it is made of: what is stored and attacked. */
  readonly readable: ReadableNetwork;
  readonly parts: readonly Network[];
  /** @param x [rows×O]  @param q [rows×K] */
  forward(x: Float32Array, rows: number, q: Float32Array): void;
  /** Parameter gradients of all parts at the last `forward`. @param dQ [rows×K] */
  backward(dQ: Float32Array, rows: number): void;
}

/** One network for all K values, as in Stable-Baselines3. */
export function plainQNetwork(network: Network): QNetwork {
  return {
    readable: network,
    parts: [network],
    forward: (x, rows, q) => network.forward(x, rows, q),
    backward: (dQ, rows) => network.backward(dQ, rows),
  };
}
