import type { LayerSpec } from '../core/policy.ts';
import type { Network } from './network.ts';
import { referenceNetwork } from './reference-network.ts';
import { wasmNetwork } from './wasm-network.ts';

export type NetworkKind = 'wasm' | 'reference';

/** A network with all parameters 0: the WASM SIMD kernel, or the readable reference. */
export function createNetwork(layers: readonly LayerSpec[], kind: NetworkKind = 'wasm'): Network {
  return kind === 'reference' ? referenceNetwork(layers) : wasmNetwork(layers);
}
