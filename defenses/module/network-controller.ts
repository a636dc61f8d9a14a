import { ConfigError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { parameterCount } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { normalisedNetwork, standardisation } from '../../nn/normalised-network.ts';
import { policyVictim } from '../../nn/victim.ts';
import type { Controller, NetworkParts, Prepared } from './module.ts';

/** A network of its own with these weights, the caller's to dispose. */
export function networkOf({ layers, normaliser, parameters }: NetworkParts): Network {
  const plain = createNetwork(layers);
  plain.writeParameters(parameters);
  return normaliser === undefined ? plain : normalisedNetwork(plain, standardisation(normaliser));
}

/** A controller's network. @throws {ConfigError} for what is more than one */
export function partsOf({ name, parts }: Controller, module: string): NetworkParts {
  if (parts === undefined)
    throw new ConfigError(
      `module '${module}' works on the victim's own network, and '${name}' is more than one with what was put around it: put '${module}' before that`,
    );
  return parts;
}

/** The network with its logits divided by a temperature. */
export function tempered({ layers, normaliser, parameters }: NetworkParts, temperature: number): NetworkParts {
  const head = parameters.length - parameterCount(layers.slice(-1));
  return { layers, normaliser, parameters: parameters.map((value, i) => (i < head ? value : value / temperature)) };
}

/** The network up to its last hidden layer. */
export function withoutHead({ layers, normaliser, parameters }: NetworkParts): NetworkParts {
  const hidden = layers.slice(0, -1);
  return { layers: hidden, normaliser, parameters: parameters.subarray(0, parameterCount(hidden)) };
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
  return {
    access: accessOf(network, head),
    parts: { layers: network.layers, normaliser, parameters },
    figures,
    dispose: () => network[Symbol.dispose](),
  };
}
