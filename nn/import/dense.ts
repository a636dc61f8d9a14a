import type { ImportedLayer, SourceActivation } from './imported-model.ts';

/** `φ(z)` in float64. */
export const sourceActivations: Readonly<Record<SourceActivation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => (z > 0 ? z : 0),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  silu: (z) => z / (1 + Math.exp(-z)),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
};

/** What comes out of layers for one row, in float64. @param x [I] */
export function evaluateLayers(layers: readonly ImportedLayer[], x: Float64Array): Float64Array {
  let below = x;
  for (const { inputs, outputs, weight, bias, activation } of layers) {
    const above = new Float64Array(outputs);
    const value = sourceActivations[activation];
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o]!;
      for (let i = 0; i < inputs; i++) sum += below[i]! * weight(i, o);
      above[o] = value(sum);
    }
    below = above;
  }
  return below;
}

/** The weights of a matrix of ours. @param matrix [inputs×outputs] row-major */
export function weightsOf(matrix: Float32Array | Float64Array, outputs: number): ImportedLayer['weight'] {
  return (i, o) => matrix[i * outputs + o]!;
}

/** `φ(d·x + b)`, component by component. @param diagonal [width]  @param bias [width] */
export function diagonalLayer(
  diagonal: ArrayLike<number>,
  bias: Float64Array,
  activation: SourceActivation = 'linear',
): ImportedLayer {
  const width = diagonal.length;
  return { inputs: width, outputs: width, activation, weight: (i, o) => (i === o ? diagonal[i]! : 0), bias };
}

/** A layer whose outputs, before the activation, are `scale·z + shift`. @param scale [outputs]  @param shift [outputs] */
export function scaledOutputs(layer: ImportedLayer, scale: readonly number[], shift: readonly number[]): ImportedLayer {
  const { weight } = layer;
  return {
    ...layer,
    weight: (i, o) => weight(i, o) * scale[o]!,
    bias: Float64Array.from(layer.bias, (value, o) => value * scale[o]! + shift[o]!),
  };
}

/** A layer that reads `scale·x + shift` instead of x. @param scale [inputs]  @param shift [inputs] */
export function scaledInputs(layer: ImportedLayer, scale: readonly number[], shift: readonly number[]): ImportedLayer {
  const { inputs, outputs, weight } = layer;
  const bias = Float64Array.from(layer.bias);
  for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) bias[o]! += shift[i]! * weight(i, o);
  return { ...layer, weight: (i, o) => weight(i, o) * scale[i]!, bias };
}

/** Two layers on the same inputs as one, `y = a ‖ b`; their activation is the first's. */
export function stacked(a: ImportedLayer, b: ImportedLayer): ImportedLayer {
  const bias = new Float64Array(a.outputs + b.outputs);
  bias.set(a.bias);
  bias.set(b.bias, a.outputs);
  return {
    ...a,
    outputs: bias.length,
    weight: (i, o) => (o < a.outputs ? a.weight(i, o) : b.weight(i, o - a.outputs)),
    bias,
  };
}

/** A layer of the same inputs whose outputs are constants. */
export function constantLayer(inputs: number, values: readonly number[]): ImportedLayer {
  return {
    inputs,
    outputs: values.length,
    activation: 'linear',
    weight: () => 0,
    bias: Float64Array.from(values),
  };
}
