import type { Head, LayerSpec } from '../../core/policy.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { createNetwork } from '../../nn/create-network.ts';
import type { Network } from '../../nn/network.ts';
import { normalisedNetwork, standardisation } from '../../nn/normalised-network.ts';
import { policyVictim } from '../../nn/victim.ts';
import type { NetworkParts, Prepared } from './module.ts';

/** A network of its own with these weights, the caller's to dispose. */
export function networkOf({ layers, normaliser, parameters }: NetworkParts): Network {
  const plain = createNetwork(layers);
  plain.writeParameters(parameters);
  return normaliser === undefined ? plain : normalisedNetwork(plain, standardisation(normaliser));
}

/** White-box access to a network that learns, as it is at each moment. */
export function accessOf(
  network: Pick<Network, 'inputs' | 'outputs' | 'forward' | 'backwardInput'>,
  head: Head,
): GradientAccess {
  return policyVictim({ network, card: { head } });
}

/** A trained network in the victim's place; it becomes the result's to dispose. */
export function deployed(
  network: Network,
  head: Head,
  normaliser: NetworkParts['normaliser'],
  figures: Prepared['figures'],
): Prepared {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const layers: readonly LayerSpec[] = network.layers;
  return {
    access: accessOf(network, head),
    parts: { layers, normaliser, parameters },
    figures,
    dispose: () => network[Symbol.dispose](),
  };
}
