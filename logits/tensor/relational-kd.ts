import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { logSoftmax } from './log-softmax.ts';
import { assertAlike, assertPositive, assertRank } from './shape.ts';
import { standardize } from './standardize.ts';

export interface RelationalKDOptions {
  /** β, of the relation between classes within a sample. */
  readonly beta?: number;
  /** γ, of the relation between samples within a class. */
  readonly gamma?: number;
  /** T above 0. */
  readonly temperature?: number;
}

/**
 * DIST, `T² (β L_inter + γ L_intra)`: one minus Pearson's correlation of the student's and the teacher's probabilities, over the classes
 * of each sample and over the samples of each class. Scale and offset of the probabilities are free, so a much stronger teacher does no harm.
 *
 * Source: Huang et al. (2022), "Knowledge Distillation from A Stronger Teacher", its inter- and intra-class relations; T² as in its code.
 * @param student [B,K], B and K from 2  @param teacher [B,K]  @returns scalar
 */
export const relationalKD = op(
  'relationalKD',
  (tf, student: Tensor, teacher: Tensor, options: RelationalKDOptions = {}): Tensor => {
    const { beta = 1, gamma = 1, temperature = 1 } = options;
    assertRank('relationalKD', 'student', student, 2);
    assertAlike('relationalKD', student, teacher);
    assertPositive('relationalKD', 'temperature', temperature);
    const s = logSoftmax(tf, student, temperature).exp();
    const t = logSoftmax(tf, teacher, temperature).exp();
    const inter = pearsonDistance(tf, s, t).mul(beta);
    return inter.add(pearsonDistance(tf, s.transpose(), t.transpose()).mul(gamma)).mul(temperature ** 2);
  },
);

/** `1 − mean ρ` over the rows; a constant row counts as uncorrelated. */
function pearsonDistance(tf: Tensorflow, a: Tensor, b: Tensor): Tensor {
  const scores = (x: Tensor): Tensor => standardize(tf, x, { ddof: 0, floor: 1e-12 });
  return tf.scalar(1).sub(scores(a).mul(scores(b)).mean());
}
