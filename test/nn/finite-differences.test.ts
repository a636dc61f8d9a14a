import { describe, expect, it } from 'vitest';
import type { LayerSpec } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { activationNames } from '../../nn/activation.ts';
import { referenceNetwork } from '../../nn/reference-network.ts';
import { fill, layersOf, passes, uniform } from './random-network.ts';

const h = 1e-6;

/** `Σ dOut ∘ net(x)` in float64, written from the definitions. */
function loss(
  layers: readonly LayerSpec[],
  parameters: Float64Array,
  x: Float64Array,
  rows: number,
  dOut: Float32Array,
): number {
  let below = x;
  let offset = 0;
  for (const { inputs, outputs, activation } of layers) {
    const above = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < outputs; o++) {
        let z = parameters[offset + inputs * outputs + o]!;
        for (let i = 0; i < inputs; i++) z += below[row * inputs + i]! * parameters[offset + i * outputs + o]!;
        const values = {
          linear: z,
          relu: Math.max(0, z),
          tanh: Math.tanh(z),
          silu: z / (1 + Math.exp(-z)),
          elu: z > 0 ? z : Math.expm1(z),
        };
        above[row * outputs + o] = values[activation];
      }
    }
    offset += (inputs + 1) * outputs;
    below = above;
  }
  return below.reduce((sum, value, i) => sum + value * dOut[i]!, 0);
}

describe('the reference network', () => {
  it.each(activationNames)('has the derivatives of its own definition (%s)', (activation) => {
    const rows = 3;
    const layers = layersOf([5, 7, 4], [activation]);
    using network = referenceNetwork(layers);
    fill(network, 21);
    const data = rng(22);
    const x = uniform(rows * 5, data);
    const dOut = uniform(rows * 4, data);
    const { dX, gradients } = passes(network, x, dOut, rows);

    const plain = new Float32Array(network.size);
    network.readParameters(plain);
    const central = (values: Float64Array, index: number, at: () => number): number => {
      const kept = values[index]!;
      values[index] = kept + h;
      const above = at();
      values[index] = kept - h;
      const below = at();
      values[index] = kept;
      return (above - below) / (2 * h);
    };
    const parameters = Float64Array.from(plain);
    const input = Float64Array.from(x);
    const evaluate = (): number => loss(layers, parameters, input, rows, dOut);
    for (let i = 0; i < parameters.length; i++) expect(gradients![i]).toBeCloseTo(central(parameters, i, evaluate), 5);
    for (let i = 0; i < input.length; i++) expect(dX![i]).toBeCloseTo(central(input, i, evaluate), 5);
  });
});
