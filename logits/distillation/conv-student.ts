import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { assertLength, ShapeError, StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { Drawn } from './dense-student.ts';
import type { Span, Student } from './student.ts';

/** A small convolutional net: 3×3 convolutions with ReLU, each followed by 2×2 max pooling, then one dense layer, then the heads. */
export interface ConvShape {
  /** Images of side × side, one channel, row by row. */
  readonly side: number;
  /** Channels of each convolution. */
  readonly filters: readonly number[];
  /** D. */
  readonly width: number;
  /** K. */
  readonly classes: number;
  /** Hidden units of the auxiliary head, for a teacher of another architecture (200 as published); absent: it is linear. */
  readonly auxiliary?: number;
  /** How weights are drawn; absent: all as PyTorch draws them. */
  readonly drawn?: { readonly backbone: Drawn; readonly heads: Drawn };
}

/** One array of parameters, by its shape; the last dimension is that of the outputs. */
interface Block {
  readonly part: 'backbone' | 'main' | 'auxiliary';
  /** Of a batch norm: gains begin at 1 and shifts at 0. */
  readonly norm?: 'gain' | 'shift';
  readonly shape: readonly number[];
  readonly span: Span;
}

/**
 * A convolutional student on TensorFlow.js.
 * @throws {ShapeError} when pooling leaves no pixel.
 */
export function convStudent(tf: Tensorflow, shape: ConvShape, rng: Rng): Student {
  const { side, filters, width, classes, drawn } = shape;
  if (Math.floor(side / 2 ** filters.length) < 1)
    throw new ShapeError(`convStudent: ${filters.length} poolings of ${side} pixels leave none`);
  const blocks = blocksOf(shape);
  const student = new ConvStudent(tf, blocks, { inputs: side * side, side, width, classes }, rng.split('dropout'));
  const parameters = new Float32Array(student.size);
  let inputs = 1;
  for (const [index, { part, norm, shape, span }] of blocks.entries()) {
    if (norm !== undefined) {
      parameters.fill(norm === 'gain' ? 1 : 0, ...span);
      continue;
    }
    const stream = rng.split(index);
    const isWeight = shape.length > 1;
    if (isWeight) inputs = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    const kaiming = drawn?.[part === 'backbone' ? 'backbone' : 'heads'] === 'kaiming';
    for (let i = span[0]; i < span[1]; i++)
      if (!kaiming) parameters[i] = (2 * stream.uniform() - 1) / Math.sqrt(inputs);
      else if (isWeight) parameters[i] = Math.sqrt(2 / inputs) * stream.normal();
  }
  student.writeParameters(parameters);
  return student;
}

function blocksOf({ side, filters, width, classes, auxiliary }: ConvShape): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  const push = (part: Block['part'], shape: readonly number[], norm?: Block['norm']): void => {
    const to = from + shape.reduce((product, n) => product * n, 1);
    blocks.push({ part, shape, span: [from, to], ...(norm !== undefined && { norm }) });
    from = to;
  };
  const add = (part: Block['part'], ...shape: readonly number[]): void => push(part, shape);
  let channels = 1;
  let pixels = side;
  for (const next of filters) {
    add('backbone', 3, 3, channels, next);
    add('backbone', next);
    channels = next;
    pixels = Math.floor(pixels / 2);
  }
  add('backbone', pixels * pixels * channels, width);
  add('backbone', width);
  const dense = (part: Block['part'], inputs: number, outputs: number): void => {
    add(part, inputs, outputs);
    add(part, outputs);
  };
  dense('main', width, classes);
  if (auxiliary !== undefined) {
    dense('auxiliary', width, auxiliary);
    push('auxiliary', [auxiliary], 'gain');
    push('auxiliary', [auxiliary], 'shift');
  }
  dense('auxiliary', auxiliary ?? width, classes);
  return blocks;
}

class ConvStudent implements Student {
  readonly inputs: number;
  readonly classes: number;
  readonly width: number;
  readonly size: number;
  readonly spans: Student['spans'];
  readonly #tf: Tensorflow;
  readonly #side: number;
  readonly #blocks: readonly Block[];
  readonly #parameters: Float32Array;
  /** In the order of the blocks. */
  #tensors: Tensor[] = [];
  /** Input of the last forward [rows×side×side×1], which the pull-back computes again from, and its dropout [rows×hidden]. */
  #input: Tensor4D | undefined;
  #kept: Tensor2D | undefined;
  readonly #dropout: Rng;

  constructor(
    tf: Tensorflow,
    blocks: readonly Block[],
    sizes: { readonly inputs: number; readonly side: number; readonly width: number; readonly classes: number },
    dropout: Rng,
  ) {
    this.#dropout = dropout;
    this.#tf = tf;
    this.#blocks = blocks;
    this.#side = sizes.side;
    this.inputs = sizes.inputs;
    this.width = sizes.width;
    this.classes = sizes.classes;
    const spanOf = (part: Block['part']): Span => {
      const own = blocks.filter((block) => block.part === part);
      return [own[0]!.span[0], own.at(-1)!.span[1]];
    };
    this.spans = { backbone: spanOf('backbone'), main: spanOf('main'), auxiliary: spanOf('auxiliary') };
    this.size = this.spans.auxiliary[1];
    this.#parameters = new Float32Array(this.size);
  }

  async forward(
    x: Float32Array,
    rows: number,
    main: Float32Array,
    auxiliary?: Float32Array,
    training = false,
  ): Promise<void> {
    this.#show(x, rows);
    if (auxiliary !== undefined) this.#drop(training ? rows : 0);
    const outputs = this.#tf.tidy(() => {
      const h = this.#trunk(this.#of('backbone'));
      return auxiliary === undefined
        ? [this.#head(h, this.#of('main'))]
        : [this.#head(h, this.#of('main')), this.#second(h, this.#of('auxiliary'))];
    });
    main.set(await outputs[0]!.data());
    if (auxiliary !== undefined) auxiliary.set(await outputs[1]!.data());
    this.#tf.dispose(outputs);
  }

  async pullback(
    dMain: Float32Array | null,
    dAuxiliary: Float32Array | null,
    rows: number,
    out: Float32Array,
  ): Promise<void> {
    assertLength(out, this.size, 'out', 'pullback');
    if (this.#input?.shape[0] !== rows)
      throw new StateError(`pullback: got ${rows} rows, expected the ${this.#input?.shape[0] ?? 0} of forward`);
    const tf = this.#tf;
    const heads = [
      { part: 'main', slope: dMain },
      { part: 'auxiliary', slope: dAuxiliary },
    ] as const;
    const reached = this.#blocks
      .map((block, index) => ({ block, tensor: this.#tensors[index]! }))
      .filter(
        ({ block }) => block.part === 'backbone' || heads.some(({ part, slope }) => part === block.part && slope),
      );
    const product = (...at: Tensor[]): Tensor => {
      const own = (part: Block['part']): Tensor[] => at.filter((_, index) => reached[index]!.block.part === part);
      const h = this.#trunk(own('backbone'));
      return tf.addN(
        heads.flatMap(({ part, slope }) =>
          slope === null
            ? []
            : [
                (part === 'main' ? this.#head(h, own(part)) : this.#second(h, own(part)))
                  .mul(tf.tensor2d(slope, [rows, this.classes]))
                  .sum(),
              ],
        ),
      );
    };
    const gradients = tf.tidy(() => tf.grads(product)(reached.map(({ tensor }) => tensor)));
    out.fill(0);
    for (const [index, gradient] of gradients.entries()) out.set(await gradient.data(), reached[index]!.block.span[0]);
    tf.dispose(gradients);
  }

  async features(x: Float32Array, rows: number, out: Float32Array): Promise<void> {
    this.#show(x, rows);
    const h = this.#tf.tidy(() => this.#trunk(this.#of('backbone')));
    out.set(await h.data());
    h.dispose();
  }

  logits(_tf: Tensorflow, x: Tensor2D): Tensor2D {
    return this.#tf.tidy(() => {
      const side = this.#side;
      const h = this.#trunk(this.#of('backbone'), x.reshape([x.shape[0], side, side, 1]));
      return this.#head(h, this.#of('main'));
    });
  }

  readParameters(out: Float32Array): void {
    assertLength(out, this.size, 'out', 'readParameters');
    out.set(this.#parameters);
  }

  writeParameters(parameters: Float32Array): void {
    assertLength(parameters, this.size, 'parameters', 'writeParameters');
    this.#parameters.set(parameters);
    this.#tf.dispose(this.#tensors);
    this.#tensors = this.#blocks.map(({ shape, span }) => this.#tf.tensor(parameters.slice(...span), [...shape]));
  }

  [Symbol.dispose](): void {
    this.#tf.dispose(this.#tensors);
    this.#input?.dispose();
    this.#kept?.dispose();
    this.#tensors = [];
    this.#input = undefined;
    this.#kept = undefined;
  }

  #show(x: Float32Array, rows: number): void {
    this.#input?.dispose();
    const side = this.#side;
    this.#input = this.#tf.tensor4d(x.subarray(0, rows * this.inputs), [rows, side, side, 1]);
  }

  #of(part: Block['part']): Tensor[] {
    return this.#tensors.filter((_, index) => this.#blocks[index]!.part === part);
  }

  /** h; of the last input where none is given. */
  #trunk(parameters: readonly Tensor[], input: Tensor4D = this.#input!): Tensor2D {
    let x = input;
    for (let i = 0; i + 2 < parameters.length; i += 2)
      x = x
        .conv2d(parameters[i]! as Tensor4D, 1, 'same')
        .add(parameters[i + 1]!)
        .relu<Tensor4D>()
        .maxPool(2, 2, 'valid');
    const flat = x.reshape([x.shape[0], -1]) as Tensor2D;
    return this.#head(flat, parameters.slice(-2)).relu();
  }

  #head(h: Tensor2D, [weight, bias]: readonly Tensor[]): Tensor2D {
    return h.matMul(weight! as Tensor2D).add(bias!);
  }

  /** z': linear, or Linear, Dropout, BatchNorm, ReLU, Linear, in the published order. The batch norm is always that of the batch. */
  #second(h: Tensor2D, parameters: readonly Tensor[]): Tensor2D {
    if (parameters.length === 2) return this.#head(h, parameters);
    const [gain, shift] = parameters.slice(2, 4) as [Tensor, Tensor];
    const hidden = this.#head(h, parameters);
    const x = this.#kept === undefined ? hidden : hidden.mul<Tensor2D>(this.#kept);
    const mean = x.mean(0);
    const variance = x.sub(mean).square().mean(0);
    const normal = x.sub(mean).div(variance.add(1e-5).sqrt());
    return this.#head(normal.mul(gain).add<Tensor2D>(shift).relu(), parameters.slice(4));
  }

  /** Draws which hidden units of the auxiliary head are kept, for so many rows; of 0 rows all are. */
  #drop(rows: number): void {
    this.#kept?.dispose();
    this.#kept = undefined;
    const own = this.#blocks.filter(({ part }) => part === 'auxiliary');
    if (rows === 0 || own.length === 2) return;
    const shape: [number, number] = [rows, own[0]!.shape[1]!];
    const kept = Float32Array.from({ length: shape[0] * shape[1] }, () =>
      this.#dropout.uniform() < dropped ? 0 : 1 / (1 - dropped),
    );
    this.#kept = this.#tf.tensor2d(kept, shape);
  }
}

/** Rate of the dropout in the auxiliary head, as published. */
const dropped = 0.1;
