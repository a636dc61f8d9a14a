import { assertLength, StateError } from '../core/errors.ts';
import type { Activation, LayerSpec } from '../core/policy.ts';
import { activationFunctions } from './activation.ts';
import { adamCoefficients } from './adam.ts';
import { assertBatch, assertSameWidths, parameterCount } from './layers.ts';
import type { AdamStep, Network, RmspropStep } from './network.ts';
import { rmspropCoefficients } from './rmsprop.ts';

/**
 * The readable network: plain loops, float32 storage, float64 sums. Ten times slower than `wasmNetwork` and its oracle.
 *
 * `zₗ = hₗ₋₁·Wₗ + bₗ`, `hₗ = φ(zₗ)`; backwards `δₗ = ∂L/∂hₗ ∘ φ'(zₗ)`, `∂L/∂hₗ₋₁ = δₗ·Wₗᵀ`, `∂L/∂Wₗ = hₗ₋₁ᵀ·δₗ`.
 * @throws {ShapeError} when the layers do not fit together.
 */
export function referenceNetwork(layers: readonly LayerSpec[]): Network {
  return new ReferenceNetwork(layers);
}

interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  /** [inputs×outputs] and [outputs], views into the network's parameters. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly weightGradient: Float32Array;
  readonly biasGradient: Float32Array;
}

class ReferenceNetwork implements Network {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly #parameters: Float32Array;
  readonly #gradients: Float32Array;
  readonly #moments: Float32Array;
  readonly #dense: readonly DenseLayer[];
  #steps = 0;
  #rows = 0;
  /** Per layer [rows×outputs]: what came in, and before and after the activation. */
  #input = new Float32Array(0);
  #z: Float32Array[] = [];
  #h: Float32Array[] = [];

  constructor(layers: readonly LayerSpec[]) {
    this.size = parameterCount(layers);
    this.layers = layers;
    this.inputs = layers[0]!.inputs;
    this.outputs = layers.at(-1)!.outputs;
    this.#parameters = new Float32Array(this.size);
    this.#gradients = new Float32Array(this.size);
    this.#moments = new Float32Array(2 * this.size);
    let offset = 0;
    const take = (length: number): [Float32Array, Float32Array] => {
      const range = [offset, (offset += length)] as const;
      return [this.#parameters.subarray(...range), this.#gradients.subarray(...range)];
    };
    this.#dense = layers.map((layer) => {
      const [weight, weightGradient] = take(layer.inputs * layer.outputs);
      const [bias, biasGradient] = take(layer.outputs);
      return { ...layer, weight, bias, weightGradient, biasGradient };
    });
  }

  forward(x: Float32Array, rows: number, out: Float32Array): void {
    assertBatch(x, rows, this.inputs, 'x', 'forward');
    assertBatch(out, rows, this.outputs, 'out', 'forward');
    this.#reserve(rows);
    this.#input.set(x.subarray(0, rows * this.inputs));
    let below: Float32Array = this.#input;
    for (const [l, layer] of this.#dense.entries()) {
      const z = this.#z[l]!;
      const h = this.#h[l]!;
      affine(below, layer, rows, z);
      const { value } = activationFunctions[layer.activation];
      for (let i = 0; i < rows * layer.outputs; i++) h[i] = value(z[i]!);
      below = h;
    }
    out.set(below.subarray(0, rows * this.outputs));
  }

  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void {
    assertBatch(dX, rows, this.inputs, 'dX', 'backwardInput');
    this.#backward('backwardInput', dOut, rows, false, dX);
  }

  backward(dOut: Float32Array, rows: number, dX?: Float32Array): void {
    if (dX !== undefined) assertBatch(dX, rows, this.inputs, 'dX', 'backward');
    this.#backward('backward', dOut, rows, true, dX);
  }

  #backward(where: string, dOut: Float32Array, rows: number, weights: boolean, dX: Float32Array | undefined): void {
    assertBatch(dOut, rows, this.outputs, 'dOut', where);
    if (rows !== this.#rows) throw new StateError(`${where}: got ${rows} rows, expected the ${this.#rows} of forward`);
    let upper: Float32Array = dOut.slice(0, rows * this.outputs);
    for (let l = this.#dense.length - 1; l >= 0; l--) {
      const layer = this.#dense[l]!;
      const z = this.#z[l]!;
      const { slope } = activationFunctions[layer.activation];
      for (let i = 0; i < rows * layer.outputs; i++) upper[i]! *= slope(z[i]!);
      if (weights) parameterGradient(l === 0 ? this.#input : this.#h[l - 1]!, upper, layer, rows);
      if (l === 0 && dX === undefined) return;
      const lower = l === 0 ? dX! : new Float32Array(rows * layer.inputs);
      inputGradient(upper, layer, rows, lower);
      upper = lower;
    }
  }

  gradientNorm(): number {
    let squares = 0;
    for (const gradient of this.#gradients) squares += gradient * gradient;
    return Math.sqrt(squares);
  }

  rmsprop(step: RmspropStep): void {
    const { learningRate, alpha, epsilon, gradientScale } = rmspropCoefficients(step);
    const squares = this.#moments.subarray(this.size);
    if (this.#steps === 0) squares.fill(1);
    this.#steps++;
    for (let i = 0; i < this.size; i++) {
      const gradient = this.#gradients[i]! * gradientScale;
      squares[i] = alpha * squares[i]! + (1 - alpha) * gradient * gradient;
      this.#parameters[i]! -= (learningRate * gradient) / Math.sqrt(squares[i]! + epsilon);
    }
  }

  adam(step: AdamStep): number {
    const norm = this.gradientNorm();
    const { rate, beta1, beta2, root, epsilon, scale } = adamCoefficients(step, ++this.#steps, norm);
    const first = this.#moments.subarray(0, this.size);
    const second = this.#moments.subarray(this.size);
    for (let i = 0; i < this.size; i++) {
      const gradient = this.#gradients[i]! * scale;
      first[i] = beta1 * first[i]! + (1 - beta1) * gradient;
      second[i] = beta2 * second[i]! + (1 - beta2) * gradient * gradient;
      this.#parameters[i]! -= (rate * first[i]!) / (Math.sqrt(second[i]!) * root + epsilon);
    }
    return norm;
  }

  lerpFrom(source: Network, tau: number): void {
    assertSameWidths(this.layers, source.layers, 'lerpFrom');
    const other = new Float32Array(this.size);
    source.readParameters(other);
    for (let i = 0; i < this.size; i++) this.#parameters[i]! += tau * (other[i]! - this.#parameters[i]!);
  }

  readParameters(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readParameters');
    out.set(this.#parameters);
  }

  writeParameters(parameters: Float32Array): void {
    assertLength(parameters, this.size, 'parameters', 'writeParameters');
    this.#parameters.set(parameters);
  }

  readGradients(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readGradients');
    out.set(this.#gradients);
  }

  readAdam(moments: Float32Array): number {
    assertLength(moments, 2 * this.size, 'moments', 'readAdam');
    moments.set(this.#moments);
    return this.#steps;
  }

  writeAdam(moments: Float32Array, steps: number): void {
    assertLength(moments, 2 * this.size, 'moments', 'writeAdam');
    this.#moments.set(moments);
    this.#steps = steps;
  }

  [Symbol.dispose](): void {}

  #reserve(rows: number): void {
    if (this.#input.length < rows * this.inputs || this.#z.length === 0) {
      this.#input = new Float32Array(rows * this.inputs);
      this.#z = this.layers.map((layer) => new Float32Array(rows * layer.outputs));
      this.#h = this.layers.map((layer) => new Float32Array(rows * layer.outputs));
    }
    this.#rows = rows;
  }
}

/** `z = x·W + b`. */
function affine(x: Float32Array, layer: DenseLayer, rows: number, z: Float32Array): void {
  const { inputs, outputs, weight, bias } = layer;
  const sum = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    sum.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i]!;
      for (let o = 0; o < outputs; o++) sum[o]! += value * weight[i * outputs + o]!;
    }
    z.set(sum, row * outputs);
  }
}

/** `∂L/∂x = δ·Wᵀ`. */
function inputGradient(delta: Float32Array, layer: DenseLayer, rows: number, dX: Float32Array): void {
  const { inputs, outputs, weight } = layer;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let o = 0; o < outputs; o++) sum += delta[row * outputs + o]! * weight[i * outputs + o]!;
      dX[row * inputs + i] = sum;
    }
  }
}

/** `∂L/∂W = xᵀ·δ`, `∂L/∂b = Σ_rows δ`. */
function parameterGradient(x: Float32Array, delta: Float32Array, layer: DenseLayer, rows: number): void {
  const { inputs, outputs, weightGradient, biasGradient } = layer;
  const sum = new Float64Array(outputs);
  for (let i = 0; i <= inputs; i++) {
    sum.fill(0);
    for (let row = 0; row < rows; row++) {
      const value = i === inputs ? 1 : x[row * inputs + i]!;
      for (let o = 0; o < outputs; o++) sum[o]! += value * delta[row * outputs + o]!;
    }
    if (i === inputs) biasGradient.set(sum);
    else weightGradient.set(sum, i * outputs);
  }
}
