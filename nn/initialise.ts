import type { Rng } from '../core/rng.ts';
import type { Network } from './network.ts';

/**
 * How fresh weights are drawn.
 *
 * - `orthogonal`: as SB3's PPO; biases 0, gain √2 below the last layer and `outputGain` on it (policy 0.01, value 1).
 * - `kaiming`: N(0, 2/inputs), biases 0.
 * - `torch-linear`: PyTorch's default for `nn.Linear`; weights and biases U(±1/√inputs).
 */
export type Initialisation =
  { readonly kind: 'orthogonal'; readonly outputGain: number } | { readonly kind: 'torch-linear' | 'kaiming' };

/** Draws all parameters of a network anew. Sources: Saxe et al. (2014); He et al. (2015), equation 10; PyTorch `nn.Linear.reset_parameters`. */
export function initialise(network: Network, rng: Rng, scheme: Initialisation): void {
  const parameters = new Float32Array(network.size);
  let offset = 0;
  for (const [index, { inputs, outputs }] of network.layers.entries()) {
    const weights = inputs * outputs;
    const weight = parameters.subarray(offset, offset + weights);
    const bias = parameters.subarray(offset + weights, offset + weights + outputs);
    const stream = rng.split(`layer ${index}`);
    if (scheme.kind === 'orthogonal') {
      const gain = index === network.layers.length - 1 ? scheme.outputGain : Math.SQRT2;
      orthogonal(weight, inputs, outputs, gain, stream);
    } else if (scheme.kind === 'kaiming') {
      for (let i = 0; i < weights; i++) weight[i] = Math.sqrt(2 / inputs) * stream.normal();
    } else {
      const bound = 1 / Math.sqrt(inputs);
      for (let i = 0; i < weights; i++) weight[i] = bound * (2 * stream.uniform() - 1);
      for (let i = 0; i < outputs; i++) bias[i] = bound * (2 * stream.uniform() - 1);
    }
    offset += weights + outputs;
  }
  network.writeParameters(parameters);
}

/**
 * A uniformly random matrix whose columns (or rows, whichever are fewer) are orthonormal, times `gain`.
 *
 * Gram-Schmidt on Gaussian vectors is QR with a positive diagonal, so the result is Haar distributed; a second pass makes
 * it orthogonal to rounding (Giraud et al., 2005: "twice is enough").
 * @param weight [rows×columns]
 */
function orthogonal(weight: Float32Array, rows: number, columns: number, gain: number, rng: Rng): void {
  const tall = rows >= columns;
  const count = tall ? columns : rows;
  const length = tall ? rows : columns;
  const vectors: Float64Array[] = [];
  for (let v = 0; v < count; v++) {
    const vector = Float64Array.from({ length }, () => rng.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors) {
        const along = dot(vector, earlier);
        for (let i = 0; i < length; i++) vector[i]! -= along * earlier[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < length; i++) {
      vector[i]! /= norm;
      weight[tall ? i * columns + v : v * columns + i] = gain * vector[i]!;
    }
    vectors.push(vector);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
