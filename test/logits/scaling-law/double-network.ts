import { activationFunctions } from '../../../nn/activation.ts';
import type { Network } from '../../../nn/network.ts';
import { centralDifference } from '../../support/central-difference.ts';

/** A network's function in float64, written as its definition, with derivatives by central differences. */
export function doubleNetwork(network: Network): {
  forward(x: Float64Array): Float64Array;
  /** `Σ g_k ∂z_k/∂x`, g written by the loss. */
  gradient(x: Float64Array, loss: (z: Float64Array, g: Float64Array) => unknown): number[];
} {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const forward = (x: Float64Array): Float64Array => {
    let at = 0;
    let below = x;
    for (const { inputs, outputs, activation } of network.layers) {
      const weight = at;
      const bias = at + inputs * outputs;
      at = bias + outputs;
      const source = below;
      below = Float64Array.from({ length: outputs }, (_, o) => {
        let sum = parameters[bias + o]!;
        for (let i = 0; i < inputs; i++) sum += source[i]! * parameters[weight + i * outputs + o]!;
        return activationFunctions[activation].value(sum);
      });
    }
    return below;
  };
  return {
    forward,
    gradient(x, loss) {
      const g = new Float64Array(network.outputs);
      loss(forward(x), g);
      const value = (): number => forward(x).reduce((sum, z, k) => sum + g[k]! * z, 0);
      return Array.from(x, (_, i) => centralDifference(x, i, 1e-5, value));
    },
  };
}
