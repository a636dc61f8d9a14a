import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { labelLogProb } from './label-log-prob.ts';
import { assertPerRow, assertRank } from './shape.ts';
import { weighted } from './weighted-mean.ts';

export interface SeqLogProbOptions {
  /** Logits at t tell of token t + 1 (default). False: of the one at t, as in trajectories, whose logits are those of the state acted in. */
  readonly shifted?: boolean;
}

/**
 * `Σ_t m_t log p(y_t)`: the log-probability of a sequence, `log p(y_t) = log softmax(z_{t−1})_{y_t}`. Where the mask is 0 nothing counts;
 * the first token has no logits before it.
 * @param z [B,T,K]  @param ids int32 [B,T]  @param mask [B,T], 1 on what is to be counted  @returns [B]
 */
export const seqLogProb = op(
  'seqLogProb',
  (tf, z: Tensor, ids: Tensor, mask: Tensor, options: SeqLogProbOptions = {}): Tensor => {
    assertRank('seqLogProb', 'z', z, 3);
    assertPerRow('seqLogProb', 'ids', ids, z);
    assertPerRow('seqLogProb', 'mask', mask, z);
    if (options.shifted === false) return weighted(tf, labelLogProb(tf, z, ids), mask).sum(-1);
    const [rows, steps, k] = z.shape as [number, number, number];
    if (steps < 2) throw new ShapeError(`seqLogProb: sequences of ${steps}, expected at least 2 tokens where shifted`);
    const before = z.slice([0, 0, 0], [rows, steps - 1, k]);
    const after = (x: Tensor): Tensor => x.slice([0, 1], [rows, steps - 1]);
    return weighted(tf, labelLogProb(tf, before, after(ids)), after(mask)).sum(-1);
  },
);
