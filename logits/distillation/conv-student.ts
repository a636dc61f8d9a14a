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
  /** How weights are drawn; absent: all as PyTorch draws them. */
  readonly drawn?: { readonly backbone: Drawn; readonly heads: Drawn };
}

/** One array of parameters, by its shape; the last dimension is that of the outputs. */
interface Block {
  readonly part: 'backbone' | 'main' | 'auxiliary';
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
  const student = new ConvStudent(tf, blocks, { inputs: side * side, side, width, classes });
  const parameters = new Float32Array(student.size);
  let inputs = 1;
  for (const [index, { part, shape, span }] of blocks.entries()) {
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

function blocksOf({ side, filters, width, classes }: ConvShape): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  const add = (part: Block['part'], ...shape: readonly number[]): void => {
    const to = from + shape.reduce((product, n) => product * n, 1);
    blocks.push({ part, shape, span: [from, to] });
    from = to;
  };
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
  for (const head of ['main', 'auxiliary'] as const) {
    add(head, width, classes);
    add(head, classes);
  }
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
  /** Input of the last forward [rows×side×side×1], which the pull-back computes again from. */
  #input: Tensor4D | undefined;

  constructor(
    tf: Tensorflow,
    blocks: readonly Block[],
    sizes: { readonly inputs: number; readonly side: number; readonly width: number; readonly classes: number },
  ) {
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

  async forward(x: Float32Array, rows: number, main: Float32Array, auxiliary?: Float32Array): Promise<void> {
    this.#show(x, rows);
    const outputs = this.#tf.tidy(() => {
      const h = this.#trunk(this.#of('backbone'));
      return auxiliary === undefined
        ? [this.#head(h, this.#of('main'))]
        : [this.#head(h, this.#of('main')), this.#head(h, this.#of('auxiliary'))];
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
                this.#head(h, own(part))
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
    this.#tensors = [];
    this.#input = undefined;
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
}
