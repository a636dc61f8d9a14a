import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { atIndex, labelMask } from './labels.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertPerRow } from './shape.ts';

/**
 * `R_{i∈A} z_i − R_{j∈B} z_j`, R the maximum or, soft, the log of the sum of exponentials: positive once group A wins. Soft, with A and B the
 * two halves of the row, it is the log odds of A. Gradient `e_i* − e_j*`, of equal ones the first; soft, softmax in A minus softmax in B.
 *
 * Safe against unsafe actions; charging against discharging (arXiv 2407.05182). An empty group counts as −∞.
 * @param z [...,K]  @param inA bool [K] or [...,K]  @param inB likewise  @returns [...]
 */
export const groupMargin = op('groupMargin', (tf, z: Tensor, inA: Tensor, inB: Tensor, soft = false): Tensor => {
  const k = alternatives('groupMargin', z);
  for (const group of [inA, inB])
    if (group.dtype !== 'bool' || ![z.shape.join(), String(k)].includes(group.shape.join()))
      throw new ShapeError(
        `groupMargin: a group is ${group.dtype} [${group.shape.join(', ')}], expected bool [${z.shape.join(', ')}] or [${k}]`,
      );
  return ownGradient(
    tf,
    [z],
    () => {
      const a = (soft ? logSum : largest)(tf, z, inA, k);
      const b = (soft ? logSum : largest)(tf, z, inB, k);
      // The tops first: beside 1e4 float32 would lose the logs.
      const value = a.top.sub(b.top).add(a.rest.sub(b.rest));
      return { value, saved: [a.slope.sub(b.slope)] };
    },
    (dy, [slope]) => [slope!.mul(dy.expandDims(-1))],
  );
});

/**
 * `max_{k≠y} z_k − z_y`: positive once another class wins. Source: Carlini and Wagner (2017), f₆ without its clamp.
 * @param z [...,K], K from 2  @param labels int32 [...]  @returns [...]
 */
export const margin = op('margin', (tf, z: Tensor, labels: Tensor): Tensor => {
  const k = alternatives('margin', z, 2);
  assertPerRow('margin', 'labels', labels, z);
  const own = labelMask(tf, labels, k);
  return groupMargin(tf, z, tf.logicalNot(own), own);
});

/** A group's maximum or log of a sum, `top + rest`, with its slope. */
interface Reduced {
  /** [...] */
  readonly top: Tensor;
  /** [...] or a scalar */
  readonly rest: Tensor;
  /** [...,K] */
  readonly slope: Tensor;
}

function largest(tf: Tensorflow, z: Tensor, group: Tensor, k: number): Reduced {
  const inside = tf.where(group, z, tf.fill(z.shape, Number.NEGATIVE_INFINITY));
  const at = atIndex(tf, inside.argMax(-1).expandDims(-1), k);
  // An empty group has its maximum nowhere.
  return { top: inside.max(-1), rest: tf.scalar(0), slope: at.logicalAnd(group).toFloat() };
}

function logSum(tf: Tensorflow, z: Tensor, group: Tensor): Reduced {
  const inside = tf.where(group, z, tf.fill(z.shape, Number.NEGATIVE_INFINITY));
  const largest = inside.max(-1, true);
  const top = tf.where(largest.equal(Number.NEGATIVE_INFINITY), tf.scalar(0), largest);
  const shares = inside.sub(top).exp();
  const total = shares.sum(-1, true);
  return {
    top: top.squeeze([-1]),
    rest: total.log().squeeze([-1]),
    slope: shares.div(tf.where(total.equal(0), tf.scalar(1), total)),
  };
}
