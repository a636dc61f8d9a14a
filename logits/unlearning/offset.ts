import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import type { LogitModel } from '../contract.ts';
import { combine } from '../tensor/combine.ts';
import { baselines } from './baselines.ts';
import type { Baseline } from './baselines.ts';
import type { Learner } from './learner.ts';

/** α, as released. */
const publishedAlpha = 1;

/**
 * `log p_f = log p + α (log p_a,φ − log p_a,φ0)`, unnormalised: what a training changed in a small model is added to a large one, which stays as it is.
 *
 * Source: Ji et al. (2024), arXiv 2406.08607, appendix A, after Huang et al. (2024), "Offset Unlearning for Large Language Models".
 * @param z of the target θ [...,K]  @param za of the assistant φ [...,K]  @param initial of the assistant before its training, φ0 [...,K]
 * @param alpha α, from 0  @returns [...,K]; z itself at α = 0
 */
export const offsetLogits = op('offsetLogits', (tf, z: Tensor, za: Tensor, initial: Tensor, alpha: number): Tensor => {
  if (!(alpha >= 0)) throw new ConfigError(`offsetLogits: alpha is ${alpha}, expected a number from 0`);
  if (alpha === 0) return z;
  return combine(tf, [
    { z, w: 1, space: 'logp' },
    { z: za, w: alpha, space: 'logp' },
    { z: initial, w: -alpha, space: 'logp' },
  ]);
});

/**
 * A target that is changed by an assistant alone: the conventional objectives take its logits for those of θ', and their gradient reaches φ.
 * It borrows all three.
 * @throws {ShapeError} when they have not the same alternatives.
 */
export function offsetLearner<X>(
  tf: Tensorflow,
  base: LogitModel<X>,
  assistant: Learner<X>,
  initial: LogitModel<X>,
  alpha: number = publishedAlpha,
): Learner<X> {
  for (const { k } of [assistant, initial])
    if (k !== base.k)
      throw new ShapeError(`offset: an assistant has ${k} alternatives, expected ${base.k}, as the model has`);
  return {
    k: base.k,
    trained: assistant.trained,
    logits: (x) => tf.tidy(() => offsetLogits(tf, base.logits(x), assistant.logits(x), initial.logits(x), alpha)),
  };
}

/** The conventional objectives that the paper trains an offset by. */
export const offsetBaselines = {
  'Offset-GA+KL': baselines['GA+KL'],
  'Offset-DPO+KL': baselines['DPO+KL'],
  'Offset-NPO+KL': baselines['NPO+KL'],
} as const satisfies Record<string, Baseline>;

export type OffsetName = keyof typeof offsetBaselines;
