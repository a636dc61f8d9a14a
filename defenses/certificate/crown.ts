import type { Activation } from '../../core/policy.ts';
import { activationError, roundingError } from './affine.ts';
import type { AffineLayer } from './affine.ts';
import { newLines, relax } from './relaxation.ts';
import type { LayerLines } from './relaxation.ts';

/** Lowest and highest of several numbers. */
export interface Range {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds by intervals: `c' = c·W + b, r' = r·|W|`, then the activation at both ends. Source: Gowal et al. (2018), arXiv 1810.12715. */
function intervalBounds(layer: AffineLayer, { low, high }: Range, error: Float64Array): Range {
  const { inputs, outputs, weights, bias } = layer;
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

/** A network over a box of inputs. */
export interface BoundedNetwork {
  /** Ends of its outputs. */
  readonly outputs: () => Range;
  /** No point of the box has a larger `row·z`. @param row [K] */
  readonly upper: (row: Float64Array) => number;
}

/**
 * Sound bounds on linear functions of a network's outputs over a box of inputs, by CROWN with the tighter of its own and interval bounds at
 * every layer. Float32 rounding of the forward pass is allowed for.
 *
 * Backwards through a layer: a positive coefficient takes the lower line of the activation for a lower bound and the upper one for an upper
 * bound, a negative one the other; at the inputs the worst corner. Cost: opening Σ_k 2 n_k · (n_0 n_1 + … + n_{k−2} n_{k−1}) multiply-adds over
 * the hidden layers k, n_k their widths; a row as many as the network has weights.
 * Source: Zhang et al. (2018), arXiv 1811.00866; specs/attacks-and-defenses.md 2.15.
 *
 * @param method `interval`: intervals alone
 */
export function boundedNetwork(
  layers: readonly AffineLayer[],
  input: Range,
  method: 'interval' | 'crown' = 'crown',
): BoundedNetwork {
  const errors: Float64Array[] = [];
  const lines: LayerLines[] = [];
  const backwards = backwardPass(layers, input, errors, lines);
  const last = layers.length - 1;
  let inside = input;
  for (const [k, layer] of layers.entries()) {
    const { low, high } = inside;
    const largest = low.map((value, i) => Math.max(Math.abs(value), Math.abs(high[i]!)));
    errors.push(roundingError(layer, largest));
    if (k === last) break;
    const own = ends(k);
    lines.push(newLines(layer.outputs));
    if (method === 'crown')
      for (let o = 0; o < layer.outputs; o++) relax(layer.activation, own.low[o]!, own.high[o]!, lines[k]!, o);
    inside = activated(layer.activation, own);
  }
  let known: Range | undefined;
  const outputs = (): Range => (known ??= activated(layers[last]!.activation, ends(last)));
  return { outputs, upper: method === 'crown' ? (row) => backwards(last, row) : (row) => largestSum(row, outputs()) };

  /** Ends of the pre-activations of layer k, what comes into it being \`inside\`. */
  function ends(k: number): Range {
    const own = intervalBounds(layers[k]!, inside, errors[k]!);
    if (method === 'interval' || k === 0) return own;
    const one = new Float64Array(own.low.length);
    for (let o = 0; o < one.length; o++) {
      one[o] = 1;
      own.high[o] = Math.min(own.high[o]!, backwards(k, one));
      one[o] = -1;
      own.low[o] = Math.max(own.low[o]!, -backwards(k, one));
      one[o] = 0;
    }
    return own;
  }
}

function largestSum(row: Float64Array, { low, high }: Range): number {
  let sum = 0;
  for (let o = 0; o < row.length; o++) sum += row[o]! * (row[o]! > 0 ? high[o]! : low[o]!);
  return sum;
}

/**
 * An upper bound of `row` times the pre-activations of layer k over the box, from the lines of the layers before it. Its buffers are made once.
 * @param errors, lines of the layers, those before k filled
 */
function backwardPass(
  layers: readonly AffineLayer[],
  input: Range,
  errors: readonly Float64Array[],
  lines: readonly LayerLines[],
): (k: number, row: Float64Array) => number {
  const widest = Math.max(...layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)));
  const named = new Int32Array(widest);
  let coefficients = new Float64Array(widest);
  let before = new Float64Array(widest);
  return (from, row) => {
    coefficients.set(row);
    let offset = 0;
    for (let k = from; k >= 0; k--) {
      const { inputs, outputs, weights, bias } = layers[k]!;
      const error = errors[k]!;
      // A row names few outputs, and a ReLU that is off none.
      let count = 0;
      for (let o = 0; o < outputs; o++) {
        const coefficient = coefficients[o]!;
        if (coefficient === 0) continue;
        offset += coefficient * bias[o]! + Math.abs(coefficient) * error[o]!;
        named[count++] = o;
      }
      if (2 * count > outputs) throughAll(weights, inputs, outputs, coefficients, before);
      else throughNamed(weights, inputs, outputs, coefficients, named, count, before);
      if (k > 0) {
        const { lowSlope, lowOffset, highSlope, highOffset } = lines[k - 1]!;
        const exact = layers[k - 1]!.activation === 'linear';
        for (let i = 0; i < inputs; i++) {
          const value = before[i]!;
          if (!exact) offset += Math.abs(value) * activationError;
          offset += value * (value > 0 ? highOffset[i]! : lowOffset[i]!);
          before[i] = value * (value > 0 ? highSlope[i]! : lowSlope[i]!);
        }
      }
      [coefficients, before] = [before, coefficients];
    }
    const { inputs } = layers[0]!;
    for (let i = 0; i < inputs; i++)
      offset += coefficients[i]! * (coefficients[i]! > 0 ? input.high[i]! : input.low[i]!);
    return offset;
  };
}

/** `out = W·c`, W [inputs×outputs]: four sums at a time, since each has to wait for its own last addition. */
function throughAll(weights: Float64Array, inputs: number, outputs: number, c: Float64Array, out: Float64Array): void {
  const whole = outputs - (outputs % 4);
  for (let i = 0, at = 0; i < inputs; i++, at += outputs) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let o = 0; o < whole; o += 4) {
      s0 += weights[at + o]! * c[o]!;
      s1 += weights[at + o + 1]! * c[o + 1]!;
      s2 += weights[at + o + 2]! * c[o + 2]!;
      s3 += weights[at + o + 3]! * c[o + 3]!;
    }
    for (let o = whole; o < outputs; o++) s0 += weights[at + o]! * c[o]!;
    out[i] = s0 + s1 + (s2 + s3);
  }
}

/** The same where only `count` of the coefficients, at `named`, are not 0. */
function throughNamed(
  weights: Float64Array,
  inputs: number,
  outputs: number,
  c: Float64Array,
  named: Int32Array,
  count: number,
  out: Float64Array,
): void {
  for (let i = 0, at = 0; i < inputs; i++, at += outputs) {
    let sum = 0;
    for (let n = 0; n < count; n++) {
      const o = named[n]!;
      sum += weights[at + o]! * c[o]!;
    }
    out[i] = sum;
  }
}
