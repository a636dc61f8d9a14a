import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { groupMargin } from '../tensor/group-margin.ts';
import { labelMask } from '../tensor/labels.ts';
import { relativeTopMask } from '../tensor/relative-top-mask.ts';

/** By how much the alternative y that is to be forgotten leads, in the target and in the assistant. */
export interface Margins {
  /** `Δz_θ = z_θ[y] − max_{k≠y} z_θ[k]` over the alternatives that the filter keeps; ∞ where it keeps y alone. */
  readonly target: number;
  /** `Δz_a`, likewise of the assistant. */
  readonly assistant: number;
}

/**
 * Margins of the labelled rows of some logits, in order; rows with a negative label are left out.
 * @param z z_θ [...,K]  @param za z_a [...,K]  @param labels y int32 [...]
 */
export async function marginsOf(
  tf: Tensorflow,
  z: Tensor,
  za: Tensor,
  labels: Tensor,
  filterRate: number,
): Promise<Margins[]> {
  const both = tf.tidy(() => {
    const keep = relativeTopMask(tf, z, filterRate);
    const own = labelMask(tf, labels, z.shape.at(-1)!);
    const others = tf.logicalAnd(keep, tf.logicalNot(own));
    return tf.stack([z, za].map((logits) => groupMargin(tf, logits, own, others).flatten()));
  });
  const [values, asked] = await Promise.all([both.data(), labels.data()]);
  both.dispose();
  return Array.from(asked.keys())
    .filter((row) => asked[row]! >= 0)
    .map((row) => ({ target: values[row]!, assistant: values[asked.length + row]! }));
}

/**
 * The α from which `α Δz_a > Δz_θ`, so that y is no longer first: 0 where it never was, ∞ where no α will do. It is enough, but for a
 * third alternative less may be: the runners-up of target and assistant need not be the same.
 */
export function dethroningAlpha({ target, assistant }: Margins): number {
  if (target <= 0) return 0;
  return target < Infinity && assistant > 0 ? target / assistant : Infinity;
}

/**
 * `α* = quantile_q(Δz_θ/Δz_a)`: with it a share q of what is to be forgotten is dethroned. The quantile is the least value that a share q
 * does not exceed.
 *
 * Source: specs/logit-methods.md 1.3, "margin rule".
 * @param margins of a part of the forget data that the assistant was not trained on
 */
export function calibratedAlpha(margins: readonly Margins[], quantile = 0.9): number {
  if (margins.length === 0) throw new ShapeError('calibratedAlpha: no margins, expected at least one');
  if (!(quantile > 0 && quantile <= 1))
    throw new ConfigError(`calibratedAlpha: quantile is ${quantile}, expected a number in (0, 1]`);
  const needed = margins.map(dethroningAlpha).toSorted((a, b) => a - b);
  return needed[Math.ceil(quantile * needed.length) - 1]!;
}
