import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import { assertLength } from '../../core/errors.ts';
import { adamCoefficients } from '../adam.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';
import type { Parameters } from './parameters.ts';

export interface AdamOptions {
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  /** Largest global norm of a gradient: 0, any. */
  readonly maxGradientNorm?: number | undefined;
  /** λ of `θ ← θ − α·λ·θ` for matrices, not for biases and gains: 0. */
  readonly weightDecay?: number | undefined;
}

/** What Adam has to remember: the moments [P] and how many steps were made. */
export interface AdamMemory {
  readonly step: number;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/**
 * Adam on one vector of all weights: a dozen kernels a step however many weights there are, without a read from the device.
 * Sources: Kingma and Ba (2015), algorithm 1; Loshchilov and Hutter (2019), "Decoupled Weight Decay Regularization", algorithm 2.
 */
export class FlatAdam implements Disposable {
  readonly #tf: Tensorflow;
  readonly #parameters: Parameters;
  readonly #options: AdamOptions;
  readonly #decayed: Tensor1D | undefined;
  #theta: Tensor1D;
  #mean: Tensor1D;
  #square: Tensor1D;
  #step = 0;

  constructor(tf: Tensorflow, parameters: Parameters, options: AdamOptions) {
    this.#tf = tf;
    this.#parameters = parameters;
    this.#options = options;
    this.#decayed =
      (options.weightDecay ?? 0) === 0
        ? undefined
        : tf.tidy(() =>
            tf.concat(parameters.tensors.map(({ rank, size }) => (rank > 1 ? tf.ones([size]) : tf.zeros([size])))),
          );
    this.#theta = parameters.flat();
    this.#mean = tf.zeros([parameters.size]);
    this.#square = tf.zeros([parameters.size]);
  }

  /**
   * One step, which replaces the weights.
   * @param gradients one for each weight, in order
   * @returns the gradient's norm before it was clipped; the caller owns it
   */
  step(gradients: readonly Tensor[], learningRate: number): Scalar {
    const tf = this.#tf;
    const { maxGradientNorm = 0, weightDecay = 0 } = this.#options;
    const { rate, beta1, beta2, root, epsilon } = adamCoefficients(
      definedOnly({ ...this.#options, maxGradientNorm: 0, learningRate }),
      ++this.#step,
      0,
    );
    const [theta, mean, square, norm] = tf.tidy(() => {
      const raw = tf.concat(gradients.map((gradient) => gradient.flatten()));
      const rawNorm: Tensor = raw.square().sum().sqrt();
      const clip = maxGradientNorm > 0 ? tf.minimum(tf.scalar(maxGradientNorm).div(rawNorm.add(1e-6)), 1) : undefined;
      const g: Tensor = clip === undefined ? raw : raw.mul(clip);
      const m: Tensor = this.#mean.mul(beta1).add(g.mul(1 - beta1));
      const v: Tensor = this.#square.mul(beta2).add(g.square().mul(1 - beta2));
      const moved = this.#theta.sub(m.mul(rate).div(v.sqrt().mul(root).add(epsilon)));
      const decay = this.#decayed?.mul(this.#theta).mul(learningRate * weightDecay);
      return [decay === undefined ? moved : moved.sub(decay), m, v, rawNorm];
    }) as [Tensor1D, Tensor1D, Tensor1D, Scalar];
    tf.dispose([this.#theta, this.#mean, this.#square]);
    [this.#theta, this.#mean, this.#square] = [theta, mean, square];
    this.#parameters.assign(theta);
    return norm;
  }

  async read(): Promise<AdamMemory> {
    const [mean, square] = (await Promise.all([this.#mean.data(), this.#square.data()])) as [
      Float32Array,
      Float32Array,
    ];
    return { step: this.#step, mean: mean.slice(), square: square.slice() };
  }

  /** Goes on from what was read, and from the weights as they are now. */
  write({ step, mean, square }: AdamMemory): void {
    assertLength(mean, this.#parameters.size, 'mean', 'adam');
    assertLength(square, this.#parameters.size, 'square', 'adam');
    this.#tf.dispose([this.#theta, this.#mean, this.#square]);
    this.#theta = this.#parameters.flat();
    this.#mean = this.#tf.tensor1d(mean.slice());
    this.#square = this.#tf.tensor1d(square.slice());
    this.#step = step;
  }

  [Symbol.dispose](): void {
    this.#tf.dispose([this.#theta, this.#mean, this.#square]);
    this.#decayed?.dispose();
  }
}

/** Options that were not given take `adamCoefficients`'s defaults. */
function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
