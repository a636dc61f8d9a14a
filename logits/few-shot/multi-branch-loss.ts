import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { labelLogProb } from '../tensor/label-log-prob.ts';

/**
 * `λ·CE(z, y) + (1 − λ)·CE(b, y)`, means over rows: the fused logits and the bias alone have to tell the class. Both reach W₁.
 *
 * Source: AMU-Tuning (arXiv 2404.08958), multi-branch training; λ = 1 is training without it.
 * @param z [...,B,C]  @param b [...,B,C]  @param labels int32 [...,B]  @param lambda a number, or [...]  @returns [...], one loss for each set of rows
 */
export const multiBranchLoss = op(
  'multiBranchLoss',
  (tf, z: Tensor, b: Tensor, labels: Tensor, lambda: number | Tensor): Tensor => {
    const crossEntropy = (logits: Tensor): Tensor => labelLogProb(tf, logits, labels).mean(-1).neg();
    return crossEntropy(z)
      .mul(lambda)
      .add(crossEntropy(b).mul(tf.sub(1, lambda)));
  },
);
