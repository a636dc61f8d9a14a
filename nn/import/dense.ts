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
      for (let i = 0; i < inputs; i++) sum += below[i]! * weight[i * outputs + o]!;
      above[o] = value(sum);
    }
    below = above;
  }
  return below;
}

/** A layer whose outputs, before the activation, are `scale·z + shift`. @param scale [outputs]  @param shift [outputs] */
export function scaledOutputs(layer: ImportedLayer, scale: readonly number[], shift: readonly number[]): ImportedLayer {
  const { outputs } = layer;
  return {
    ...layer,
    weight: Float64Array.from(layer.weight, (value, at) => value * scale[at % outputs]!),
    bias: Float64Array.from(layer.bias, (value, o) => value * scale[o]! + shift[o]!),
  };
}

/** A layer that reads `scale·x + shift` instead of x. @param scale [inputs]  @param shift [inputs] */
export function scaledInputs(layer: ImportedLayer, scale: readonly number[], shift: readonly number[]): ImportedLayer {
  const { inputs, outputs, weight } = layer;
  const bias = Float64Array.from(layer.bias);
  for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) bias[o]! += shift[i]! * weight[i * outputs + o]!;
  return {
    ...layer,
    weight: Float64Array.from(weight, (value, at) => value * scale[Math.floor(at / outputs)]!),
    bias,
  };
}

/** Two layers on the same inputs as one, `y = a ‖ b`; their activation is the first's. */
export function stacked(a: ImportedLayer, b: ImportedLayer): ImportedLayer {
  const outputs = a.outputs + b.outputs;
  const weight = new Float64Array(a.inputs * outputs);
  for (let i = 0; i < a.inputs; i++) {
    weight.set(a.weight.subarray(i * a.outputs, (i + 1) * a.outputs), i * outputs);
    weight.set(b.weight.subarray(i * b.outputs, (i + 1) * b.outputs), i * outputs + a.outputs);
  }
  return { ...a, outputs, weight, bias: Float64Array.from([...a.bias, ...b.bias]) };
}

/** A layer of the same inputs whose outputs are constants. */
export function constantLayer(inputs: number, values: readonly number[]): ImportedLayer {
  return {
    inputs,
    outputs: values.length,
    activation: 'linear',
    weight: new Float64Array(inputs * values.length),
    bias: Float64Array.from(values),
  };
}
