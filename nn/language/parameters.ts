import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { assertLength, ShapeError, StateError } from '../../core/errors.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Named weights on the device. All of them are also one vector [P], in order: what an optimiser updates in a few kernels. */
export class Parameters implements Disposable {
  readonly shapes: readonly NamedShape[];
  /** P */
  readonly size: number;
  readonly #tf: Tensorflow;
  readonly #sizes: readonly number[];
  #tensors = new Map<string, Tensor>();
  #disposed = false;

  /** @param tensors one for each shape; owned by this from now on */
  constructor(tf: Tensorflow, shapes: readonly NamedShape[], tensors: readonly Tensor[]) {
    this.shapes = shapes;
    this.#sizes = shapes.map(({ shape }) => sizeOf(shape));
    this.size = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#tf = tf;
    this.#replace(tensors);
  }

  /** @param values [P] in the order of the shapes */
  static of(tf: Tensorflow, shapes: readonly NamedShape[], values: Float32Array): Parameters {
    return new Parameters(tf, shapes, parts(tf, shapes, values));
  }

  /** In order; owned by this, and replaced by `assign` and `write`. */
  get tensors(): readonly Tensor[] {
    return [...this.#tensors.values()];
  }

  /** @throws {StateError} after they were disposed. @throws {ShapeError} when there is none of that name. */
  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (this.#disposed) throw new StateError(`parameters: '${name}' was asked for after they were disposed`);
    if (tensor === undefined) throw new ShapeError(`parameters: there is no '${name}'`);
    return tensor;
  }

  matrix(name: string): Tensor2D {
    return this.get(name) as Tensor2D;
  }

  vector(name: string): Tensor1D {
    return this.get(name) as Tensor1D;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** All of them as one vector [P]; the caller owns it. */
  flat(): Tensor1D {
    return this.#tf.tidy(() => this.#tf.concat(this.tensors.map((tensor) => tensor.flatten())));
  }

  /** Takes the values of a vector [P], which stays the caller's. */
  assign(vector: Tensor1D): void {
    if (vector.size !== this.size)
      throw new ShapeError(`parameters: a vector of ${vector.size} values, expected ${this.size}`);
    const parts = this.#tf.tidy(() =>
      this.#tf.split(vector, [...this.#sizes]).map((part, i) => part.reshape([...this.shapes[i]!.shape])),
    );
    this.#replace(parts);
  }

  /** @param values [P] in the order of the shapes */
  write(values: Float32Array): void {
    this.#replace(parts(this.#tf, this.shapes, values));
  }

  /** [P] */
  async read(): Promise<Float32Array> {
    const vector = this.flat();
    try {
      return (await vector.data()) as Float32Array;
    } finally {
      vector.dispose();
    }
  }

  /** The weights of these names, in tensors that share their memory but live on their own. */
  share(shapes: readonly NamedShape[]): Parameters {
    return new Parameters(
      this.#tf,
      shapes,
      shapes.map(({ name }) => this.get(name).clone()),
    );
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors = new Map();
    this.#disposed = true;
  }

  #replace(tensors: readonly Tensor[]): void {
    if (this.#disposed) throw new StateError('parameters: written after they were disposed');
    for (const tensor of this.#tensors.values()) tensor.dispose();
    // A caller's scope must not free them.
    this.#tensors = new Map(this.shapes.map(({ name }, i) => [name, this.#tf.keep(tensors[i]!)]));
  }
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function parts(tf: Tensorflow, shapes: readonly NamedShape[], values: Float32Array): Tensor[] {
  const size = shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertLength(values, size, 'values', 'parameters');
  let at = 0;
  return shapes.map(({ shape }) => tf.tensor(values.slice(at, (at += sizeOf(shape))), [...shape]));
}
