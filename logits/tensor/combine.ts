import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { logSoftmax } from './log-softmax.ts';
import { alternatives, assertAlike } from './shape.ts';

/** One source of logits in a combination. */
export interface Term {
  /** [...,K] */
  readonly z: Tensor;
  /** A number, or one a row: [...,1]. */
  readonly w: number | Tensor;
  /** `logp`: the log-probabilities of z are added, and not z as it is (the default). */
  readonly space?: 'logit' | 'logp';
}

/**
 * `Σ_i w_i z_i`, the one fusion of logits: the difference of unlearning, contrastive guidance, a bias with a weight for each sample.
 *
 * A term whose weight is the number 0 is left out, so that strength 0 is the identity, bit by bit, and −∞ does no harm. What must not act
 * everywhere is masked first (`maskLogits` with fill 0).
 * @returns [...,K]
 * @throws {ShapeError} for no terms, or terms and weights that do not fit together.
 */
export const combine = op('combine', (tf, terms: readonly Term[]): Tensor => {
  const first = terms[0];
  if (first === undefined) throw new ShapeError('combine: no terms, expected at least one');
  alternatives('combine', first.z);
  const weightShape = [...first.z.shape.slice(0, -1), 1].join();
  const parts: Tensor[] = [];
  for (const { z, w, space } of terms) {
    assertAlike('combine', z, first.z);
    if (typeof w !== 'number' && w.shape.join() !== weightShape)
      throw new ShapeError(`combine: a weight is [${w.shape.join(', ')}], expected a number or [${weightShape}]`);
    if (w === 0) continue;
    const source = space === 'logp' ? logSoftmax(tf, z) : z;
    parts.push(w === 1 ? source.clone() : source.mul(w));
  }
  return parts.length === 0 ? tf.zerosLike(first.z) : parts.reduce((sum, part) => sum.add(part));
});
