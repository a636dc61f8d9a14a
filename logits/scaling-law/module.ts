import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { ShapeError, StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { LogitModel, LogitModule } from '../contract.ts';
import { argMax } from '../row.ts';
import { certaintyOf } from './certainty.ts';
import type { Certainty } from './certainty.ts';
import { logitsOf } from './response.ts';
import { trainClassifier } from './train.ts';
import type { Labelled, TrainOptions } from './train.ts';

/** The network that is trained, with ReLU; and how. `entropy` is λ. */
export interface SharpenedOptions extends TrainOptions {
  /** Inputs, hidden widths, classes. */
  readonly widths: readonly number[];
}

/** Mean loss of each network over the end of its training. */
interface SharpenedFit {
  readonly loss: number;
  readonly plainLoss: number;
}

interface Twins {
  readonly sharpened: Network;
  readonly plain: Network;
}

/** What the penalty did, on rows of one's choice: beside its twin, trained without it from the same weights in the same batches. */
export interface SharpenedReport {
  readonly sharpened: Certainty & { readonly accuracy: number };
  readonly plain: Certainty & { readonly accuracy: number };
}

/**
 * Entropy regularisation as a logit module of strength λ: a classifier trained on `CE(z, y) + λ H(softmax z)` is put in the place of what it
 * wraps. At strength 0 that training is plain training, and the model stays what it was.
 *
 * Source: arXiv 1711.02846; specs/logit-methods.md 2.2, 7.1.
 */
export class Sharpened implements LogitModule<Tensor, Labelled, SharpenedFit, SharpenedReport> {
  readonly id = 'intriguing';
  readonly #tf: Tensorflow;
  readonly #options: SharpenedOptions;
  #networks: Twins | undefined;

  constructor(tf: Tensorflow, options: SharpenedOptions) {
    this.#tf = tf;
    this.#options = options;
  }

  /** λ. */
  get strength(): number {
    return this.#options.entropy ?? 0;
  }

  async fit(data: Labelled, rng: Rng): Promise<SharpenedFit> {
    this[Symbol.dispose]();
    const { widths } = this.#options;
    const fresh = (): Network => {
      const network = createNetwork(mlp(widths, 'relu'));
      initialise(network, rng.split('initialise'), { kind: 'orthogonal', outputGain: 1 });
      return network;
    };
    const networks = { sharpened: fresh(), plain: fresh() };
    this.#networks = networks;
    const { entropy: _, ...plainly } = this.#options;
    return {
      loss: await trainClassifier(networks.sharpened, data, this.#options, rng.split('batches')),
      plainLoss: await trainClassifier(networks.plain, data, plainly, rng.split('batches')),
    };
  }

  /** @throws {ShapeError} for a model of other alternatives; {StateError} when it is asked before `fit`. */
  wrap(base: LogitModel<Tensor>): LogitModel<Tensor> {
    const classes = this.#options.widths.at(-1)!;
    if (base.k !== classes)
      throw new ShapeError(`entropy regularisation: the model has ${base.k} alternatives, expected ${classes}`);
    if (this.strength === 0) return base;
    const { sharpened } = this.#fitted();
    return { k: classes, logits: (x) => tensorLogits(this.#tf, sharpened, x as Tensor2D) };
  }

  async report({ x, labels }: Labelled): Promise<SharpenedReport> {
    const of = async (network: Network): Promise<SharpenedReport['plain']> => {
      const z = await logitsOf(network, x);
      const k = network.outputs;
      const right = labels.filter((label, row) => argMax(z, row * k, k) === label).length;
      return { accuracy: right / labels.length, ...(await certaintyOf(network, x)) };
    };
    const { sharpened, plain } = this.#fitted();
    return { sharpened: await of(sharpened), plain: await of(plain) };
  }

  [Symbol.dispose](): void {
    this.#networks?.sharpened[Symbol.dispose]();
    this.#networks?.plain[Symbol.dispose]();
    this.#networks = undefined;
  }

  #fitted(): Twins {
    if (this.#networks === undefined)
      throw new StateError('entropy regularisation: asked before it was fitted; call fit first');
    return this.#networks;
  }
}

/** Logits [B×K] of a network with ReLU, of x [B×D], as differentiable tensors. */
function tensorLogits(tf: Tensorflow, network: Network, x: Tensor2D): Tensor2D {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  return tf.tidy(() => {
    let at = 0;
    const take = (count: number): Float32Array => parameters.slice(at, (at += count));
    return network.layers.reduce((h: Tensor2D, { inputs, outputs, activation }) => {
      const weight = tf.tensor2d(take(inputs * outputs), [inputs, outputs]);
      const z = h.matMul<Tensor2D>(weight).add<Tensor2D>(tf.tensor1d(take(outputs)));
      return activation === 'relu' ? z.relu() : z;
    }, x);
  });
}
