import { assertLength } from '../core/errors.ts';
import type { LayerSpec, Normaliser } from '../core/policy.ts';
import { assertBatch } from './layers.ts';
import type { AdamStep, Network, RmspropStep } from './network.ts';

/** How inputs are standardised, in place so that a learner may move it: `z = clip((x − mean)·scale, ±clip)`. */
export interface Standardisation {
  /** [F], F ≤ I: the first F inputs are standardised, the others (a critic's actions) are read as they are. */
  readonly mean: Float64Array;
  /** [F] `1 / √(variance + epsilon)` */
  readonly scale: Float64Array;
  readonly clip: number;
}

/** The standardisation of frozen statistics. */
export function standardisation({ mean, variance, epsilon, clip }: Normaliser): Standardisation {
  const scale = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  return { mean: Float64Array.from(mean), scale, clip };
}

/** Standardises the first F entries of each row and copies the others. @param x, out [rows×I] */
export function standardise(
  { mean, scale, clip }: Standardisation,
  x: Float32Array,
  rows: number,
  inputs: number,
  out: Float32Array,
): void {
  const features = mean.length;
  for (let row = 0, at = 0; row < rows; row++) {
    for (let i = 0; i < features; i++, at++) {
      const value = (x[at]! - mean[i]!) * scale[i]!;
      out[at] = value > clip ? clip : value < -clip ? -clip : value;
    }
    for (let i = features; i < inputs; i++, at++) out[at] = x[at]!;
  }
}

/**
 * Takes a derivative with respect to what `standardise` gave back through it: times `scale`, 0 where it clips.
 * @param z [rows×I] what it gave  @param dX [rows×I] changed in place
 */
export function chainStandardisation(
  { scale, clip }: Standardisation,
  z: Float32Array,
  rows: number,
  inputs: number,
  dX: Float32Array,
): void {
  const limit = Math.fround(clip);
  for (let row = 0; row < rows; row++) {
    for (let i = 0, at = row * inputs; i < scale.length; i++, at++) {
      dX[at] = Math.abs(z[at]!) >= limit ? 0 : dX[at]! * scale[i]!;
    }
  }
}

/**
 * A network behind a standardisation of its inputs; the derivative with respect to the input goes through it (0 where it clips).
 * Disposing it disposes the inner network.
 */
export function normalisedNetwork(inner: Network, by: Standardisation): Network {
  return new NormalisedNetwork(inner, by);
}

class NormalisedNetwork implements Network {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly #inner: Network;
  readonly #by: Standardisation;
  #z = new Float32Array(0);

  constructor(inner: Network, by: Standardisation) {
    assertLength(by.scale, by.mean.length, 'scale', 'normalisedNetwork');
    this.#inner = inner;
    this.#by = by;
    this.layers = inner.layers;
    this.inputs = inner.inputs;
    this.outputs = inner.outputs;
    this.size = inner.size;
  }

  forward(x: Float32Array, rows: number, out: Float32Array): void {
    const { inputs } = this;
    assertBatch(x, rows, inputs, 'x', 'forward');
    if (this.#z.length < rows * inputs) this.#z = new Float32Array(rows * inputs);
    standardise(this.#by, x, rows, inputs, this.#z);
    this.#inner.forward(this.#z, rows, out);
  }

  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void {
    this.#inner.backwardInput(dOut, rows, dX);
    chainStandardisation(this.#by, this.#z, rows, this.inputs, dX);
  }

  backward(dOut: Float32Array, rows: number, dX?: Float32Array): void {
    this.#inner.backward(dOut, rows, dX);
    if (dX !== undefined) chainStandardisation(this.#by, this.#z, rows, this.inputs, dX);
  }

  adam(step: AdamStep): number {
    return this.#inner.adam(step);
  }

  rmsprop(step: RmspropStep): void {
    this.#inner.rmsprop(step);
  }

  gradientNorm(): number {
    return this.#inner.gradientNorm();
  }

  lerpFrom(source: Network, tau: number): void {
    this.#inner.lerpFrom(source instanceof NormalisedNetwork ? source.#inner : source, tau);
  }

  readParameters(out: Float32Array): void {
    this.#inner.readParameters(out);
  }

  writeParameters(parameters: Float32Array): void {
    this.#inner.writeParameters(parameters);
  }

  readGradients(out: Float32Array): void {
    this.#inner.readGradients(out);
  }

  readAdam(moments: Float32Array): number {
    return this.#inner.readAdam(moments);
  }

  writeAdam(moments: Float32Array, steps: number): void {
    this.#inner.writeAdam(moments, steps);
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
