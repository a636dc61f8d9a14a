import type { Scalar, Tensor1D } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';

/** A response y to a prompt x, whatever they are: an action to a state, a schedule to a day, a sentence to its beginning. */
export interface Answer<X, Y> {
  readonly x: X;
  readonly y: Y;
}

/** A number of `ln π(y|x)` [B] that is to be made less. */
export type AnswerLoss = (logProb: Tensor1D) => Scalar;

/** What gives log-probabilities of responses: all that the method knows of a policy. */
export interface ResponsePolicy<X, Y> extends Disposable {
  /** D responses to each prompt, drawn from π(·|x). @returns [N][D] */
  sample(prompts: readonly X[], responses: number, rng: Rng): Promise<Y[][]>;
  /** `ln π(y|x)` [B]. */
  logProbs(answers: readonly Answer<X, Y>[]): Promise<Float32Array>;
  /** Begins a training with an optimiser of its own; the caller ends it. */
  descent(learningRate: number): Descent<X, Y>;
  /** The policy as it is now, of its own from here on: a reference. */
  copy(): ResponsePolicy<X, Y>;
}

/** Adam on all parameters of a policy. */
export interface Descent<X, Y> extends Disposable {
  /** One step down a loss of these answers; returns what the loss was before it. */
  step(answers: readonly Answer<X, Y>[], loss: AnswerLoss): Promise<number>;
}
