import type { Policy } from '../policy.ts';
import { writeSafetensors } from '../safetensors.ts';
import type { Tensor } from '../safetensors.ts';

/**
 * A policy's weights under the names that `torch.nn.Sequential` of `Linear` layers and their activations has: `0.weight` [outputs, inputs],
 * `0.bias`, `2.weight`, …: `Sequential(…).load_state_dict(safetensors.torch.load_file(FILE))` takes them. Statistics in front of the first
 * layer are `normaliser.mean`, `normaliser.variance` (with its epsilon) and `normaliser.clip` beside them, for `strict=False`.
 */
export function stateDict({ card, network }: Policy): Uint8Array {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const tensors = new Map<string, Tensor>();
  let offset = 0;
  let index = 0;
  for (const { inputs, outputs, activation } of card.layers) {
    const weight = parameters.subarray(offset, (offset += inputs * outputs));
    const transposed = new Float32Array(weight.length);
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) transposed[o * inputs + i] = weight[i * outputs + o]!;
    tensors.set(`${index}.weight`, { shape: [outputs, inputs], data: transposed });
    tensors.set(`${index}.bias`, { shape: [outputs], data: parameters.slice(offset, (offset += outputs)) });
    index += activation === 'linear' ? 1 : 2;
  }
  const { normaliser } = card.observation;
  if (normaliser !== undefined) {
    const { mean, variance, epsilon, clip } = normaliser;
    const shape = [mean.length];
    tensors.set('normaliser.mean', { shape, data: Float32Array.from(mean) });
    tensors.set('normaliser.variance', { shape, data: Float32Array.from(variance, (one) => one + epsilon) });
    tensors.set('normaliser.clip', { shape: [1], data: Float32Array.of(clip) });
  }
  return writeSafetensors(tensors);
}
