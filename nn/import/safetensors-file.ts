import { PolicyFileError } from '../../core/errors.ts';
import { readAnySafetensors } from '../safetensors.ts';
import type { Importer } from './imported-model.ts';
import { torchNetwork } from './torch-network.ts';
import { mostNumbers } from './weight-limits.ts';

/** Safetensors with the names that PyTorch gives, of float32, float64, float16 or bfloat16. */
export const safetensorsFile: Importer = {
  title: 'safetensors with PyTorch’s tensor names',
  detect: ({ name }) => name.endsWith('.safetensors'),
  read({ bytes, name }, options) {
    if (bytes.length > 8 * mostNumbers)
      throw new PolicyFileError(`has ${bytes.length} bytes, expected at most ${8 * mostNumbers}`, {
        place: { file: name },
      });
    const model = torchNetwork(readAnySafetensors(bytes, name), options, name);
    return { ...model, origin: 'safetensors with PyTorch’s names' };
  },
};
