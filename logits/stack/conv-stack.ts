import type { Scalar, Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { assertLength, ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { ConvShape } from '../distillation/conv-student.ts';

/** Logits of every member, z [G×B×K] of the main head and z' [G×B×K] of the auxiliary one, which is absent where nobody reads it. */
export interface StackLogits {
  readonly main: Tensor3D;
  readonly auxiliary?: Tensor3D;
}

/** A loss summed over the members, and which heads it reads. */
export interface StackLoss {
  readonly main: boolean;
  readonly auxiliary: boolean;
  value(logits: StackLogits): Tensor;
}

/** One step of `sgd` for all members. */
export interface StackStep {
  /** Of each member, [G×1]. */
  readonly rates: Tensor2D;
  readonly momentum: number;
  readonly weightDecay: number;
  /** With two losses: the second without its part against the first (`projectConflict`, scope `all`), member by member. */
  readonly align: boolean;
}

type Part = 'backbone' | 'main' | 'auxiliary';

/** One array of parameters of every member [G×inputs×outputs], a bias with one input; `from` is its place in a member's row. */
interface Block {
  readonly part: Part;
  readonly inputs: number;
  readonly outputs: number;
  readonly from: number;
  /** A convolution's rows are the taps of a channel together; `convStudent` has the channels of a tap together. */
  readonly channels?: number;
}

const taps = 9;

/**
 * Many convolutional nets of one shape, those of `convStudent`, trained at once: one operation computes a layer of all of them, since on a
 * GPU the number of operations is what costs. A convolution is its patches, taken by a depthwise convolution with fixed taps, times the
 * weights of each member. The parameters are one matrix [G×P], so that a step of the optimiser is a few operations too.
 *
 * Rows come in groups: member g sees those of group g mod S. G members, S groups, B rows a group.
 */
export class ConvStack implements Disposable {
  readonly members: number;
  readonly classes: number;
  readonly #tf: Tensorflow;
  readonly #shape: ConvShape;
  readonly #blocks: readonly Block[];
  readonly #size: number;
  /** One-hot taps [3×3×C×9] by the number of channels. */
  readonly #taps = new Map<number, Tensor4D>();
  #theta: Tensor2D;
  #velocity: Tensor2D;
  #weights: Tensor3D[];

  /** @param parameters of each member, as `Student.readParameters` gives them @throws {ShapeError} when they do not fit the shape. */
  constructor(tf: Tensorflow, shape: ConvShape, parameters: readonly Float32Array[]) {
    this.#tf = tf;
    this.#shape = shape;
    this.members = parameters.length;
    this.classes = shape.classes;
    this.#blocks = blocksOf(shape);
    const last = this.#blocks.at(-1)!;
    this.#size = last.from + last.inputs * last.outputs;
    const rows = new Float32Array(this.members * this.#size);
    for (const [g, own] of parameters.entries()) {
      assertLength(own, this.#size, `parameters of member ${g}`, 'ConvStack');
      rows.set(this.#reordered(own, 'in'), g * this.#size);
    }
    for (const { channels } of this.#blocks)
      if (channels !== undefined) this.#taps.set(channels, tapFilter(tf, channels));
    this.#theta = tf.tensor2d(rows, [this.members, this.#size]);
    this.#velocity = tf.zeros([this.members, this.#size]);
    this.#weights = this.#views();
  }

  /** z of the main heads [G×B×K]. @param x [S×B×I], or [G×B×I] with rows of each member's own; the caller owns the result */
  logits(x: Tensor3D): Tensor3D {
    return this.#tf.tidy(() => this.#logits(x, this.#weights, false).main);
  }

  /** `∂(Σ slope∘z)/∂x` of the main head. @param x [G×B×I]  @param slope [G×B×K]  @returns [G×B×I], the caller's */
  inputGradient(x: Tensor3D, slope: Tensor3D): Tensor3D {
    const tf = this.#tf;
    return tf.tidy(() =>
      tf.grad((at: Tensor) =>
        this.#logits(at as Tensor3D, this.#weights, false)
          .main.mul(slope)
          .sum(),
      )(x),
    ) as Tensor3D;
  }

  /**
   * One step of every member down the losses.
   * @param x [S×B×I]  @returns the sum of the losses; the caller's
   */
  step(x: Tensor3D, losses: readonly StackLoss[], { rates, momentum, weightDecay, align }: StackStep): Scalar {
    const tf = this.#tf;
    const { theta, velocity, loss } = tf.tidy(() => {
      const parts = losses.map((loss) => this.#gradient(x, loss));
      const [first, ...others] = parts.map(({ gradient }) => gradient);
      const g = others.reduce(
        (sum: Tensor, other): Tensor => sum.add(align ? this.#project(first!, other) : other),
        first!,
      );
      const v = this.#velocity.mul(momentum).add(g).add(this.#theta.mul(weightDecay)) as Tensor2D;
      return {
        theta: this.#theta.sub(v.mul(rates)) as Tensor2D,
        velocity: v,
        loss: tf.addN(parts.map(({ value }) => value)) as Scalar,
      };
    });
    tf.dispose([this.#theta, this.#velocity, ...this.#weights]);
    this.#theta = tf.keep(theta); // whatever scope the caller is in
    this.#velocity = tf.keep(velocity);
    this.#weights = this.#views().map((view) => tf.keep(view));
    return loss;
  }

  /** Parameters of each member, in the order of `convStudent`. */
  async read(): Promise<Float32Array[]> {
    const rows = (await this.#theta.data()) as Float32Array;
    return Array.from({ length: this.members }, (_, g) =>
      this.#reordered(rows.subarray(g * this.#size, (g + 1) * this.#size), 'out'),
    );
  }

  [Symbol.dispose](): void {
    this.#tf.dispose([this.#theta, this.#velocity, ...this.#weights, ...this.#taps.values()]);
  }

  /** Gradient by all parameters [G×P]; 0 where the loss does not reach. */
  #gradient(x: Tensor3D, loss: StackLoss): { readonly gradient: Tensor; readonly value: Tensor } {
    const tf = this.#tf;
    const reached = this.#blocks.map(({ part }) => part === 'backbone' || loss[part]);
    const inputs = this.#weights.filter((_, at) => reached[at]);
    const { value, grads } = tf.valueAndGrads((...given: Tensor[]) => {
      let next = 0;
      const all = this.#weights.map((weight, at) => (reached[at] ? (given[next++]! as Tensor3D) : weight));
      return loss.value(this.#logits(x, all, loss.auxiliary)).asScalar();
    })(inputs);
    let next = 0;
    const columns = this.#blocks.map(({ inputs, outputs }, at) =>
      reached[at]
        ? grads[next++]!.reshape<Tensor2D>([this.members, inputs * outputs])
        : (tf.zeros([this.members, inputs * outputs]) as Tensor2D),
    );
    return { gradient: tf.concat2d(columns, 1), value };
  }

  /** `g − (g·r/‖r‖²) r` where g·r < 0, row by row. */
  #project(reference: Tensor, gradient: Tensor): Tensor {
    const tf = this.#tf;
    const dot = reference.mul(gradient).sum(1, true);
    const squared = reference.square().sum(1, true);
    const opposed = dot.less(0).logicalAnd(squared.greater(0));
    const share = tf.where(opposed, dot.div(squared), tf.zerosLike(dot));
    return gradient.sub(reference.mul(share));
  }

  #views(): Tensor3D[] {
    return this.#tf.tidy(() =>
      this.#blocks.map(({ inputs, outputs, from }) =>
        this.#theta
          .slice([0, from], [this.members, inputs * outputs])
          .reshape<Tensor3D>([this.members, inputs, outputs]),
      ),
    );
  }

  #logits(x: Tensor3D, weights: readonly Tensor3D[], both: boolean): StackLogits {
    const { side, filters } = this.#shape;
    const [groups, rows] = x.shape;
    const each = this.members / groups;
    if (!Number.isInteger(each))
      throw new ShapeError(`ConvStack: ${groups} groups of rows for ${this.members} members, expected a divisor`);
    const spread = each === 1 ? x : x.tile([each, 1, 1]);
    let image = spread.reshape<Tensor4D>([this.members * rows, side, side, 1]);
    let at = 0;
    const dense = (h: Tensor3D): Tensor3D => h.matMul(weights[at++]!).add(weights[at++]!) as Tensor3D;
    for (const next of filters) {
      const [, height, width, channels] = image.shape;
      const patches = image.depthwiseConv2d<Tensor4D>(this.#taps.get(channels)!, 1, 'same');
      const h = dense(patches.reshape([this.members, rows * height * width, taps * channels])).relu();
      image = h.reshape<Tensor4D>([this.members * rows, height, width, next]).maxPool(2, 2, 'valid');
    }
    const h = dense(image.reshape([this.members, rows, -1])).relu<Tensor3D>();
    const main = dense(h);
    return both ? { main, auxiliary: dense(h) } : { main };
  }

  /** A member's row of parameters from `convStudent`'s order, or back to it. */
  #reordered(row: Float32Array, direction: 'in' | 'out'): Float32Array {
    const out = row.slice();
    for (const { channels, outputs, from } of this.#blocks) {
      if (channels === undefined) continue;
      for (let tap = 0; tap < taps; tap++)
        for (let c = 0; c < channels; c++) {
          const [theirs, ours] = [from + (tap * channels + c) * outputs, from + (c * taps + tap) * outputs];
          const [source, target] = direction === 'in' ? [theirs, ours] : [ours, theirs];
          out.set(row.subarray(source, source + outputs), target);
        }
    }
    return out;
  }
}

function blocksOf({ side, filters, width, classes }: ConvShape): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  const add = (part: Part, inputs: number, outputs: number, channels?: number): void => {
    blocks.push({ part, inputs, outputs, from, ...(channels === undefined ? {} : { channels }) });
    blocks.push({ part, inputs: 1, outputs, from: from + inputs * outputs });
    from += (inputs + 1) * outputs;
  };
  let channels = 1;
  let pixels = side;
  for (const next of filters) {
    add('backbone', taps * channels, next, channels);
    channels = next;
    pixels = Math.floor(pixels / 2);
  }
  add('backbone', pixels * pixels * channels, width);
  for (const head of ['main', 'auxiliary'] as const) add(head, width, classes);
  return blocks;
}

/** [3×3×C×9], 1 where the ninth is the tap's own. */
function tapFilter(tf: Tensorflow, channels: number): Tensor4D {
  const values = new Float32Array(taps * channels * taps);
  for (let tap = 0; tap < taps; tap++) for (let c = 0; c < channels; c++) values[(tap * channels + c) * taps + tap] = 1;
  return tf.tensor4d(values, [3, 3, channels, taps]);
}
