import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { logProbabilities } from './log-softmax.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives } from './shape.ts';
import { weightedMean } from './weighted-mean.ts';

/**
 * `mean KL(U ‖ softmax z) = −mean_k log p_k − ln K`: 0 only where every alternative is as likely. Gradient `p − 1/K` a row. Infinite where
 * an alternative is impossible.
 * @param z [...,K]  @param weights [...] of the rows  @returns scalar
 */
export const uniformKL = op('uniformKL', (tf, z: Tensor, weights?: Tensor): Tensor => {
  const k = alternatives('uniformKL', z);
  const rows = ownGradient(
    tf,
    [z],
    () => {
      const logP = logProbabilities(tf, z);
      return { value: logP.mean(-1).add(Math.log(k)).neg(), saved: [logP] };
    },
    (dy, [logP]) => [
      logP!
        .exp()
        .sub(1 / k)
        .mul(dy.expandDims(-1)),
    ],
  );
  return weightedMean(tf, rows, weights);
});
