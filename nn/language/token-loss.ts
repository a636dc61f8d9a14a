import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';
import { withGradient } from './layer/own-gradient.ts';
import type { TokenBatch } from './token-batch.ts';

/** What a training minimises: a number of the logits [B×T×V] of a batch. */
export type TokenLoss = (tf: Tensorflow, logits: Tensor3D, batch: TokenBatch) => Scalar;

/**
 * Mean of `−Σ_v q_v·log p_v` over the answer tokens by their weights, with `q = (1 − ε)·next + ε/V`.
 *
 * The loss that language models are trained by; others (of `logits/`, for one) come to a trainer as an argument as this one does.
 * Source: Szegedy et al. (2016), "Rethinking the Inception Architecture", section 7 (ε).
 * @param smoothing ε in [0, 1)
 */
export function tokenCrossEntropy(smoothing = 0): TokenLoss {
  if (!(smoothing >= 0 && smoothing < 1))
    throw new ConfigError(`token cross-entropy: smoothing is ${smoothing}, expected 0 ≤ ε < 1`);
  return (tf, logits, batch) => {
    const [rows, length, vocabulary] = logits.shape;
    if (rows !== batch.rows || length !== batch.length)
      throw new ShapeError(`token cross-entropy: logits of ${rows}×${length}, expected ${batch.rows}×${batch.length}`);
    const { next, share } = nextTokens(batch);
    const z = logits.reshape([rows * length, vocabulary]) as Tensor2D;
    return tf.tidy(() => {
      const weight = tf.tensor1d(share);
      const target: Tensor = tf.oneHot(tf.tensor1d(next, 'int32'), vocabulary).cast('float32');
      return crossEntropy(tf, z, target as Tensor2D, weight, smoothing);
    });
  };
}

/**
 * The token after each [B×T], and its share of all answer tokens [B×T]; the last of a row has none.
 * @throws {ShapeError} when no token counts.
 */
function nextTokens({ rows, length, ids, answer }: TokenBatch): { next: Int32Array; share: Float32Array } {
  const next = new Int32Array(rows * length);
  const share = new Float32Array(rows * length);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = row * length; at < (row + 1) * length - 1; at++) {
      next[at] = ids[at + 1]!;
      share[at] = answer[at + 1]!;
      total += share[at]!;
    }
  }
  if (!(total > 0))
    throw new ShapeError('token cross-entropy: no token of the batch is an answer, expected at least one');
  for (let at = 0; at < share.length; at++) share[at]! /= total;
  return { next, share };
}

/** `Σ_n w_n·(lse z_n − (1 − ε)·z_n[y_n] − ε/V·Σ z_n)`; its gradient is `w∘(softmax z − q)`. */
function crossEntropy(tf: Tensorflow, z: Tensor2D, target: Tensor2D, weight: Tensor, smoothing: number): Scalar {
  const share = smoothing / z.shape[1];
  return withGradient(
    tf,
    [z],
    () => {
      const p = tf.softmax(z);
      const picked = z
        .mul(target)
        .sum(1)
        .mul(1 - smoothing);
      const loss = logSumExp(z, p).sub(picked).sub(z.sum(1).mul(share));
      return { value: loss.mul(weight).sum() as Scalar, saved: [p, target, weight] as const };
    },
    (dLoss, [p, kept, shares]) => {
      const q = kept.mul(1 - smoothing).add(share);
      return [
        p
          .sub(q)
          .mul(shares.reshape([-1, 1]))
          .mul(dLoss),
      ];
    },
  );
}

/** `max z − log max p` [N], of z [N×V] and its softmax: exact where p is at least 1/V, and without the wasm backend's slow `exp`. */
export function logSumExp(z: Tensor2D, p: Tensor2D): Tensor {
  return z.max(1).sub(p.max(1).log());
}
