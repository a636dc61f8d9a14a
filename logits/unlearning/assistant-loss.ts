import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { crossEntropy } from '../tensor/cross-entropy.ts';
import { assertWithin } from '../tensor/shape.ts';
import { uniformKL } from '../tensor/uniform-kl.ts';

/**
 * What an assistant φ learns from one batch: `L_f(φ) − β L_r(φ)`, the forget-retain objectives reversed. It remembers what is to be forgotten,
 * `L_f = mean CE(softmax l_a, y)` over the labelled rows, and knows nothing of what is to be kept: `−L_r = mean CE(softmax l_a, U)`, for which
 * `KL(U ‖ softmax l_a)` is taken, the same but for the constant ln K.
 *
 * Source: Ji et al. (2024), arXiv 2406.08607, equations 3 to 5.
 * @param z l_a [...,K]
 * @param labels y int32 [...] of the augmented forget data D'_f; −100 where there is none, as everywhere in D'_r
 * @param uniform weights [...] of the rows of D'_r; 0 everywhere in D'_f
 * @param beta β, from 0
 * @returns scalar; a term without rows is 0
 */
export const assistantLoss = op(
  'assistantLoss',
  (tf, z: Tensor, labels: Tensor, uniform: Tensor, beta: number): Tensor => {
    assertWithin('assistantLoss', 'beta', beta, 0, Number.MAX_VALUE);
    return crossEntropy(tf, z, labels).add(uniformKL(tf, z, uniform).mul(beta));
  },
);
