import { assertLength } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import type { AdamStep, Network } from '../../../nn/network.ts';
import type { Trainable } from '../train.ts';
import type { Activation } from '../../../core/policy.ts';
import type { Architecture } from './space.ts';

/** `ln(1 + e^u)` of each, and its slope, `σ(u)`; the kernel has the other activations. */
function softplus(u: Float32Array, count: number, out: Float32Array, slope: Float32Array): void {
  for (let i = 0; i < count; i++) {
    const value = u[i]!;
    const tail = Math.exp(-Math.abs(value));
    out[i] = Math.max(value, 0) + Math.log1p(tail);
    slope[i] = (value > 0 ? 1 : tail) / (1 + tail);
  }
}

/** Of the cosine: logits lie in ±10. */
const cosineScale = 10;
/** Norms count as at least this. */
const leastNorm = 1e-6;

/** How the inputs are standardised: `(x − mean)·scale`. */
export interface InputScale {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/** Mean and 1/deviation of every feature. @param x [N×D] */
export function inputScale(x: Float32Array, inputs: number): InputScale {
  const rows = x.length / inputs;
  const mean = new Float64Array(inputs);
  const scale = new Float64Array(inputs);
  for (let i = 0; i < x.length; i++) mean[i % inputs]! += x[i]! / rows;
  for (let i = 0; i < x.length; i++) scale[i % inputs]! += (x[i]! - mean[i % inputs]!) ** 2 / rows;
  for (let i = 0; i < inputs; i++) scale[i] = 1 / Math.max(leastNorm, Math.sqrt(scale[i]!));
  return { mean, scale };
}

/** What a hidden layer keeps for the way back. */
interface Layer {
  readonly dense: Network;
  readonly width: number;
  readonly skips: boolean;
  /** [rows×width] what the dense layer gives, before a softplus, and after it with what is skipped. */
  u: Float32Array;
  h: Float32Array;
  /** [rows×width] of a softplus, by u. */
  slope: Float32Array;
  /** [rows×width] the derivatives by h and by u. */
  dH: Float32Array;
  dU: Float32Array;
}

/**
 * A network of the search space on our kernel: its dense layers are `Network`s, what they lack is here. The weights of a
 * cosine head lie on the unit sphere, to which they are taken back after every step.
 * @param standard of the inputs; used where the architecture normalises
 */
export function childNetwork(
  architecture: Architecture,
  inputs: number,
  classes: number,
  standard: InputScale,
  rng: Rng,
): Trainable & Disposable {
  return new Child(architecture, inputs, classes, standard, rng);
}

class Child implements Trainable, Disposable {
  readonly inputs: number;
  readonly outputs: number;
  readonly #layers: readonly Layer[];
  readonly #head: Network;
  readonly #softplus: boolean;
  readonly #cosine: boolean;
  readonly #standard: InputScale | null;
  #rows = 0;
  #x = new Float32Array(0);
  /** [rows×H] what the head reads, and its derivative; [rows] norms. */
  #top = new Float32Array(0);
  #dTop = new Float32Array(0);
  #norms = new Float64Array(0);

  constructor(architecture: Architecture, inputs: number, classes: number, standard: InputScale, rng: Rng) {
    assertLength(standard.mean, inputs, 'standard.mean', 'childNetwork');
    const { widths, activation, residual, normalise, head } = architecture;
    this.inputs = inputs;
    this.outputs = classes;
    this.#softplus = activation === 'softplus';
    const hidden = activation === 'softplus' ? 'linear' : activation;
    this.#cosine = head === 'cosine';
    this.#standard = normalise ? standard : null;
    const dense = (from: number, to: number, name: string, activation: Activation): Network => {
      const network = createNetwork([{ inputs: from, outputs: to, activation }]);
      initialise(network, rng.split(name), { kind: 'orthogonal', outputGain: name === 'head' ? 1 : Math.SQRT2 });
      return network;
    };
    this.#layers = widths.map((width, l) => ({
      dense: dense(l === 0 ? inputs : widths[l - 1]!, width, `layer ${l}`, hidden),
      width,
      skips: residual && l > 0 && widths[l - 1] === width,
      u: new Float32Array(0),
      h: new Float32Array(0),
      slope: new Float32Array(0),
      dH: new Float32Array(0),
      dU: new Float32Array(0),
    }));
    this.#head = dense(widths.at(-1)!, classes, 'head', 'linear');
    if (this.#cosine) this.#toSphere();
  }

  forward(x: Float32Array, rows: number, out: Float32Array): void {
    this.#reserve(rows);
    const source = this.#x;
    const { inputs } = this;
    const standard = this.#standard;
    if (standard === null) source.set(x.subarray(0, rows * inputs));
    else
      for (let at = 0; at < rows * inputs; at += inputs)
        for (let i = 0; i < inputs; i++) source[at + i] = (x[at + i]! - standard.mean[i]!) * standard.scale[i]!;
    let below: Float32Array = source;
    for (const { dense, width, skips, u, h, slope } of this.#layers) {
      dense.forward(below, rows, u);
      const count = rows * width;
      if (this.#softplus) softplus(u, count, h, slope);
      else h.set(u.subarray(0, count));
      if (skips) for (let i = 0; i < count; i++) h[i]! += below[i]!;
      below = h;
    }
    if (this.#cosine) this.#normalise(below, rows);
    this.#head.forward(this.#cosine ? this.#top : below, rows, out);
  }

  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void {
    this.#head.backwardInput(dOut, rows, this.#dTop);
    this.#chain(rows, (dense, dU, below) => dense.backwardInput(dU, rows, below!), dX);
  }

  backward(dOut: Float32Array, rows: number): void {
    this.#head.backward(dOut, rows, this.#dTop);
    this.#chain(rows, (dense, dU, below) => dense.backward(dU, rows, below ?? undefined), null);
  }

  adam(step: AdamStep): void {
    for (const { dense } of this.#layers) dense.adam(step);
    this.#head.adam(step);
    if (this.#cosine) this.#toSphere();
  }

  [Symbol.dispose](): void {
    for (const { dense } of this.#layers) dense[Symbol.dispose]();
    this.#head[Symbol.dispose]();
  }

  /** From the derivative by what the head reads down to that by the input. */
  #chain(
    rows: number,
    pull: (dense: Network, dU: Float32Array, below: Float32Array | null) => void,
    dX: Float32Array | null,
  ): void {
    const last = this.#layers.at(-1)!;
    if (this.#cosine) this.#normaliseBack(last, rows);
    else last.dH.set(this.#dTop.subarray(0, rows * last.width));
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const { dense, width, skips, slope, dH, dU } = this.#layers[l]!;
      if (this.#softplus) for (let i = 0; i < rows * width; i++) dU[i] = dH[i]! * slope[i]!;
      const below = l === 0 ? dX : this.#layers[l - 1]!.dH;
      pull(dense, this.#softplus ? dU : dH, below);
      if (skips && below !== null) for (let i = 0; i < rows * width; i++) below[i]! += dH[i]!;
    }
    const { inputs } = this;
    const standard = this.#standard;
    if (dX !== null && standard !== null)
      for (let at = 0; at < rows * inputs; at += inputs)
        for (let i = 0; i < inputs; i++) dX[at + i]! *= standard.scale[i]!;
  }

  /** `s h/‖h‖`. */
  #normalise(h: Float32Array, rows: number): void {
    const width = this.#layers.at(-1)!.width;
    for (let row = 0, at = 0; row < rows; row++, at += width) {
      let square = 0;
      for (let i = at; i < at + width; i++) square += h[i]! ** 2;
      const norm = Math.max(leastNorm, Math.sqrt(square));
      this.#norms[row] = norm;
      for (let i = at; i < at + width; i++) this.#top[i] = (cosineScale * h[i]!) / norm;
    }
  }

  /** `∂/∂h = (s/‖h‖)(I − ĥĥᵀ) ∂/∂(sĥ)`. */
  #normaliseBack({ width, dH }: Layer, rows: number): void {
    for (let row = 0, at = 0; row < rows; row++, at += width) {
      let along = 0;
      for (let i = at; i < at + width; i++) along += (this.#dTop[i]! * this.#top[i]!) / cosineScale;
      for (let i = at; i < at + width; i++)
        dH[i] = (cosineScale / this.#norms[row]!) * (this.#dTop[i]! - (along * this.#top[i]!) / cosineScale);
    }
  }

  /** Columns of the head's weights to length 1, biases to 0. */
  #toSphere(): void {
    const { inputs, outputs, size } = this.#head;
    const parameters = new Float32Array(size);
    this.#head.readParameters(parameters);
    for (let k = 0; k < outputs; k++) {
      let square = 0;
      for (let i = 0; i < inputs; i++) square += parameters[i * outputs + k]! ** 2;
      const norm = Math.max(leastNorm, Math.sqrt(square));
      for (let i = 0; i < inputs; i++) parameters[i * outputs + k]! /= norm;
      parameters[inputs * outputs + k] = 0;
    }
    this.#head.writeParameters(parameters);
  }

  #reserve(rows: number): void {
    if (rows <= this.#rows) return;
    this.#rows = rows;
    const last = this.#layers.at(-1)!.width;
    this.#x = new Float32Array(rows * this.inputs);
    this.#top = new Float32Array(rows * last);
    this.#dTop = new Float32Array(rows * last);
    this.#norms = new Float64Array(rows);
    for (const layer of this.#layers) {
      layer.u = new Float32Array(rows * layer.width);
      layer.h = new Float32Array(rows * layer.width);
      layer.slope = new Float32Array(this.#softplus ? rows * layer.width : 0);
      layer.dH = new Float32Array(rows * layer.width);
      layer.dU = new Float32Array(rows * layer.width);
    }
  }
}
