import { wholeOf } from '../../core/byte-range.ts';
import { PolicyFileError } from '../../core/errors.ts';
import { loadPolicy } from '../policy.ts';
import { evaluateLayers, weightsOf } from './dense.ts';
import type { ImportedLayer, Importer } from './imported-model.ts';
import { normalise } from './normalise.ts';
import { longestCard, mostWeights } from './weight-limits.ts';

/** Bytes of the weights and their header. */
const longest = 4 * mostWeights + 2 ** 16;

/** Our own two files: a policy.safetensors with its policy.json beside it. */
export const faultlineFiles: Importer = {
  title: 'safetensors with Faultline’s policy.json beside it',
  detect: ({ name, companion }) => name.endsWith('.safetensors') && companion('policy.json') !== undefined,
  read({ name, bytes, companion }) {
    const json = companion('policy.json');
    if (json === undefined) throw new PolicyFileError('there is no policy.json beside it', { place: { file: name } });
    if (bytes.length > longest)
      throw new PolicyFileError(`has ${bytes.length} bytes, expected at most ${longest}`, { place: { file: name } });
    if (json.length > longestCard)
      throw new PolicyFileError(`has ${json.length} bytes, expected at most ${longestCard}`, {
        place: { file: name, path: '/policy.json' },
      });
    using policy = loadPolicy(new TextDecoder().decode(json), wholeOf(bytes), name, 'reference');
    const { card, network } = policy;
    const parameters = new Float32Array(network.size);
    network.readParameters(parameters);
    let offset = 0;
    const layers = card.layers.map((layer): ImportedLayer => {
      const weight = weightsOf(parameters.subarray(offset, (offset += layer.inputs * layer.outputs)), layer.outputs);
      return { ...layer, weight, bias: parameters.subarray(offset, (offset += layer.outputs)) };
    });
    const { features, normaliser, normalisation } = card.observation;
    return {
      origin: `Faultline policy '${card.name}'`,
      layers,
      head: card.head,
      normaliser,
      own: { observation: features, action: card.action.features, normalisation },
      evaluate: (observation) =>
        evaluateLayers(layers, normaliser === undefined ? observation : normalise(normaliser, observation)),
      notes: [],
    };
  },
};
