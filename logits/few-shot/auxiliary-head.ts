import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { labelMask } from '../tensor/labels.ts';
import { assertPerRow, assertRank } from '../tensor/shape.ts';
import { standardize } from '../tensor/standardize.ts';

/**
 * The logit predictor's start: `W₁[:,c]` is the mean of the auxiliary features of class c's shots, so that `f₁·W₁` is a nearest-mean
 * classifier before the first step. A class without a shot starts at 0.
 *
 * Source: AMU-Tuning (arXiv 2404.08958), feature initialisation.
 * @param f1 [N×D], rows of length 1  @param labels int32 [N]  @param k C  @returns [D×C]
 * @throws {ShapeError} when the labels are not one a row.
 */
export const featureHead = op('featureHead', (tf, f1: Tensor2D, labels: Tensor1D, k: number): Tensor2D => {
  assertRank('featureHead', 'f1', f1, 2);
  assertPerRow('featureHead', 'labels', labels, f1);
  const of = labelMask(tf, labels, k).toFloat(); // [N×C]
  const shots = of.sum(0, true).maximum(1);
  return f1.transpose().matMul(of.div(shots) as Tensor2D) as Tensor2D;
});

/** The start without it: PyTorch's `nn.Linear`, `U(±1/√D)`. @returns [D×C] */
export function randomHead(tf: Tensorflow, width: number, k: number, rng: Rng): Tensor2D {
  const bound = 1 / Math.sqrt(width);
  return tf.tensor2d(
    Float32Array.from({ length: width * k }, () => bound * (2 * rng.uniform() - 1)),
    [width, k],
  );
}

/**
 * The bias `b = standardize(f₁·W₁)`: each row's z-scores over the classes, std unbiased.
 * @param f1 [B×D], or [G×B×D] of several heads  @param w1 [D×C], or [G×D×C]  @returns [B×C], or [G×B×C]
 * @throws {ShapeError} when features and head do not fit.
 */
export const logitBias = op('logitBias', (tf, f1: Tensor, w1: Tensor): Tensor => {
  if (f1.rank !== w1.rank || f1.shape.at(-1) !== w1.shape.at(-2))
    throw new ShapeError(
      `logitBias: features [${f1.shape.join(', ')}] and head [${w1.shape.join(', ')}], expected [B, D] and [D, C] or both with heads in front`,
    );
  return standardize(tf, tf.matMul(f1, w1));
});
