import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';
import { columnSums, withGradient } from './own-gradient.ts';

/**
 * `y = x·W + b`. Of frozen weights no gradient is computed.
 * @param x [N×I]  @param weight [I×O]  @param bias [O]  @returns [N×O]
 */
export function linear(tf: Tensorflow, x: Tensor2D, weight: Tensor2D, bias: Tensor1D, frozen: boolean): Tensor2D {
  return withGradient(
    tf,
    frozen ? [x] : [x, weight, bias],
    (): { value: Tensor2D; saved: Tensor2D[] } => ({
      value: tf.fused.matMul({ a: x, b: weight, bias }) as Tensor2D,
      saved: frozen ? [] : [x],
    }),
    (dY, [kept]) => {
      const dX = tf.matMul(dY, weight, false, true);
      return kept === undefined ? [dX] : [dX, tf.matMul(kept, dY, true, false), columnSums(tf, dY)];
    },
  );
}

/**
 * `y = x·Eᵀ`: scores of every row of a table, as a language model's head.
 * @param x [N×d]  @param table [V×d]  @returns [N×V]
 */
export function scores(tf: Tensorflow, x: Tensor2D, table: Tensor2D, frozen: boolean): Tensor2D {
  return withGradient(
    tf,
    frozen ? [x] : [x, table],
    (): { value: Tensor2D; saved: Tensor2D[] } => ({
      value: tf.matMul(x, table, false, true),
      saved: frozen ? [] : [x],
    }),
    (dY, [kept]) => {
      const dX = tf.matMul(dY, table);
      return kept === undefined ? [dX] : [dX, tf.matMul(dY, kept, true, false)];
    },
  );
}

/**
 * `y = s·(x·A)·B`: what a low-rank adapter adds to a linear layer. Source: Hu et al. (2022), "LoRA", equation 3.
 * @param x [N×I]  @param down A [I×r]  @param up B [r×O]  @returns [N×O]
 */
export function lowRank(tf: Tensorflow, x: Tensor2D, down: Tensor2D, up: Tensor2D, scale: number): Tensor2D {
  return withGradient(
    tf,
    [x, down, up],
    () => {
      const inner = tf.matMul(x, down).mul(scale);
      return { value: tf.matMul(inner, up) as Tensor2D, saved: [x, inner] as const };
    },
    (dY, [kept, inner]) => {
      const dInner = tf.matMul(dY, up, false, true).mul(scale);
      return [
        tf.matMul(dInner, down, false, true),
        tf.matMul(kept, dInner, true, false),
        tf.matMul(inner, dY, true, false),
      ];
    },
  );
}
