import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives } from './shape.ts';

/**
 * `z where keep, else fill`; what is filled has no gradient.
 * @param z [...,K]  @param keep bool [...,K], or [K] for every row  @param fill −∞: impossible; 0: a term that adds nothing
 * @returns [...,K]
 */
export const maskLogits = op(
  'maskLogits',
  (tf, z: Tensor, keep: Tensor, fill: number = Number.NEGATIVE_INFINITY): Tensor => {
    const k = alternatives('maskLogits', z);
    if (keep.dtype !== 'bool' || ![z.shape.join(), String(k)].includes(keep.shape.join()))
      throw new ShapeError(
        `maskLogits: keep is ${keep.dtype} [${keep.shape.join(', ')}], expected bool [${z.shape.join(', ')}] or [${k}]`,
      );
    // The mask is no input of the gradient, so that it may be made of z by comparisons, which have none.
    return ownGradient(
      tf,
      [z],
      () => ({ value: tf.where(keep, z, tf.fill(z.shape, fill)), saved: [keep] }),
      (dy, [keep]) => [tf.where(keep!, dy, tf.zerosLike(dy))],
    );
  },
);
