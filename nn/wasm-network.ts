import { assertLength, StateError } from '../core/errors.ts';
import type { LayerSpec } from '../core/policy.ts';
import { adamCoefficients } from './adam.ts';
import { DenseStack } from './kernel/dense-stack.ts';
import { kernel } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { packParameters, unpackParameters } from './kernel/padded-layer.ts';
import type { PaddedLayer } from './kernel/padded-layer.ts';
import { assertBatch, assertSameWidths, parameterCount } from './layers.ts';
import type { AdamStep, Network, RmspropStep } from './network.ts';
import { rmspropCoefficients } from './rmsprop.ts';

/**
 * The fast network: WASM SIMD, float32 throughout, the same bits on every machine, for every split of the rows and for every
 * number of threads (`kernelThreads`). Its memory is outside the garbage collector: dispose it.
 * @throws {ShapeError} when the layers do not fit together.
 * @throws {BackendError} without WebAssembly SIMD, or without memory.
 */
export function wasmNetwork(layers: readonly LayerSpec[]): Network {
  return new WasmNetwork(layers);
}

class WasmNetwork implements Network {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly #kernel: Kernel;
  readonly #padded: readonly PaddedLayer[];
  /** Length of a padded parameter block in floats. */
  readonly #block: number;
  readonly #stack: DenseStack;
  readonly #owned: { readonly address: number; readonly count: number }[] = [];
  /** Addresses of blocks: weights, and those that a victim never needs and so come late (0: not yet). */
  readonly #parameters: number;
  #transposed = 0;
  #gradients = 0;
  #moments = 0;
  /** Of the held gradients, once somebody asked. */
  #norm: number | undefined;
  #transposedIsStale = true;
  /** False once a parameter may be infinite or NaN: products with 0 then count. */
  #finite = true;
  #rows = 0;
  #steps = 0;
  #disposed = false;

  constructor(layers: readonly LayerSpec[]) {
    this.size = parameterCount(layers);
    this.layers = layers;
    this.inputs = layers[0]!.inputs;
    this.outputs = layers.at(-1)!.outputs;
    this.#kernel = kernel();
    this.#stack = new DenseStack(this.#kernel, layers);
    this.#padded = this.#stack.layers;
    this.#block = this.#stack.size;
    this.#parameters = this.#own(this.#block);
  }

  forward(x: Float32Array, rows: number, out: Float32Array): void {
    assertBatch(x, rows, this.inputs, 'x', 'forward');
    assertBatch(out, rows, this.outputs, 'out', 'forward');
    this.#assertAlive('forward');
    this.#rows = 0; // there is nothing to go back over until it is done
    this.#stack.forward({ address: this.#parameters, finite: this.#finite }, x, rows, out);
    this.#rows = rows;
  }

  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void {
    this.#backward('backwardInput', dOut, rows, false, dX);
  }

  backward(dOut: Float32Array, rows: number, dX?: Float32Array): void {
    this.#backward('backward', dOut, rows, true, dX);
  }

  #backward(where: string, dOut: Float32Array, rows: number, weights: boolean, dX: Float32Array | undefined): void {
    assertBatch(dOut, rows, this.outputs, 'dOut', where);
    if (dX !== undefined) assertBatch(dX, rows, this.inputs, 'dX', where);
    this.#assertAlive(where);
    if (rows !== this.#rows) throw new StateError(`${where}: got ${rows} rows, expected the ${this.#rows} of forward`);
    this.#refreshTransposed();
    if (weights) this.#clearGradients();
    const transposed = { address: this.#transposed, finite: this.#finite };
    this.#stack.backward(transposed, weights ? this.#gradients : undefined, dOut, rows, dX);
  }

  adam(step: AdamStep): number {
    this.#prepareStep('adam');
    const norm = this.gradientNorm();
    const { rate, beta1, beta2, root, epsilon, scale } = adamCoefficients(step, this.#steps + 1, norm);
    const second = this.#moments + this.#block * 4;
    this.#stack.byParts((calls, at, count) =>
      calls.adam(
        this.#parameters + at,
        this.#gradients + at,
        this.#moments + at,
        second + at,
        count,
        rate,
        beta1,
        beta2,
        1 - beta1,
        1 - beta2,
        root,
        epsilon,
        scale,
      ),
    );
    this.#steps++;
    this.#transposedIsStale = true;
    this.#finite &&= Number.isFinite(norm) && Number.isFinite(Math.fround(rate)) && Number.isFinite(root);
    return norm;
  }

  rmsprop(step: RmspropStep): void {
    const { learningRate, alpha, epsilon, gradientScale } = rmspropCoefficients(step);
    this.#prepareStep('rmsprop');
    const squares = this.#moments + this.#block * 4;
    if (this.#steps === 0) this.#kernel.heap.floats.fill(1, squares / 4, squares / 4 + this.#block);
    this.#kernel.rmsprop(
      this.#parameters,
      this.#gradients,
      squares,
      this.#block,
      learningRate,
      alpha,
      1 - alpha,
      epsilon,
      gradientScale,
    );
    this.#steps++;
    this.#transposedIsStale = true;
    this.#finite = this.#parametersAreFinite();
  }

  gradientNorm(): number {
    this.#assertAlive('gradientNorm');
    if (this.#gradients === 0) return 0;
    this.#norm ??= Math.sqrt(this.#kernel.sumSquares(this.#gradients, this.#block));
    return this.#norm;
  }

  lerpFrom(source: Network, tau: number): void {
    this.#assertAlive('lerpFrom');
    assertSameWidths(this.layers, source.layers, 'lerpFrom');
    if (source instanceof WasmNetwork) {
      source.#assertAlive('lerpFrom');
      this.#kernel.lerp(this.#parameters, source.#parameters, this.#block, tau);
      this.#finite &&= source.#finite && Number.isFinite(tau);
      this.#transposedIsStale = true;
      return;
    }
    const mine = new Float32Array(this.size);
    const theirs = new Float32Array(this.size);
    this.readParameters(mine);
    source.readParameters(theirs);
    for (let i = 0; i < this.size; i++) mine[i]! += tau * (theirs[i]! - mine[i]!);
    this.writeParameters(mine);
  }

  readParameters(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readParameters');
    this.#assertAlive('readParameters');
    unpackParameters(this.#padded, this.#kernel.heap.floats, this.#parameters / 4, out);
  }

  writeParameters(parameters: Float32Array): void {
    assertLength(parameters, this.size, 'parameters', 'writeParameters');
    this.#assertAlive('writeParameters');
    packParameters(this.#padded, parameters, this.#kernel.heap.floats, this.#parameters / 4);
    this.#finite = this.#parametersAreFinite();
    this.#transposedIsStale = true;
  }

  readGradients(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readGradients');
    this.#assertAlive('readGradients');
    if (this.#gradients === 0) out.fill(0);
    else unpackParameters(this.#padded, this.#kernel.heap.floats, this.#gradients / 4, out);
  }

  readAdam(moments: Float32Array): number {
    assertLength(moments, 2 * this.size, 'moments', 'readAdam');
    this.#assertAlive('readAdam');
    this.#holdMoments();
    const at = this.#moments / 4;
    const { floats } = this.#kernel.heap;
    unpackParameters(this.#padded, floats, at, moments.subarray(0, this.size));
    unpackParameters(this.#padded, floats, at + this.#block, moments.subarray(this.size));
    return this.#steps;
  }

  writeAdam(moments: Float32Array, steps: number): void {
    assertLength(moments, 2 * this.size, 'moments', 'writeAdam');
    this.#assertAlive('writeAdam');
    this.#holdMoments();
    const at = this.#moments / 4;
    const { floats } = this.#kernel.heap;
    packParameters(this.#padded, moments.subarray(0, this.size), floats, at);
    packParameters(this.#padded, moments.subarray(this.size), floats, at + this.#block);
    this.#steps = steps;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#stack.release();
    for (const { address, count } of this.#owned) this.#kernel.heap.release(address, count);
  }

  #own(count: number): number {
    const address = this.#kernel.heap.allocate(count);
    this.#owned.push({ address, count });
    return address;
  }

  #assertAlive(where: string): void {
    if (this.#disposed) throw new StateError(`${where}: the network has been disposed`);
  }

  /** What an optimiser's step needs: gradients, and room for moments. */
  #prepareStep(where: string): void {
    this.#assertAlive(where);
    if (this.#gradients === 0) throw new StateError(`${where}: no gradients are held, call backward first`);
    this.#holdMoments();
  }

  #holdMoments(): void {
    if (this.#moments === 0) this.#moments = this.#own(2 * this.#block);
  }

  /** A sum of squares of float32 numbers in float64 is finite exactly if they are. */
  #parametersAreFinite(): boolean {
    return Number.isFinite(this.#kernel.sumSquares(this.#parameters, this.#block));
  }

  #clearGradients(): void {
    if (this.#gradients === 0) this.#gradients = this.#own(this.#block);
    this.#kernel.clear(this.#gradients, this.#block);
    this.#norm = undefined;
  }

  /** Wᵀ is recomputed only after the weights changed: an attack asks thousands of gradients of the same ones. */
  #refreshTransposed(): void {
    if (!this.#transposedIsStale) return;
    if (this.#transposed === 0) this.#transposed = this.#own(this.#block);
    this.#stack.transpose(this.#parameters, this.#transposed);
    this.#transposedIsStale = false;
  }
}
