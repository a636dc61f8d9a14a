import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { combine } from '../tensor/combine.ts';
import type { Term } from '../tensor/combine.ts';
import { logSoftmax } from '../tensor/log-softmax.ts';
import { maskLogits } from '../tensor/mask-logits.ts';
import { relativeTopMask } from '../tensor/relative-top-mask.ts';
import { assertSetting } from './setting.ts';
import type { SteerSetting } from './setting.ts';

/** Logits [...,K] of the same alternatives from three sources. */
export interface SteerLogits {
  /** f, after the prompt. */
  readonly expert: Tensor;
  /** b, after the prompt; need not be there where γ is 0. */
  readonly base?: Tensor | undefined;
  /** f after the negative prompt `n` and what was generated; need not be there where η is 0. */
  readonly negative?: Tensor | undefined;
}

/**
 * `s = (1+γ)·log p_f(·|x) − γ·log p_b(·|x) − η·log p_f(·|n ⊕ generated)`, −∞ where the expert finds an alternative less than ρ times as probable as its
 * best. Without γ and η it is the expert's logits, bit by bit.
 *
 * An alternative that is impossible to the expert stays so. One that is impossible to `base` or `negative` only gets no term of theirs.
 * Sources: O'Neill et al. (2023), "Steering Language Generation" (arXiv 2308.07645), as released; ρ: Li et al. (2023), "Contrastive Decoding", equation 2.
 * @returns [...,K]
 */
export const steerScores = op('steerScores', (tf, logits: SteerLogits, setting: SteerSetting): Tensor => {
  assertSetting(setting);
  const { gamma, eta, rho } = setting;
  const { expert, base, negative } = logits;
  const terms: Term[] = [{ z: expert, w: 1 + gamma, space: gamma === 0 && eta === 0 ? 'logit' : 'logp' }];
  const against = (z: Tensor | undefined, weight: number): void => {
    if (z !== undefined && weight !== 0) terms.push({ z: possibleOnly(logSoftmax(tf, z)), w: -weight });
  };
  const possibleOnly = (logP: Tensor): Tensor => maskLogits(tf, logP, isPossible(logP), 0);
  const isPossible = (z: Tensor): Tensor => tf.logicalNot(z.equal(Number.NEGATIVE_INFINITY));
  against(base, gamma);
  against(negative, eta);
  const scores = combine(tf, terms);
  if (rho === 0) return terms.length === 1 ? scores : maskLogits(tf, scores, isPossible(expert));
  return maskLogits(tf, scores, relativeTopMask(tf, expert, rho, { minKeep: 1 }));
});
