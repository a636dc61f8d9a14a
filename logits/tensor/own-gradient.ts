import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';

/** A value and what its gradient is made of. */
interface Forward {
  readonly value: Tensor;
  readonly saved: readonly Tensor[];
}

/**
 * A function of tensors whose gradient is given, not taped: that of `logSumExp` is slow on wasm, and that of a maximum goes whole to each of
 * equals; here it goes to the first. First derivatives only: what is saved is off the tape.
 * @param backward the vector-Jacobian products, one an input
 */
export function ownGradient(
  tf: Tensorflow,
  inputs: readonly Tensor[],
  forward: () => Forward,
  backward: (dy: Tensor, saved: readonly Tensor[]) => readonly Tensor[],
): Tensor {
  return tf.customGrad((...args) => {
    const save = args.at(-1) as (tensors: Tensor[]) => void;
    const { value, saved } = forward();
    save([...saved]);
    return { value, gradFunc: (dy: Tensor, kept: Tensor[]) => tf.tidy(() => [...backward(dy, kept)]) };
  })(...inputs);
}

/**
 * What is made of z and counts as constant: masks, choices. Its kernels are off the tape, where most of them, comparisons and sorts, have no
 * gradient at all and would throw.
 */
export function constant(tf: Tensorflow, z: Tensor, make: () => Tensor): Tensor {
  return ownGradient(
    tf,
    [z],
    () => ({ value: make(), saved: [] }),
    () => [tf.zerosLike(z)],
  );
}
