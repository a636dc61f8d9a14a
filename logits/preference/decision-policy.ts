import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../nn/create-network.ts';
import type { Network } from '../../nn/network.ts';
import { crossEntropy } from '../cross-entropy.ts';
import type { Answer, AnswerLoss, Descent, ResponsePolicy } from './policy.ts';

/** T decisions and what they were made on. One decision is a contextual bandit's; 24 are a day's schedule. */
export interface Decisions {
  /** [T×O] */
  readonly observations: Float32Array;
  /** [T], below K */
  readonly actions: Int32Array;
}

/**
 * Draws actions from a policy's logits. @param observations [rows×O] @param rng a stream for each row, which then does not depend on the others
 * @returns [rows]
 */
export type Chooser = (observations: Float32Array, rng: readonly Rng[]) => Int32Array;

/** Lets a policy respond D times to each prompt: what lies between its decisions is the world's. @returns [N][D] */
export type Rollout<X, Y extends Decisions> = (
  prompts: readonly X[],
  responses: number,
  choose: Chooser,
  rng: Rng,
) => Y[][];

/** The rollout of a problem without consequences: the prompt is what is observed, the response one action. */
export const oneDecision: Rollout<Float32Array, Decisions> = (prompts, responses, choose, rng) => {
  const size = prompts[0]?.length ?? 0;
  const rows = prompts.length * responses;
  const x = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) x.set(prompts[Math.floor(row / responses)]!, row * size);
  const actions = choose(
    x,
    Array.from({ length: rows }, (_, row) => rng.split(row)),
  );
  return prompts.map((prompt, n) =>
    Array.from({ length: responses }, (_, d) => ({
      observations: prompt,
      actions: actions.subarray(n * responses + d, n * responses + d + 1),
    })),
  );
};

/**
 * A network on the own kernel that gives the logits of K actions; `ln π(y|x) = Σ_t ln π(a_t|s_t)`. All responses are as long as each other.
 * The loss is made of tensors, as everywhere; its slope at ln π is pulled back by the row form of cross-entropy and the kernel.
 */
export class DecisionPolicy<X, Y extends Decisions = Decisions> implements ResponsePolicy<X, Y> {
  readonly network: Network;
  readonly #tf: Tensorflow;
  readonly #rollout: Rollout<X, Y>;

  /** @param network its own from now on */
  constructor(tf: Tensorflow, network: Network, rollout: Rollout<X, Y>) {
    this.network = network;
    this.#tf = tf;
    this.#rollout = rollout;
  }

  /** K */
  get k(): number {
    return this.network.outputs;
  }

  sample(prompts: readonly X[], responses: number, rng: Rng): Promise<Y[][]> {
    return Promise.resolve(this.#rollout(prompts, responses, (x, streams) => this.#choose(x, streams), rng));
  }

  logProbs(answers: readonly Answer<X, Y>[]): Promise<Float32Array> {
    const out = new Float32Array(answers.length);
    for (let from = 0; from < answers.length; from += chunk)
      out.set(this.#forward(answers.slice(from, from + chunk)).logProb, from);
    return Promise.resolve(out);
  }

  descent(learningRate: number): Descent<X, Y> {
    this.network.writeAdam(new Float32Array(2 * this.network.size), 0);
    return {
      step: (answers, loss) => this.#step(answers, loss, learningRate),
      [Symbol.dispose]: () => undefined,
    };
  }

  copy(): DecisionPolicy<X, Y> {
    const network = createNetwork(this.network.layers);
    network.writeParameters(this.parameters());
    return new DecisionPolicy(this.#tf, network, this.#rollout);
  }

  /** θ, as `Network.writeParameters` takes it. */
  parameters(): Float32Array {
    const parameters = new Float32Array(this.network.size);
    this.network.readParameters(parameters);
    return parameters;
  }

  /** z [B×K] by tensor operations, differentiable by the observations [B×O]; the caller owns them. */
  logits(x: Tensor): Tensor2D {
    const tf = this.#tf;
    const all = this.parameters();
    return tf.tidy(() => {
      let from = 0;
      const take = (count: number): Float32Array => all.slice(from, (from += count));
      return this.network.layers.reduce((h: Tensor2D, { inputs, outputs, activation }) => {
        const z = h
          .matMul<Tensor2D>(tf.tensor2d(take(inputs * outputs), [inputs, outputs]))
          .add<Tensor2D>(tf.tensor1d(take(outputs)));
        if (activation === 'linear') return z;
        if (activation === 'tanh') return z.tanh();
        if (activation === 'relu') return z.relu();
        throw new ShapeError(`preference: a layer with activation ${activation}, expected linear, tanh or relu`);
      }, x as Tensor2D);
    });
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
  }

  async #step(answers: readonly Answer<X, Y>[], loss: AnswerLoss, learningRate: number): Promise<number> {
    const tf = this.#tf;
    const { logProb, slopes, rows } = this.#forward(answers);
    const { value, grad } = tf.tidy(() => tf.valueAndGrad((lp: Tensor) => loss(lp as Tensor1D))(tf.tensor1d(logProb)));
    const [slope, before] = await Promise.all([grad.data(), (value as Scalar).data()]);
    tf.dispose([value, grad]);
    const width = slopes.length / answers.length;
    for (let n = 0; n < answers.length; n++)
      for (let at = n * width; at < (n + 1) * width; at++) slopes[at]! *= -slope[n]!;
    this.network.backward(slopes, rows);
    this.network.adam({ learningRate });
    return before[0]!;
  }

  /** ln π [B], and `∂(−ln π)/∂z = softmax(z) − e_a` [B·T×K]. */
  #forward(answers: readonly Answer<X, Y>[]): {
    readonly logProb: Float32Array;
    readonly slopes: Float32Array;
    readonly rows: number;
  } {
    const steps = answers[0]!.y.actions.length;
    const { inputs, outputs: k } = this.network;
    const rows = answers.length * steps;
    const x = new Float32Array(rows * inputs);
    for (const [n, { y }] of answers.entries()) {
      if (y.actions.length !== steps || y.observations.length !== steps * inputs)
        throw new ShapeError(
          `preference: a response of ${y.actions.length} actions on ${y.observations.length} values, expected ${steps} on ${steps}×${inputs}`,
        );
      x.set(y.observations, n * steps * inputs);
    }
    const z = new Float32Array(rows * k);
    const slopes = new Float32Array(rows * k);
    this.network.forward(x, rows, z);
    const logProb = Float32Array.from(answers, ({ y }, n) => {
      let sum = 0;
      for (let t = 0; t < steps; t++) sum -= crossEntropy(z, (n * steps + t) * k, k, y.actions[t]!, slopes);
      return sum;
    });
    return { logProb, slopes, rows };
  }

  #choose(x: Float32Array, streams: readonly Rng[]): Int32Array {
    const k = this.network.outputs;
    const z = new Float32Array(streams.length * k);
    this.network.forward(x, streams.length, z);
    return Int32Array.from(streams, (rng, row) => drawn(z.subarray(row * k, (row + 1) * k), rng));
  }
}

/** Answers that are read at once. */
const chunk = 4096;

/** An index from softmax(z), by inversion. */
function drawn(z: Float32Array, rng: Rng): number {
  const max = z.reduce((most, value) => Math.max(most, value), -Infinity);
  let total = 0;
  for (const value of z) total += Math.exp(value - max);
  let left = rng.uniform() * total;
  for (let k = 0; k < z.length; k++) if ((left -= Math.exp(z[k]! - max)) < 0) return k;
  return z.length - 1;
}
