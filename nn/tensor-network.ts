import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { assertLength, StateError } from '../core/errors.ts';
import type { Activation, LayerSpec } from '../core/policy.ts';
import { maxRows } from './backend.ts';
import type { Tensorflow } from './backend/tensorflow.ts';
import { assertBatch, parameterCount } from './layers.ts';
import { op } from './op.ts';

/**
 * A dense network on TensorFlow.js, for large batches on a GPU; `wasmNetwork` is its fast sibling everywhere else. Asynchronous, since
 * WebGPU can be read in no other way. Derivatives are chained by hand: a gradient of three layers is 17 kernels instead of the tape's 43.
 *
 * Shapes: I inputs, K outputs; matrices row-major. Rows are tiled, so that no tensor outgrows what a device binds.
 */
export interface TensorNetwork extends Disposable {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  /** In the order of `Network.readParameters`. */
  writeParameters(parameters: Float32Array): void;
  /** @param x [rows×I]  @param out [rows×K] */
  forward(x: Float32Array, rows: number, out: Float32Array): Promise<void>;
  /**
   * Outputs, and the input gradient of what `slope` makes of them.
   * @param slope fills [tile×K] ∂L/∂outputs from the outputs of rows `row … row+count`  @param dX [rows×I]
   */
  gradient(x: Float32Array, rows: number, slope: Slope, dX: Float32Array): Promise<void>;
  /** Parameter gradients of `Σ dOut ∘ outputs` [size], in the order of the parameters. */
  parameterGradient(x: Float32Array, dOut: Float32Array, rows: number, gradient: Float32Array): Promise<void>;
}

export type Slope = (outputs: Float32Array, row: number, count: number, dOut: Float32Array) => void;

/** Bytes of the largest tensor, where the device sets no smaller limit: half of what lavapipe binds at once (specs/compute.md 2). */
const largestTensor = 2 ** 26;

/**
 * @param maxTensorBytes what the backend says that it computes rightly (`BackendAbilities`)
 * @throws {ShapeError} when the layers do not fit together.
 */
export function tensorNetwork(
  tf: Tensorflow,
  layers: readonly LayerSpec[],
  maxTensorBytes: number | undefined = largestTensor,
): TensorNetwork {
  return new DenseTensors(tf, layers, Math.min(maxTensorBytes, largestTensor));
}

/** Weights of one layer, [I×O] and [O]. */
type Parameters = readonly [weight: Tensor2D, bias: Tensor1D];

class DenseTensors implements TensorNetwork {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  readonly size: number;
  readonly #tf: Tensorflow;
  readonly #tile: number;
  #parameters: readonly Parameters[] = [];
  #disposed = false;

  constructor(tf: Tensorflow, layers: readonly LayerSpec[], maxTensorBytes: number) {
    this.size = parameterCount(layers);
    this.layers = layers;
    this.inputs = layers[0]!.inputs;
    this.outputs = layers.at(-1)!.outputs;
    this.#tf = tf;
    const widest = Math.max(this.inputs, ...layers.map((layer) => layer.outputs));
    this.#tile = Math.max(1, maxRows({ maxTensorBytes }, widest));
    this.writeParameters(new Float32Array(this.size));
  }

  writeParameters(parameters: Float32Array): void {
    assertLength(parameters, this.size, 'parameters', 'writeParameters');
    this.#assertAlive('writeParameters');
    this.#free();
    let at = 0;
    const take = (count: number): Float32Array => parameters.slice(at, (at += count));
    this.#parameters = this.layers.map(({ inputs, outputs }) => [
      this.#tf.tensor2d(take(inputs * outputs), [inputs, outputs]),
      this.#tf.tensor1d(take(outputs)),
    ]);
  }

  async forward(x: Float32Array, rows: number, out: Float32Array): Promise<void> {
    assertBatch(x, rows, this.inputs, 'x', 'forward');
    assertBatch(out, rows, this.outputs, 'out', 'forward');
    this.#assertAlive('forward');
    for (const [row, count] of this.#tiles(rows)) {
      await owning(async (keep) => {
        const input = keep(this.#rows(x, row, count, this.inputs));
        const states = forwardLayers(this.#tf, input, this.#parameters, this.layers, keep);
        out.set((await states.at(-1)!.h.data()) as Float32Array, row * this.outputs);
      });
    }
  }

  async gradient(x: Float32Array, rows: number, slope: Slope, dX: Float32Array): Promise<void> {
    assertBatch(x, rows, this.inputs, 'x', 'gradient');
    assertBatch(dX, rows, this.inputs, 'dX', 'gradient');
    this.#assertAlive('gradient');
    for (const [row, count] of this.#tiles(rows)) {
      await owning(async (keep) => {
        const input = keep(this.#rows(x, row, count, this.inputs));
        const states = forwardLayers(this.#tf, input, this.#parameters, this.layers, keep);
        const dOut = new Float32Array(count * this.outputs);
        slope((await states.at(-1)!.h.data()) as Float32Array, row, count, dOut);
        const upper = keep(this.#tf.tensor2d(dOut, [count, this.outputs]));
        const result = keep(inputGradient(this.#tf, upper, states, this.#parameters, this.layers));
        dX.set((await result.data()) as Float32Array, row * this.inputs);
      });
    }
  }

  async parameterGradient(x: Float32Array, dOut: Float32Array, rows: number, gradient: Float32Array): Promise<void> {
    assertBatch(x, rows, this.inputs, 'x', 'parameterGradient');
    assertBatch(dOut, rows, this.outputs, 'dOut', 'parameterGradient');
    assertLength(gradient, this.size, 'gradient', 'parameterGradient');
    this.#assertAlive('parameterGradient');
    gradient.fill(0);
    for (const [row, count] of this.#tiles(rows)) {
      await owning(async (keep) => {
        const input = keep(this.#rows(x, row, count, this.inputs));
        const upper = keep(this.#rows(dOut, row, count, this.outputs));
        const states = forwardLayers(this.#tf, input, this.#parameters, this.layers, keep);
        const parts = parameterGradients(this.#tf, input, upper, states, this.#parameters, this.layers).map(keep);
        let at = 0;
        for (const part of parts) for (const value of (await part.data()) as Float32Array) gradient[at++]! += value;
      });
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#free();
  }

  #free(): void {
    for (const pair of this.#parameters) for (const tensor of pair) tensor.dispose();
    this.#parameters = [];
  }

  #assertAlive(where: string): void {
    if (this.#disposed) throw new StateError(`${where}: the network has been disposed`);
  }

  *#tiles(rows: number): Generator<readonly [row: number, count: number]> {
    for (let row = 0; row < rows; row += this.#tile) yield [row, Math.min(this.#tile, rows - row)];
  }

  #rows(from: Float32Array, row: number, count: number, width: number): Tensor2D {
    return this.#tf.tensor2d(from.slice(row * width, (row + count) * width), [count, width]);
  }
}

type Keep = <T extends Tensor>(tensor: T) => T;

/** Tensors that live over the reads of a pass, freed at its end, also when a slope, a read or the device fails on the way. */
async function owning(pass: (keep: Keep) => Promise<void>): Promise<void> {
  const owned: Tensor[] = [];
  try {
    await pass((tensor) => {
      owned.push(tensor);
      return tensor;
    });
  } finally {
    for (const tensor of owned) tensor.dispose();
  }
}

/** What a layer leaves for the way back: its value, and its slope where that cannot be told from the value. */
interface LayerState {
  readonly h: Tensor2D;
  readonly slope: Tensor2D | undefined;
}

/** `hₗ = φ(hₗ₋₁·Wₗ + bₗ)` for every layer. */
function forwardLayers(
  tf: Tensorflow,
  x: Tensor2D,
  parameters: readonly Parameters[],
  layers: readonly LayerSpec[],
  keep: Keep,
): readonly LayerState[] {
  const states: LayerState[] = [];
  let below = x;
  for (const [l, { activation }] of layers.entries()) {
    const [weight, bias] = parameters[l]!;
    const { h, slope } = denseForward(tf, below, weight, bias, activation) as { h: Tensor2D; slope?: Tensor2D };
    states.push({ h: keep(h), slope: slope && keep(slope) });
    below = h;
  }
  return states;
}

const denseForward = op('denseForward', (tf, x: Tensor2D, weight: Tensor2D, bias, activation: Activation) => {
  const fused = (name: 'linear' | 'relu' | 'elu'): Tensor2D =>
    tf.fused.matMul({ a: x, b: weight, bias, activation: name }) as Tensor2D;
  if (activation === 'linear' || activation === 'relu' || activation === 'elu') return { h: fused(activation) };
  const z = fused('linear');
  if (activation === 'tanh') return { h: z.tanh() };
  // silu: σ·(1 + z·(1 − σ))
  const sigmoid = z.sigmoid();
  const slope = sigmoid.mul(tf.onesLike(z).add(z.mul(tf.onesLike(z).sub(sigmoid))));
  return { h: z.mul(sigmoid), slope };
}) as (
  tf: Tensorflow,
  x: Tensor2D,
  weight: Tensor2D,
  bias: Parameters[1],
  activation: Activation,
) => { readonly h: Tensor2D; readonly slope?: Tensor2D };

/** `δ = dH ∘ φ'`. */
const chain = op('chain', (tf, dH: Tensor2D, h: Tensor2D, slope: Tensor2D | undefined, activation: Activation) => {
  if (activation === 'linear') return dH;
  if (activation === 'relu') return dH.mul(h.step());
  if (activation === 'tanh') return dH.mul(tf.onesLike(h).sub(h.square()));
  if (activation === 'silu') return dH.mul(slope!);
  // elu: 1 above 0, h + 1 below
  return dH.mul(h.minimum(tf.zerosLike(h)).add(tf.onesLike(h)));
}) as (tf: Tensorflow, dH: Tensor2D, h: Tensor2D, slope: Tensor2D | undefined, activation: Activation) => Tensor2D;

/** `∂L/∂x` by `δₗ = ∂L/∂hₗ ∘ φ'`, `∂L/∂hₗ₋₁ = δₗ·Wₗᵀ`. */
const inputGradient = op(
  'inputGradient',
  (
    tf,
    dOut: Tensor2D,
    states: readonly LayerState[],
    parameters: readonly Parameters[],
    layers: readonly LayerSpec[],
  ) => {
    let upper = dOut;
    for (let l = layers.length - 1; l >= 0; l--) {
      const { h, slope } = states[l]!;
      upper = tf.matMul(chain(tf, upper, h, slope, layers[l]!.activation), parameters[l]![0], false, true);
    }
    return upper;
  },
);

/** `∂L/∂Wₗ = hₗ₋₁ᵀ·δₗ`, `∂L/∂bₗ = Σ_rows δₗ`, in the order of the parameters. */
const parameterGradients = op(
  'parameterGradients',
  (
    tf,
    x: Tensor2D,
    dOut: Tensor2D,
    states: readonly LayerState[],
    parameters: readonly Parameters[],
    layers: readonly LayerSpec[],
  ) => {
    const gradients: Tensor[] = [];
    let upper = dOut;
    for (let l = layers.length - 1; l >= 0; l--) {
      const { h, slope } = states[l]!;
      const delta = chain(tf, upper, h, slope, layers[l]!.activation);
      gradients.unshift(tf.matMul(l === 0 ? x : states[l - 1]!.h, delta, true, false), delta.sum(0));
      if (l > 0) upper = tf.matMul(delta, parameters[l]![0], false, true);
    }
    return gradients;
  },
);
