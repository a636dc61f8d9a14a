import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { constant } from './own-gradient.ts';
import { alternatives, assertWithin } from './shape.ts';

export interface RelativeTopOptions {
  /** Alternatives that stay however improbable; as released max(1, ⌊rate·K⌋). 1 is plain plausibility. */
  readonly minKeep?: number;
}

/**
 * The alternatives worth considering: `log p ≥ min(max log p + ln rate, log p_(minKeep))`, p_(m) the m-th largest. All with rate 0. Ties
 * share their fate, so that no order of classes matters; NaN stays, to be seen.
 *
 * Sources: Li et al. (2023), "Contrastive Decoding", equation 2; the logit filter of ULD (arXiv 2406.08607), appendix B.5.
 * @param z [...,K]  @param rate in [0, 1]  @returns bool [...,K], true where kept
 */
export const relativeTopMask = op(
  'relativeTopMask',
  (tf, z: Tensor, rate: number, options: RelativeTopOptions = {}): Tensor => {
    const k = alternatives('relativeTopMask', z);
    assertWithin('relativeTopMask', 'rate', rate, 0, 1);
    const { minKeep = Math.max(1, Math.floor(rate * k)) } = options;
    assertWithin('relativeTopMask', 'minKeep', minKeep, 1, k);
    return constant(tf, z, () => {
      const logP = logProbabilities(tf, z);
      const relative = logP.max(-1, true).add(Math.log(rate));
      if (minKeep === 1) return tf.logicalNot(logP.less(relative)); // the largest is never below its own share
      const least = tf.topk(logP, minKeep).values.min(-1, true);
      return tf.logicalNot(logP.less(tf.minimum(relative, least)));
    });
  },
);
