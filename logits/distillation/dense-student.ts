import type { Tensor2D } from '@tensorflow/tfjs';
import { assertLength, ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { Student } from './student.ts';

/** Widths of a student of dense layers with ReLU. */
export interface DenseShape {
  /** I, then the layers of the backbone; the last is D. */
  readonly backbone: readonly number[];
  /** K. */
  readonly classes: number;
  /** Hidden layers of the auxiliary head, for a teacher of another architecture; absent: it is linear. */
  readonly auxiliary?: readonly number[];
  /** How weights are drawn; absent: all as PyTorch draws them. */
  readonly drawn?: { readonly backbone: Drawn; readonly heads: Drawn };
}

/** He's for ReLU, or PyTorch's of a linear layer. The released code has the first in convolutions and the second in heads. */
export type Drawn = 'kaiming' | 'torch-linear';

/** A student of dense layers on the own kernel. */
export interface DenseStudent extends Student {
  /** Backbone and main head as they are, changing as the student learns: what an attack reads. The student's, not to be disposed. */
  readonly network: Pick<Network, 'inputs' | 'outputs' | 'forward' | 'backwardInput'>;
  /** What remains for use: backbone and main head as one network, the caller's to dispose. */
  deployed(): Network;
}

/**
 * The published non-linear auxiliary head also has dropout and a batch norm, which the kernel has not.
 * @throws {ShapeError} when there is no backbone, or a width is not a positive integer.
 */
export function denseStudent({ backbone, classes, auxiliary = [], drawn }: DenseShape, rng: Rng): DenseStudent {
  if (backbone.length < 2)
    throw new ShapeError(`denseStudent: backbone is [${backbone.join(', ')}], expected its inputs and a layer or more`);
  const width = backbone.at(-1)!;
  const trunk = mlp(backbone, 'relu', 'relu');
  const parts = {
    backbone: createNetwork(trunk),
    main: createNetwork(mlp([width, classes], 'relu')),
    auxiliary: createNetwork(mlp([width, ...auxiliary, classes], 'relu')),
  };
  for (const [name, network] of Object.entries(parts)) {
    const kind = drawn?.[name === 'backbone' ? 'backbone' : 'heads'] ?? 'torch-linear';
    initialise(network, rng.split(name), { kind });
  }
  return new KernelStudent(parts);
}

interface Parts {
  readonly backbone: Network;
  readonly main: Network;
  readonly auxiliary: Network;
}

class KernelStudent implements DenseStudent {
  readonly inputs: number;
  readonly classes: number;
  readonly width: number;
  readonly size: number;
  readonly spans: Student['spans'];
  readonly network: DenseStudent['network'];
  readonly #parts: Parts;
  /** [rows×D]: h, and its slopes from either head. */
  #h = new Float32Array(0);
  #dMain = new Float32Array(0);
  #dAuxiliary = new Float32Array(0);

  constructor(parts: Parts) {
    const { backbone, main, auxiliary } = parts;
    this.#parts = parts;
    this.inputs = backbone.inputs;
    this.width = backbone.outputs;
    this.classes = main.outputs;
    const heads = backbone.size + main.size;
    this.size = heads + auxiliary.size;
    this.spans = { backbone: [0, backbone.size], main: [backbone.size, heads], auxiliary: [heads, this.size] };
    this.network = {
      inputs: backbone.inputs,
      outputs: main.outputs,
      forward: (x, rows, out) => {
        this.#reserve(rows);
        backbone.forward(x, rows, this.#h);
        main.forward(this.#h, rows, out);
      },
      backwardInput: (dOut, rows, dX) => {
        main.backwardInput(dOut, rows, this.#dMain);
        backbone.backwardInput(this.#dMain, rows, dX);
      },
    };
  }

  forward(x: Float32Array, rows: number, main: Float32Array, auxiliary?: Float32Array): Promise<void> {
    this.network.forward(x, rows, main);
    if (auxiliary !== undefined) this.#parts.auxiliary.forward(this.#h, rows, auxiliary);
    return Promise.resolve();
  }

  pullback(
    dMain: Float32Array | null,
    dAuxiliary: Float32Array | null,
    rows: number,
    out: Float32Array,
  ): Promise<void> {
    assertLength(out, this.size, 'out', 'pullback');
    this.#reserve(rows);
    const { backbone, main, auxiliary } = this.#parts;
    this.#head(main, dMain, rows, this.#dMain, out.subarray(...this.spans.main));
    this.#head(auxiliary, dAuxiliary, rows, this.#dAuxiliary, out.subarray(...this.spans.auxiliary));
    for (let i = 0; i < rows * this.width; i++) this.#dMain[i]! += this.#dAuxiliary[i]!;
    backbone.backward(this.#dMain, rows);
    backbone.readGradients(out.subarray(...this.spans.backbone));
    return Promise.resolve();
  }

  features(x: Float32Array, rows: number, out: Float32Array): Promise<void> {
    this.#parts.backbone.forward(x, rows, out);
    return Promise.resolve();
  }

  logits(tf: Tensorflow, x: Tensor2D): Tensor2D {
    const all = new Float32Array(this.size);
    this.readParameters(all);
    return tf.tidy(() => {
      let from = 0;
      const take = (count: number): Float32Array => all.subarray(from, (from += count));
      const layers = [...this.#parts.backbone.layers, ...this.#parts.main.layers];
      return layers.reduce((h: Tensor2D, { inputs, outputs, activation }) => {
        const weight = tf.tensor2d(take(inputs * outputs), [inputs, outputs]);
        const z = h.matMul<Tensor2D>(weight).add<Tensor2D>(tf.tensor1d(take(outputs)));
        return activation === 'relu' ? z.relu() : z;
      }, x);
    });
  }

  readParameters(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readParameters');
    for (const part of partNames) this.#parts[part].readParameters(out.subarray(...this.spans[part]));
  }

  writeParameters(parameters: Float32Array): void {
    assertLength(parameters, this.size, 'parameters', 'writeParameters');
    for (const part of partNames) this.#parts[part].writeParameters(parameters.subarray(...this.spans[part]));
  }

  deployed(): Network {
    const { backbone, main } = this.#parts;
    const network = createNetwork([...backbone.layers, ...main.layers]);
    const all = new Float32Array(this.size);
    this.readParameters(all);
    network.writeParameters(all.subarray(0, network.size));
    return network;
  }

  [Symbol.dispose](): void {
    for (const part of partNames) this.#parts[part][Symbol.dispose]();
  }

  /** One head backwards: its own gradient into `own`, that of the features into `dH`; zeros where the loss does not reach it. */
  #head(head: Network, slope: Float32Array | null, rows: number, dH: Float32Array, own: Float32Array): void {
    if (slope === null) {
      dH.fill(0);
      own.fill(0);
      return;
    }
    head.backward(slope, rows, dH);
    head.readGradients(own);
  }

  #reserve(rows: number): void {
    if (this.#h.length >= rows * this.width) return;
    this.#h = new Float32Array(rows * this.width);
    this.#dMain = new Float32Array(rows * this.width);
    this.#dAuxiliary = new Float32Array(rows * this.width);
  }
}

const partNames = ['backbone', 'main', 'auxiliary'] as const;
