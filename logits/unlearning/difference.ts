import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import type { LogitModel } from '../contract.ts';
import { combine } from '../tensor/combine.ts';
import { maskLogits } from '../tensor/mask-logits.ts';
import { relativeTopMask } from '../tensor/relative-top-mask.ts';

export interface DifferenceOptions {
  /** α, from 0. */
  readonly alpha: number;
  /** The assistant acts on alternatives that the target gives at least this share of the probability of its first; 0: on all. */
  readonly filterRate: number;
  /** Alternatives on which it does not act become impossible, as in greedy decoding: false. */
  readonly exclude?: boolean;
}

/** As published for TOFU. */
export const publishedDifference = { alpha: 0.75, filterRate: 1e-2 } as const satisfies DifferenceOptions;

/**
 * `l_f = l − α·l_a`, l_a taken as 0 where the target finds an alternative too improbable for the assistant to have a say.
 *
 * Source: Ji et al. (2024), arXiv 2406.08607, equation 2 and appendix B.5.
 * @param z l of the target θ [...,K]  @param za l_a of the assistant φ [...,K]  @returns l_f [...,K]; z itself at α = 0
 */
export const logitDifference = op(
  'logitDifference',
  (tf, z: Tensor, za: Tensor, { alpha, filterRate, exclude = false }: DifferenceOptions): Tensor => {
    if (alpha === 0) return z;
    const keep = relativeTopMask(tf, z, filterRate);
    const difference = combine(tf, [
      { z, w: 1 },
      { z: maskLogits(tf, za, keep, 0), w: -alpha },
    ]);
    return exclude ? maskLogits(tf, difference, keep) : difference;
  },
);

/**
 * The model that gives the difference. It borrows both.
 * @throws {ShapeError} when they have not the same alternatives.
 */
export function differenceModel<X>(
  tf: Tensorflow,
  base: LogitModel<X>,
  assistant: LogitModel<X>,
  options: DifferenceOptions,
): LogitModel<X> {
  if (base.k !== assistant.k)
    throw new ShapeError(`ULD: the model has ${base.k} alternatives, expected ${assistant.k}, as the assistant has`);
  return {
    k: base.k,
    logits: (x) => tf.tidy(() => logitDifference(tf, base.logits(x), assistant.logits(x), options)),
  };
}
