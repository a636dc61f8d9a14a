import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { implicitReward, pairDiff } from '../tensor/implicit-reward.ts';
import { dpoLoss, ipoLoss, pairRegressionLoss, softDpoLoss } from '../tensor/pair-loss.ts';

/** What a policy is trained by: iREPO, and its baselines on the same pairs. Only `irepo` and `soft-dpo` see t; the others see who won. */
export const objectives = ['irepo', 'soft-dpo', 'dpo', 'ipo', 'sft'] as const;

export type ObjectiveName = (typeof objectives)[number];

/** Answers [B] and the P pairs of them that are compared. */
export interface PairBatch {
  /** ln π_ref(y|x) [B] */
  readonly reference: Tensor1D;
  /** int32 [P], the stronger response of each pair and the weaker. */
  readonly i: Tensor1D;
  readonly j: Tensor1D;
  /** t [P] */
  readonly target: Tensor1D;
}

/**
 * `L(Δr_θ)`, `Δr_θ = β[(ln π_θ − ln π_ref)(y_i) − (ln π_θ − ln π_ref)(y_j)]`:
 * irepo `mean (t − Δr)²` · soft-dpo `−mean [σ(t) ln σ(Δr) + σ(−t) ln σ(−Δr)]` · dpo `−mean ln σ(Δr)` · ipo `mean (Δr/β − 1/(2β))²` ·
 * sft `−mean ln π_θ(y_i)`.
 *
 * Source: iREPO (arXiv 2405.15230), "equation 16" of its reviews, and the baselines' own (`logits/tensor/pair-loss.ts`).
 * @param logProb ln π_θ [B]  @returns scalar
 */
export const preferenceLoss = op(
  'preferenceLoss',
  (tf, name: ObjectiveName, beta: number, logProb: Tensor1D, { reference, i, j, target }: PairBatch): Scalar => {
    if (name === 'sft') return tf.gather(logProb, i).mean().neg() as Scalar;
    const difference: Tensor = pairDiff(tf, implicitReward(tf, logProb, reference, beta), i, j);
    switch (name) {
      case 'irepo':
        return pairRegressionLoss(tf, difference, target) as Scalar;
      case 'soft-dpo':
        return softDpoLoss(tf, difference, target) as Scalar;
      case 'dpo':
        return dpoLoss(tf, difference) as Scalar;
      case 'ipo':
        return ipoLoss(tf, difference, beta) as Scalar;
      default:
        throw new ConfigError(`preference: no objective '${String(name)}', expected ${objectives.join(', ')}`);
    }
  },
);
