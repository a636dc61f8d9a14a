import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { bernoulliKL } from './binary-kl.ts';
import { groupMargin } from './group-margin.ts';
import { labelMask } from './labels.ts';
import { maskLogits } from './mask-logits.ts';
import { alternatives, assertAlike, assertPerRow, assertPositive } from './shape.ts';
import { softKL } from './soft-kl.ts';

export interface DecoupledKDOptions {
  /** α, of the target class. */
  readonly alpha?: number;
  /** β, of the others. */
  readonly beta?: number;
  /** T above 0. */
  readonly temperature?: number;
}

/**
 * DKD, `T² (α TCKD + β NCKD)`: TCKD the KL between how likely teacher and student hold the label, NCKD the KL between their distributions
 * over the other classes. In ordinary distillation NCKD has the weight 1 − p_y, and vanishes where the teacher is sure.
 *
 * The log odds of the label is the soft margin of it against the rest, so TCKD is a Bernoulli KL of two margins and needs no clamp.
 * Source: Zhao et al. (2022), "Decoupled Knowledge Distillation", equations 5 to 7.
 * @param student [...,K], K from 2  @param teacher [...,K]  @param labels int32 [...], all in [0, K)  @returns scalar
 */
export const decoupledKD = op(
  'decoupledKD',
  (tf, student: Tensor, teacher: Tensor, labels: Tensor, options: DecoupledKDOptions = {}): Tensor => {
    const { alpha = 1, beta = 8, temperature = 4 } = options;
    const k = alternatives('decoupledKD', student, 2);
    assertAlike('decoupledKD', student, teacher);
    assertPerRow('decoupledKD', 'labels', labels, student);
    assertPositive('decoupledKD', 'temperature', temperature);
    const own = labelMask(tf, labels, k);
    const others = tf.logicalNot(own);
    const logOdds = (z: Tensor): Tensor => groupMargin(tf, z.div(temperature), own, others, true);
    const target = bernoulliKL(tf, logOdds(teacher), logOdds(student)).mean();
    const rest = softKL(tf, maskLogits(tf, student, others), maskLogits(tf, teacher, others), { temperature });
    return target.mul(alpha * temperature ** 2).add(rest.mul(beta));
  },
);
