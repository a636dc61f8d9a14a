import { PolicyFileError, assertLength } from '../../core/errors.ts';
import type { LayerSpec } from '../../core/policy.ts';
import { parameterCount } from '../layers.ts';
import { diagonalLayer, scaledInputs, scaledOutputs } from './dense.ts';
import type { ImportedLayer } from './imported-model.ts';
import { assertWeights } from './weight-limits.ts';

/**
 * Imported layers as ours: sigmoids rewritten, numbers rounded to float32 once, at the end.
 *
 * `σ(z) = ½·tanh(z/2) + ½`: the halves go into the layer itself and into the next one (one of its own after the last).
 * @returns parameters in the order of `Network.readParameters`
 * @throws {ShapeError} for a bias of another length, {PolicyFileError} for more weights than a policy may have, and for one that no float32 can hold.
 */
export function lower(layers: readonly ImportedLayer[]): {
  readonly layers: readonly LayerSpec[];
  readonly parameters: Float32Array;
} {
  const ours = withoutSigmoid(layers);
  assertWeights(ours);
  const specs = ours.map(({ inputs, outputs, activation }) => ({ inputs, outputs, activation }));
  const parameters = new Float32Array(parameterCount(specs));
  let offset = 0;
  for (const [index, { inputs, outputs, weight, bias }] of ours.entries()) {
    assertLength(bias, outputs, `bias of layer ${index}`, 'import');
    const begin = offset;
    // Sixteen inputs at a time: a matrix of PyTorch lies the other way round, and a cache line of it is read once.
    for (let first = 0; first < inputs; first += 16)
      for (let o = 0; o < outputs; o++)
        for (let i = first; i < inputs && i < first + 16; i++) parameters[begin + i * outputs + o] = weight(i, o);
    offset += inputs * outputs;
    parameters.set(bias, offset);
    offset += outputs;
    for (let at = begin; at < offset; at++)
      if (!Number.isFinite(parameters[at]!))
        throw new PolicyFileError(
          `layer ${index}: parameter ${at - begin} is not finite as a float32, expected a number`,
        );
  }
  return { layers: specs, parameters };
}

function withoutSigmoid(layers: readonly ImportedLayer[]): (ImportedLayer & LayerSpec)[] {
  const lowered: (ImportedLayer & LayerSpec)[] = [];
  let halves = false;
  for (const given of layers) {
    const layer: ImportedLayer = halves ? scaledInputs(given, fill(given.inputs, 0.5), fill(given.inputs, 0.5)) : given;
    halves = layer.activation === 'sigmoid';
    if (layer.activation === 'sigmoid') {
      const inner = scaledOutputs(layer, fill(layer.outputs, 0.5), fill(layer.outputs, 0));
      lowered.push({ ...inner, activation: 'tanh' });
    } else lowered.push({ ...layer, activation: layer.activation });
  }
  if (halves) {
    const half = new Float64Array(layers.at(-1)!.outputs).fill(0.5);
    lowered.push({ ...diagonalLayer(half, half), activation: 'linear' });
  }
  return lowered;
}

function fill(length: number, value: number): number[] {
  return Array<number>(length).fill(value);
}
