import type { Activation } from '../../core/policy.ts';
import { activationError, roundingError } from './affine.ts';
import type { AffineLayer } from './affine.ts';
import { relax } from './relaxation.ts';
import type { Lines } from './relaxation.ts';

/** Lowest and highest of several numbers. */
export interface Range {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds by intervals: `c' = c·W + b, r' = r·|W|`, then the activation at both ends. Source: Gowal et al. (2018), arXiv 1810.12715. */
export function intervalBounds(layer: AffineLayer, { low, high }: Range): Range {
  const { inputs, outputs, weights, bias } = layer;
  const largest = low.map((value, i) => Math.max(Math.abs(value), Math.abs(high[i]!)));
  const error = roundingError(layer, largest);
  const below = bias.slice();
  const above = bias.slice();
  for (let i = 0; i < inputs; i++) {
    const center = (low[i]! + high[i]!) / 2;
    const radius = (high[i]! - low[i]!) / 2;
    for (let o = 0; o < outputs; o++) {
      const weight = weights[i * outputs + o]!;
      const spread = Math.abs(weight) * radius;
      below[o]! += weight * center - spread;
      above[o]! += weight * center + spread;
    }
  }
  return { low: below.map((value, o) => value - error[o]!), high: above.map((value, o) => value + error[o]!) };
}

function activated(activation: Activation, { low, high }: Range): Range {
  if (activation === 'linear') return { low, high };
  const of = activation === 'tanh' ? Math.tanh : (value: number) => Math.max(0, value);
  return {
    low: low.map((value) => of(value) - activationError),
    high: high.map((value) => of(value) + activationError),
  };
}

/**
 * Sound bounds on linear functions of a network's outputs over a box of inputs: `C·z(x)`, by CROWN with the tighter of its own and interval
 * bounds at every layer. Float32 rounding of the forward pass is allowed for.
 *
 * Backwards through a layer: a positive coefficient takes the lower line of the activation for a lower bound and the upper one for an upper
 * bound, a negative one the other; at the inputs the worst corner. Cost: about Σ_k n_k · (n_1 + … + n_k) multiply-adds of layer widths.
 * Source: Zhang et al. (2018), arXiv 1811.00866; specs/attacks-and-defenses.md 2.15.
 *
 * @param rows [m×K] C; absent: the outputs themselves  @param method `interval`: intervals alone
 */
export function outputBounds(
  layers: readonly AffineLayer[],
  input: Range,
  method: 'interval' | 'crown' = 'crown',
  rows?: readonly Float64Array[],
): Range {
  const pre: Range[] = [];
  const errors: Float64Array[] = [];
  let inside = input;
  for (const [k, layer] of layers.entries()) {
    const largest = inside.low.map((value, i) => Math.max(Math.abs(value), Math.abs(inside.high[i]!)));
    errors.push(roundingError(layer, largest));
    let own = intervalBounds(layer, inside);
    if (method === 'crown' && k > 0) {
      const backward = backwards(layers.slice(0, k + 1), pre, errors, input, identity(layer.outputs));
      own = {
        low: own.low.map((value, o) => Math.max(value, backward.low[o]!)),
        high: own.high.map((value, o) => Math.min(value, backward.high[o]!)),
      };
    }
    pre.push(own);
    inside = activated(layer.activation, own);
  }
  if (rows === undefined) return inside;
  if (method === 'crown') return backwards(layers, pre, errors, input, rows);
  const width = layers.at(-1)!.outputs;
  const ends = (sign: 1 | -1): Float64Array =>
    Float64Array.from(rows, (row) => {
      let sum = 0;
      for (let o = 0; o < width; o++) sum += row[o]! * (sign * row[o]! > 0 ? inside.high[o]! : inside.low[o]!);
      return sum;
    });
  return { low: ends(-1), high: ends(1) };
}

function identity(size: number): readonly Float64Array[] {
  return Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_value, j) => (i === j ? 1 : 0)));
}

/** Bounds of `rows` times the pre-activation of the last layer, whose own activation has to be linear or is left out. */
function backwards(
  layers: readonly AffineLayer[],
  pre: readonly Range[],
  errors: readonly Float64Array[],
  input: Range,
  rows: readonly Float64Array[],
): Range {
  const lines = layers.slice(0, -1).map(({ activation, outputs }, k) =>
    Array.from({ length: outputs }, (_, o): Lines => {
      const own = { lowSlope: 1, lowOffset: 0, highSlope: 1, highOffset: 0 };
      relax(activation, pre[k]!.low[o]!, pre[k]!.high[o]!, own);
      return own;
    }),
  );
  const named = new Int32Array(Math.max(...layers.map(({ outputs }) => outputs)));
  const end = (row: Float64Array, sign: 1 | -1): number => {
    // The upper bound of sign·row; the lower one is minus that of −row.
    let coefficients = row.map((value) => sign * value);
    let offset = 0;
    for (let k = layers.length - 1; k >= 0; k--) {
      const { inputs, outputs, weights, bias } = layers[k]!;
      const error = errors[k]!;
      for (let o = 0; o < outputs; o++) offset += coefficients[o]! * bias[o]! + Math.abs(coefficients[o]!) * error[o]!;
      const before = new Float64Array(inputs);
      // A row of C names few outputs, and a ReLU that is off none.
      let count = 0;
      for (let o = 0; o < outputs; o++) if (coefficients[o] !== 0) named[count++] = o;
      for (let i = 0; i < inputs; i++) {
        let sum = 0;
        for (let n = 0; n < count; n++) {
          const o = named[n]!;
          sum += weights[i * outputs + o]! * coefficients[o]!;
        }
        before[i] = sum;
      }
      if (k > 0) {
        const own = lines[k - 1]!;
        const exact = layers[k - 1]!.activation === 'linear';
        for (let i = 0; i < inputs; i++) {
          const value = before[i]!;
          if (!exact) offset += Math.abs(value) * activationError;
          const { lowSlope, lowOffset, highSlope, highOffset } = own[i]!;
          offset += value * (value > 0 ? highOffset : lowOffset);
          before[i] = value * (value > 0 ? highSlope : lowSlope);
        }
      }
      coefficients = before;
    }
    for (let i = 0; i < coefficients.length; i++)
      offset += coefficients[i]! * (coefficients[i]! > 0 ? input.high[i]! : input.low[i]!);
    return offset;
  };
  return {
    low: Float64Array.from(rows, (row) => -end(row, -1)),
    high: Float64Array.from(rows, (row) => end(row, 1)),
  };
}
