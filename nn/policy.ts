import { PolicyFileError } from '../core/errors.ts';
import type { LayerSpec, PolicyCard } from '../core/policy.ts';
import { sha256Hex } from '../core/sha256.ts';
import { createNetwork } from './create-network.ts';
import type { NetworkKind } from './create-network.ts';
import type { Network } from './network.ts';
import { normalisedNetwork, standardisation } from './normalised-network.ts';
import { assertPolicyCard, parsePolicyCard } from './policy-card.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import type { Tensor } from './safetensors.ts';

/** A controller: what it reads and means, and the network that computes it. */
export interface Policy extends Disposable {
  readonly card: PolicyCard;
  readonly network: Network;
}

/** A card before its weights are known. */
export type PolicyDescription = Omit<PolicyCard, 'format' | 'version' | 'weightsSha256'>;

/** The two files of a policy: policy.json and policy.safetensors. */
export interface PolicyFiles {
  readonly card: string;
  readonly weights: Uint8Array;
}

/**
 * The files of a policy with these parameters, in the order of `Network.readParameters`.
 * @throws {PolicyFileError} when the card contradicts itself or a parameter is not finite.
 */
export function policyFiles(description: PolicyDescription, parameters: Float32Array): PolicyFiles {
  const weights = writeSafetensors(tensorsOf(description.layers, parameters));
  const card: PolicyCard = {
    format: 'faultline-policy',
    version: 1,
    ...description,
    weightsSha256: sha256Hex(weights),
  };
  const text = `${JSON.stringify(card, null, 2)}\n`;
  // What we write must be what we would read.
  assertPolicyCard(JSON.parse(text), 'policy.json');
  readSafetensors(weights, 'policy.safetensors');
  return { card: text, weights };
}

/** The files of a policy in memory. */
export function savePolicy(policy: Policy): PolicyFiles {
  const parameters = new Float32Array(policy.network.size);
  policy.network.readParameters(parameters);
  return policyFiles(policy.card, parameters);
}

/**
 * A policy from the contents of its two files.
 * @param label the folder they came from, for messages
 * @throws {PolicyFileError} when either file is damaged or they do not belong together.
 */
export function loadPolicy(cardText: string, weights: Uint8Array, label: string, kind: NetworkKind = 'wasm'): Policy {
  const card = parsePolicyCard(cardText, `${label}/policy.json`);
  const file = `${label}/policy.safetensors`;
  const parameters = parametersOf(card.layers, readSafetensors(weights, file), file);
  const hash = sha256Hex(weights);
  if (hash !== card.weightsSha256)
    throw new PolicyFileError(`SHA-256 is ${hash}, expected ${card.weightsSha256} as in policy.json`, {
      place: { file },
    });
  const plain = createNetwork(card.layers, kind);
  plain.writeParameters(parameters);
  const { normaliser } = card.observation;
  const network = normaliser === undefined ? plain : normalisedNetwork(plain, standardisation(normaliser));
  return { card, network, [Symbol.dispose]: () => network[Symbol.dispose]() };
}

function tensorsOf(layers: readonly LayerSpec[], parameters: Float32Array): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let offset = 0;
  for (const { name, shape, size } of namedShapes(layers)) {
    tensors.set(name, { shape, data: parameters.subarray(offset, (offset += size)) });
  }
  if (offset !== parameters.length)
    throw new PolicyFileError(`${parameters.length} parameters, expected ${offset} for the policy's layers`);
  return tensors;
}

function parametersOf(layers: readonly LayerSpec[], tensors: Map<string, Tensor>, file: string): Float32Array {
  const expected = namedShapes(layers);
  const parts = expected.map(({ name, shape }) => {
    const tensor = tensors.get(name);
    const place = { file, path: `/${name}` };
    if (tensor === undefined)
      throw new PolicyFileError(`missing tensor; the file has ${[...tensors.keys()].join(', ') || 'none'}`, { place });
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis]))
      throw new PolicyFileError(`shape is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`, { place });
    return tensor.data;
  });
  for (const name of tensors.keys()) {
    if (!expected.some((tensor) => tensor.name === name))
      throw new PolicyFileError(`a tensor that no layer of policy.json has`, { place: { file, path: `/${name}` } });
  }
  const parameters = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    parameters.set(part, offset);
    offset += part.length;
  }
  return parameters;
}

function namedShapes(layers: readonly LayerSpec[]): { name: string; shape: readonly number[]; size: number }[] {
  return layers.flatMap(({ inputs, outputs }, l) => [
    { name: `layers.${l}.weight`, shape: [inputs, outputs], size: inputs * outputs },
    { name: `layers.${l}.bias`, shape: [outputs], size: outputs },
  ]);
}
