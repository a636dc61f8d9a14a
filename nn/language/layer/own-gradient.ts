import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';

/**
 * An operation whose gradient is written by hand: one node on the tape, and none of the kernels that are slow on the wasm backend
 * (specs/logit-methods.md 0). What the way back needs is saved here, since a scope may end before.
 * @param inputs those that get a gradient
 * @param backward [the gradient of each input] from the one of the value
 */
export function withGradient<Value extends Tensor, Saved extends readonly Tensor[]>(
  tf: Tensorflow,
  inputs: readonly Tensor[],
  forward: () => { readonly value: Value; readonly saved: Saved },
  backward: (dY: Value, saved: Saved) => readonly Tensor[],
): Value {
  const traced = tf.customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const save = args.at(-1) as GradSaveFunc;
    const { value, saved } = forward();
    save([...saved]);
    return { value: value as Tensor, gradFunc: (dY, kept) => [...backward(dY as Value, kept as unknown as Saved)] };
  });
  return traced(...inputs) as Value;
}

/** `Σ_n x[n, ·]` of [N×d] as a product with ones [d]: the wasm backend would sum columns by transposing first. */
export function columnSums(tf: Tensorflow, x: Tensor): Tensor {
  return tf.matMul(tf.ones([1, x.shape[0]!]), x).reshape([x.shape[1]!]);
}
