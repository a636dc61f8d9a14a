import { PolicyFileError, ShapeError } from '../../core/errors.ts';
import type { LayerSpec } from '../../core/policy.ts';
import { parameterCount } from '../layers.ts';
import { scaledInputs, scaledOutputs } from './dense.ts';
import type { ImportedLayer } from './imported-model.ts';

/**
 * Imported layers as ours: sigmoids rewritten, numbers rounded to float32 once, at the end.
 *
 * `σ(z) = ½·tanh(z/2) + ½`: the halves go into the layer itself and into the next one (one of its own after the last).
 * @returns parameters in the order of `Network.readParameters`
 * @throws {ShapeError} for layers that do not meet, {PolicyFileError} for a weight that no float32 can hold.
 */
export function lower(layers: readonly ImportedLayer[]): {
  readonly layers: readonly LayerSpec[];
  readonly parameters: Float32Array;
} {
  const ours = withoutSigmoid(layers);
  const specs = ours.map(({ inputs, outputs, activation }) => ({ inputs, outputs, activation }));
  const parameters = new Float32Array(parameterCount(specs));
  let offset = 0;
  for (const [index, { inputs, outputs, weight, bias }] of ours.entries()) {
    if (weight.length !== inputs * outputs || bias.length !== outputs)
      throw new ShapeError(
        `import: layer ${index} has ${weight.length} weights and ${bias.length} biases, expected ${inputs}×${outputs} and ${outputs}`,
      );
    parameters.set(weight, offset);
    parameters.set(bias, offset + weight.length);
    const lost = parameters.subarray(offset, (offset += weight.length + outputs)).findIndex((v) => !Number.isFinite(v));
    if (lost >= 0)
      throw new PolicyFileError(`layer ${index}: parameter ${lost} is not finite as a float32, expected a number`);
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
    const width = layers.at(-1)!.outputs;
    const weight = new Float64Array(width * width);
    for (let i = 0; i < width; i++) weight[i * width + i] = 0.5;
    lowered.push({
      inputs: width,
      outputs: width,
      activation: 'linear',
      weight,
      bias: new Float64Array(width).fill(0.5),
    });
  }
  return lowered;
}

function fill(length: number, value: number): number[] {
  return Array<number>(length).fill(value);
}
