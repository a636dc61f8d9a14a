import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { Activation, LayerSpec } from '../../core/policy.ts';

/** A dense layer in float64: `h = x·W + b`, W [inputs×outputs] row-major, then the activation. */
export interface AffineLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly activation: Activation;
}

/**
 * The layers of a network from its parameters, in the order of `Network.readParameters`.
 * @throws {ShapeError} when there are too few or too many; {ConfigError} for an activation that bounds are not known of.
 */
export function affineLayers(specs: readonly LayerSpec[], parameters: Float32Array): readonly AffineLayer[] {
  let at = 0;
  const layers = specs.map(({ inputs, outputs, activation }): AffineLayer => {
    if (activation !== 'relu' && activation !== 'tanh' && activation !== 'linear')
      throw new ConfigError(`a certificate bounds relu, tanh and linear layers, the policy has ${activation}`);
    const weights = Float64Array.from(parameters.subarray(at, (at += inputs * outputs)));
    const bias = Float64Array.from(parameters.subarray(at, (at += outputs)));
    return { inputs, outputs, weights, bias, activation };
  });
  if (at !== parameters.length)
    throw new ShapeError(`affineLayers: ${parameters.length} parameters, the layers have ${at}`);
  return layers;
}

/**
 * How far a float32 forward pass may be from exact arithmetic in each pre-activation, inputs at most `largest` in size:
 * `(n + 2) · 2⁻²³ · (Σ |W| · largest + |b|)`, twice the bound of Higham (2002), "Accuracy and Stability of Numerical Algorithms", section 3.1.
 */
export function roundingError({ inputs, outputs, weights, bias }: AffineLayer, largest: Float64Array): Float64Array {
  const error = Float64Array.from(bias, Math.abs);
  for (let i = 0; i < inputs; i++)
    for (let o = 0; o < outputs; o++) error[o]! += Math.abs(weights[i * outputs + o]!) * largest[i]!;
  return error.map((sum) => (inputs + 2) * 2 ** -23 * sum);
}

/** How far a float32 activation may be from the exact one. */
export const activationError = 1e-6;
