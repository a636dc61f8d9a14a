import type { Scalar, Tensor, TensorContainer } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { assertAlike } from './shape.ts';

/** Which parameters conflict: `all` as DHKD's code, or only those that both losses reach. */
export type ConflictScope = 'all' | 'shared';

/**
 * Where two gradients pull apart, the second without its part against the first: `g − (g·g_ref/‖g_ref‖²) g_ref` if `g·g_ref < 0`, else g.
 *
 * The lists are those of one set of parameters; null stands for one that a loss does not reach. With `all` a projection also adds to
 * parameters that only the first loss reaches, since ‖g_ref‖ is taken over them too; with `shared` those stay null.
 *
 * Sources: Yu et al. (2020), "Gradient Surgery for Multi-Task Learning", algorithm 1; one-sided in DHKD (arXiv 2411.08937).
 * @returns g of each parameter; the caller's to dispose
 */
export function projectConflict(
  tf: Tensorflow,
  reference: readonly (Tensor | null)[],
  gradient: readonly (Tensor | null)[],
  scope: ConflictScope = 'all',
): (Tensor | null)[] {
  if (reference.length !== gradient.length)
    throw new ShapeError(
      `projectConflict: ${reference.length} and ${gradient.length} gradients, expected the same parameters`,
    );
  return tf.tidy('projectConflict', (): TensorContainer => {
    const pairs = reference.map((ref, at) => ({ ref, g: gradient[at] ?? null }));
    let dot: Tensor = tf.scalar(0);
    let squared: Tensor = tf.scalar(0);
    for (const { ref, g } of pairs) {
      if (ref === null) continue;
      if (g !== null) {
        assertAlike('projectConflict', ref, g);
        dot = dot.add(ref.mul(g).sum());
      }
      if (g !== null || scope === 'all') squared = squared.add(ref.square().sum());
    }
    // A reference whose square is 0 in float32 opposes nothing.
    const opposed = dot.less(0).logicalAnd(squared.greater(0));
    const share = tf.where(opposed, dot.div(squared), tf.scalar(0)) as Scalar;
    return pairs.map(({ ref, g }) => {
      if (ref === null) return g === null ? null : g.clone();
      if (g === null) return scope === 'all' ? ref.mul(share).neg() : null;
      return g.sub(ref.mul(share));
    }) as Tensor[]; // `tidy` passes over null
  }) as (Tensor | null)[];
}
