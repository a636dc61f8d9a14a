import { ShapeError } from '../core/errors.ts';
import type { Activation, LayerSpec } from '../core/policy.ts';
import { activationNames } from './activation.ts';

/**
 * Number of weights and biases of a dense network, `Σ inputsₗ·outputsₗ + outputsₗ`.
 * @throws {ShapeError} when there is no layer, a width is not a positive integer, or two layers do not meet.
 */
export function parameterCount(layers: readonly LayerSpec[]): number {
  if (layers.length === 0) throw new ShapeError('network: got no layers, expected at least one');
  let count = 0;
  let width = layers[0]!.inputs;
  for (const [index, layer] of layers.entries()) {
    for (const [name, value] of [
      ['inputs', layer.inputs],
      ['outputs', layer.outputs],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < 1)
        throw new ShapeError(`network: layer ${index} has ${name} ${value}, expected a positive integer`);
    }
    if (layer.inputs !== width)
      throw new ShapeError(`network: layer ${index} reads ${layer.inputs} inputs, expected ${width} as before it`);
    if (!activationNames.includes(layer.activation))
      throw new ShapeError(
        `network: layer ${index} has activation ${layer.activation}, expected ${activationNames.join(', ')}`,
      );
    count += (layer.inputs + 1) * layer.outputs;
    width = layer.outputs;
  }
  return count;
}

/** Layers of the given widths: `mlp([31, 256, 256, 20], 'tanh')` has two tanh layers and a linear one. */
export function mlp(widths: readonly number[], hidden: Activation, output: Activation = 'linear'): LayerSpec[] {
  return widths.slice(1).map((outputs, index) => ({
    inputs: widths[index]!,
    outputs,
    activation: index === widths.length - 2 ? output : hidden,
  }));
}

/** Throws unless a batch buffer holds at least `rows × width` values; a longer one is scratch that is only partly used. */
export function assertBatch(array: Float32Array, rows: number, width: number, name: string, where: string): void {
  if (array.length < rows * width || !Number.isInteger(rows) || rows < 0)
    throw new ShapeError(`${where}: ${name} has ${array.length} values, expected at least ${rows}×${width}`);
}

/** Throws unless two networks have the same widths. */
export function assertSameWidths(a: readonly LayerSpec[], b: readonly LayerSpec[], where: string): void {
  const same = a.length === b.length && a.every((layer, l) => matches(layer, b[l]!));
  if (!same) throw new ShapeError(`${where}: the layers are ${widths(b)}, expected ${widths(a)}`);
}

function matches(a: LayerSpec, b: LayerSpec): boolean {
  return a.inputs === b.inputs && a.outputs === b.outputs;
}

function widths(layers: readonly LayerSpec[]): string {
  return [layers[0]?.inputs ?? 0, ...layers.map((layer) => layer.outputs)].join('-');
}
