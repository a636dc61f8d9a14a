import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { pairDiff } from '../tensor/implicit-reward.ts';
import { dpoLoss } from '../tensor/pair-loss.ts';
import type { Annotator } from './annotator.ts';

/** Two responses to one prompt, the first of which was preferred. */
export interface Vote<X, Y> {
  readonly x: X;
  readonly preferred: Y;
  readonly other: Y;
}

export interface RewardTraining {
  readonly hidden: readonly number[];
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
}

const usual: RewardTraining = { hidden: [64], steps: 600, batch: 128, learningRate: 3e-3 };

/**
 * A learned annotator: a network r̂(x, y) of the largest likelihood `Σ ln σ(r̂(x, y₊) − r̂(x, y₋))` of votes, as Bradley and Terry's model has
 * it. Its noise is that of the votes it learned from.
 *
 * Source: Christiano et al. (2017), "Deep Reinforcement Learning from Human Preferences", section 2.2.3.
 */
export class RewardModel<X, Y> implements Annotator<X, Y>, Disposable {
  readonly #features: (x: X, y: Y) => ArrayLike<number>;
  readonly #network: Network;

  private constructor(network: Network, features: (x: X, y: Y) => ArrayLike<number>) {
    this.#network = network;
    this.#features = features;
  }

  /**
   * @param features what the network sees of a response, as many values for each
   * @throws {ConfigError} without votes.
   */
  static async fit<X, Y>(
    tf: Tensorflow,
    votes: readonly Vote<X, Y>[],
    features: (x: X, y: Y) => ArrayLike<number>,
    rng: Rng,
    training: Partial<RewardTraining> = {},
  ): Promise<RewardModel<X, Y>> {
    const [first] = votes;
    if (first === undefined) throw new ConfigError('reward model: no votes to learn from, expected at least one');
    const { hidden, steps, batch, learningRate } = { ...usual, ...training };
    const inputs = features(first.x, first.preferred).length;
    const network = createNetwork(mlp([inputs, ...hidden, 1], 'tanh'));
    initialise(network, rng.split('network'), { kind: 'torch-linear' });
    const model = new RewardModel(network, features);
    const size = Math.min(batch, votes.length);
    const order = Int32Array.from({ length: votes.length }, (_, n) => n);
    let at = order.length;
    for (let step = 0; step < steps; step++) {
      if (at + size > order.length) {
        shuffle(order, rng.split(step));
        at = 0;
      }
      const chosen = [...order.subarray(at, (at += size))].map((n) => votes[n]!);
      const x = model.#rows([
        ...chosen.map(({ x, preferred }) => ({ x, y: preferred })),
        ...chosen.map(({ x, other }) => ({ x, y: other })),
      ]);
      const r = new Float32Array(2 * size);
      network.forward(x, 2 * size, r);
      const slope = tf.tidy(() => tf.grad((rewards: Tensor) => likelihood(tf, rewards, size))(tf.tensor1d(r)));
      network.backward((await slope.data()) as Float32Array, 2 * size);
      slope.dispose();
      network.adam({ learningRate });
    }
    return model;
  }

  utilities(x: X, responses: readonly Y[]): Float32Array {
    const r = new Float32Array(responses.length);
    this.#network.forward(this.#rows(responses.map((y) => ({ x, y }))), responses.length, r);
    return r;
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }

  #rows(answers: readonly { readonly x: X; readonly y: Y }[]): Float32Array {
    const { inputs } = this.#network;
    const rows = new Float32Array(answers.length * inputs);
    for (const [row, { x, y }] of answers.entries()) rows.set(this.#features(x, y), row * inputs);
    return rows;
  }
}

/** The first half of the rewards was preferred to the second. */
function likelihood(tf: Tensorflow, rewards: Tensor, pairs: number): Scalar {
  const preferred = tf.range(0, pairs, 1, 'int32') as Tensor1D;
  const other = tf.range(pairs, 2 * pairs, 1, 'int32') as Tensor1D;
  return dpoLoss(tf, pairDiff(tf, rewards, preferred, other)) as Scalar;
}
