import type { LayerSpec } from '../core/policy.ts';
import type { Network } from './network.ts';
import { referenceNetwork } from './reference-network.ts';

export type NetworkKind = 'wasm' | 'reference';

const makers: Readonly<Record<NetworkKind, (layers: readonly LayerSpec[]) => Network>> = {
  wasm: referenceNetwork, // until the kernel lands
  reference: referenceNetwork,
};

/** A network with all parameters 0: the WASM SIMD kernel, or the readable reference. */
export function createNetwork(layers: readonly LayerSpec[], kind: NetworkKind = 'wasm'): Network {
  return makers[kind](layers);
}
