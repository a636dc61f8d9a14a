import { activationNames } from '../activation.ts';
import type { LayerSpec } from '../../core/policy.ts';

/** Columns of a panel: every width is padded to a multiple of it. */
const panel = 8;

/**
 * Where a dense layer lies in the padded parameter block, in floats: W as ⌈outputs/8⌉ panels of [paddedInputs×8], then b.
 * Padding holds zeros, and since every activation maps 0 to 0 it stays so through forward, backward and Adam.
 */
export interface PaddedLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly paddedInputs: number;
  readonly paddedOutputs: number;
  readonly activation: number;
  /** silu: its slope must be kept, for it cannot be told from its value. */
  readonly keepsSlope: boolean;
  readonly weight: number;
  readonly bias: number;
}

/** The layers' places and the length of the whole block. */
export function padLayers(layers: readonly LayerSpec[]): {
  readonly padded: readonly PaddedLayer[];
  readonly size: number;
} {
  let offset = 0;
  const padded = layers.map(({ inputs, outputs, activation }) => {
    const paddedInputs = padded8(inputs);
    const paddedOutputs = padded8(outputs);
    const weight = offset;
    const bias = weight + paddedInputs * paddedOutputs;
    offset = bias + paddedOutputs;
    return {
      inputs,
      outputs,
      paddedInputs,
      paddedOutputs,
      activation: activationNames.indexOf(activation),
      keepsSlope: activation === 'silu',
      weight,
      bias,
    };
  });
  return { padded, size: offset };
}

/** From the interface's order (W₀ b₀ W₁ …, row-major) into a padded block that starts at `at` (in floats). */
export function packParameters(layers: readonly PaddedLayer[], from: Float32Array, to: Float32Array, at: number): void {
  eachRun(layers, (plain, packed, count) => {
    for (let k = 0; k < count; k++) to[at + packed + k] = from[plain + k]!;
  });
}

/** The inverse of `packParameters`. */
export function unpackParameters(
  layers: readonly PaddedLayer[],
  from: Float32Array,
  at: number,
  to: Float32Array,
): void {
  eachRun(layers, (plain, packed, count) => {
    for (let k = 0; k < count; k++) to[plain + k] = from[at + packed + k]!;
  });
}

/** Parameters that lie side by side in either order: of a row of W those of one panel, and b. */
function eachRun(layers: readonly PaddedLayer[], visit: (plain: number, packed: number, count: number) => void): void {
  let plain = 0;
  for (const { inputs, outputs, paddedInputs, weight, bias } of layers) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o += panel) {
        const count = Math.min(panel, outputs - o);
        visit(plain, weight + o * paddedInputs + i * panel, count);
        plain += count;
      }
    }
    visit(plain, bias, outputs);
    plain += outputs;
  }
}

function padded8(width: number): number {
  return Math.ceil(width / panel) * panel;
}
