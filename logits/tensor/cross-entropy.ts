import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { labelLogProb } from './label-log-prob.ts';
import { assertWithin } from './shape.ts';
import { weightedMean } from './weighted-mean.ts';

export interface CrossEntropyOptions {
  /** [...] from 0; a row of weight 0 does not count. */
  readonly weights?: Tensor;
  /** ε: the label has 1 − ε of the target and ε is spread over all classes. */
  readonly smoothing?: number;
}

/**
 * `−Σ w log softmax(z)_y / Σ w`, with label smoothing. Rows with a negative label (−100) do not count.
 *
 * Source of the smoothing: Szegedy et al. (2016), "Rethinking the Inception Architecture", section 7.
 * @param z [...,K]  @param labels int32 [...]  @returns scalar; 0 where no row counts
 */
export const crossEntropy = op(
  'crossEntropy',
  (tf, z: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor => {
    const { weights, smoothing = 0 } = options;
    assertWithin('crossEntropy', 'smoothing', smoothing, 0, 1);
    const has = labels.greaterEqual(0).toFloat();
    return weightedMean(
      tf,
      labelLogProb(tf, z, labels, smoothing).neg(),
      weights === undefined ? has : has.mul(weights),
    );
  },
);
