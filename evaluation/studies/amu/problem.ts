import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { labelLogProb } from '../../../logits/tensor/label-log-prob.ts';
import { unitRows } from '../../../logits/few-shot/unit-rows.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';

/** Rows as the two encoders see them. */
export interface Rows {
  /** Zero-shot logits [N×C]. */
  readonly z0: Tensor2D;
  /** Features of the zero-shot encoder [N×D₀] and of the auxiliary one [N×D₁], rows of length 1. */
  readonly f0: Tensor2D;
  readonly f1: Tensor2D;
  /** int32 [N] */
  readonly labels: Tensor1D;
}

/** A few-shot problem: what is learned from, what hyperparameters are chosen on, and what is reported. */
export interface Problem {
  readonly classes: number;
  readonly shots: Rows;
  readonly validation: Rows;
  readonly test: Rows;
}

/** Zero-shot logits are `12·cos(f₀, prototype)`: as sure as a softmax over 30 classes of that accuracy should be. */
const logitScale = 12;

/** What the encoders give, as numbers. */
export interface Encoded {
  readonly f0: Float32Array;
  readonly f1: Float32Array;
  readonly labels: Int32Array;
}

/** @param prototypes [C×D₀] one a class, of any length */
export function rowsOf(tf: Tensorflow, { f0, f1, labels }: Encoded, prototypes: Float32Array, classes: number): Rows {
  const unit = (x: Float32Array, rows: number): Tensor2D =>
    unitRows(tf, tf.tensor2d(x, [rows, x.length / rows])) as Tensor2D;
  return tf.tidy(() => {
    const [a, b] = [unit(f0, labels.length), unit(f1, labels.length)];
    const z0 = a.matMul(unit(prototypes, classes).transpose()).mul(logitScale) as Tensor2D;
    return { z0, f0: a, f1: b, labels: tf.tensor1d(labels, 'int32') };
  });
}

export function disposeRows({ z0, f0, f1, labels }: Rows): void {
  for (const tensor of [z0, f0, f1, labels]) tensor.dispose();
}

/** How well logits tell classes. */
export interface Score {
  readonly accuracy: number;
  readonly crossEntropy: number;
}

/** Of each trial. @param logits [G×N×C], used up */
export async function scores(tf: Tensorflow, logits: Tensor, labels: Tensor1D): Promise<Score[]> {
  const { told, loss } = tf.tidy(() => {
    const wanted = tf.tile(labels.expandDims(0), [logits.shape[0]!, 1]);
    return {
      told: logits.argMax(-1).equal(wanted).mean(-1),
      loss: labelLogProb(tf, logits, wanted).mean(-1).neg(),
    };
  });
  const accuracy = (await told.data()) as Float32Array;
  const crossEntropy = await loss.data();
  tf.dispose([logits, told, loss]);
  return Array.from(accuracy, (value, g) => ({ accuracy: value, crossEntropy: crossEntropy[g]! }));
}

/** The rule by which hyperparameters are chosen: the most accurate on validation rows, of equals the one of lower cross-entropy. */
export function chosen(validation: readonly Score[], among: readonly number[]): number {
  return among.toSorted(
    (a, b) =>
      validation[b]!.accuracy - validation[a]!.accuracy || validation[a]!.crossEntropy - validation[b]!.crossEntropy,
  )[0]!;
}
