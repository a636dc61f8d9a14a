import * as fc from 'fast-check';
import type { Activation, LayerSpec } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';
import { activationNames } from '../../nn/activation.ts';
import { initialise } from '../../nn/initialise.ts';
import type { Network } from '../../nn/network.ts';

export interface RandomCase {
  readonly layers: readonly LayerSpec[];
  readonly rows: number;
  readonly seed: number;
}

/** Networks of 1 to 3 layers, widths 1 to 70, batches 1 to 97, an activation drawn for each layer. */
export const randomCase: fc.Arbitrary<RandomCase> = fc
  .record({
    widths: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 2, maxLength: 4 }),
    activations: fc.array(fc.constantFrom<Activation>(...activationNames), { minLength: 3, maxLength: 3 }),
    rows: fc.integer({ min: 1, max: 97 }),
    seed: fc.nat(),
  })
  .map(({ widths, activations, rows, seed }) => ({ layers: layersOf(widths, activations), rows, seed }));

export function layersOf(widths: readonly number[], activations: readonly Activation[]): LayerSpec[] {
  return widths
    .slice(1)
    .map((outputs, l) => ({ inputs: widths[l]!, outputs, activation: activations[l % activations.length]! }));
}

/** Weights, inputs and output gradients of a case, the same for every implementation. */
export function fill(network: Network, seed: number): void {
  initialise(network, rng(seed), { kind: 'torch-linear' });
}

export function uniform(length: number, stream: Rng): Float32Array {
  return Float32Array.from({ length }, () => 2 * stream.uniform() - 1);
}

/** Everything that one forward and one full backward pass give. */
export function passes(
  network: Network,
  x: Float32Array,
  dOut: Float32Array,
  rows: number,
): Record<string, Float32Array> {
  const y = new Float32Array(rows * network.outputs);
  const dX = new Float32Array(rows * network.inputs);
  const dXalone = new Float32Array(rows * network.inputs);
  const gradients = new Float32Array(network.size);
  network.forward(x, rows, y);
  network.backwardInput(dOut, rows, dXalone);
  network.backward(dOut, rows, dX);
  network.readGradients(gradients);
  return { y, dX, dXalone, gradients };
}

/** Largest absolute difference; NaN where either is. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** The bits of some floats, for comparisons that must be exact. */
export function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
