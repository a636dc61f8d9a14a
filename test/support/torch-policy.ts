import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy } from '../../nn/policy.ts';
import { torchFile } from './torch-file.ts';
import type { TorchTensor } from './torch-file.ts';

/** The network of a policy in a folder as PyTorch would have saved it: weights of [outputs, inputs], by names of its own. */
export function torchPolicy(folder: string): Uint8Array {
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  using policy = loadPolicy(read('policy.json').toString(), read('policy.safetensors'), folder);
  const parameters = new Float32Array(policy.network.size);
  policy.network.readParameters(parameters);
  let at = 0;
  const tensors = policy.card.layers.flatMap(({ inputs, outputs }, layer): [string, TorchTensor][] => {
    const weight = parameters.subarray(at, (at += inputs * outputs));
    const bias = parameters.subarray(at, (at += outputs));
    const turned = Array.from(
      { length: inputs * outputs },
      (_, i) => weight[(i % inputs) * outputs + Math.floor(i / inputs)]!,
    );
    return [
      [`net.${2 * layer}.weight`, { shape: [outputs, inputs], values: turned }],
      [`net.${2 * layer}.bias`, { shape: [outputs], values: [...bias] }],
    ];
  });
  return torchFile(Object.fromEntries(tensors));
}
