import { PolicyFileError } from '../../core/errors.ts';
import type { Normaliser } from '../../core/policy.ts';
import { readAnySafetensors } from '../safetensors.ts';
import type { Importer } from './imported-model.ts';
import { withNormaliser } from './normalise.ts';
import type { StateDict } from './torch-layers.ts';
import { torchNetwork } from './torch-network.ts';
import { mostWeights } from './weight-limits.ts';

/** Safetensors with the names that PyTorch gives, of float32, float64, float16 or bfloat16; statistics under the names of our export. */
export const safetensorsFile: Importer = {
  title: 'safetensors with PyTorch’s tensor names',
  detect: ({ name }) => name.endsWith('.safetensors'),
  read({ bytes, name }, options) {
    const tensors = readAnySafetensors(bytes, name, mostWeights);
    const model = { ...torchNetwork(tensors, options, name), origin: 'safetensors with PyTorch’s names' };
    const normaliser = normaliserOf(tensors, name);
    return normaliser === null
      ? model
      : withNormaliser(model, normaliser, 'The file’s normaliser stands in front of the first layer.');
  },
};

/**
 * `normaliser.mean` [O], `normaliser.variance` [O] with its epsilon, `normaliser.clip` [1]; null without any.
 * @throws {PolicyFileError} when one is missing, or of another shape or sign than statistics have.
 */
function normaliserOf(tensors: StateDict, file: string): Normaliser | null {
  if (![...tensors.keys()].some((name) => name.startsWith('normaliser.'))) return null;
  const row = (field: string, lowest: number, length?: number): number[] => {
    const fail = (message: string): never => {
      throw new PolicyFileError(message, { place: { file, path: `/normaliser.${field}` } });
    };
    const tensor = tensors.get(`normaliser.${field}`);
    if (tensor === undefined) return fail('missing tensor; statistics are normaliser.mean, .variance and .clip');
    const { shape, data } = tensor;
    if (shape.length !== 1 || shape[0] !== (length ?? shape[0]))
      return fail(`shape is [${shape.join(', ')}], expected [${length ?? 'features'}]`);
    const wrong = data.findIndex((value) => value <= lowest);
    return wrong < 0 ? [...data] : fail(`number ${wrong} is ${data[wrong]}, expected more than ${lowest}`);
  };
  const mean = row('mean', -Infinity);
  const variance = row('variance', 0, mean.length);
  return { mean, variance, epsilon: 0, clip: row('clip', 0, 1)[0]! };
}
