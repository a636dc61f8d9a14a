import type { Tensor } from '@tensorflow/tfjs';
import { StateError } from '../core/errors.ts';
import type { Tensorflow } from './backend/tensorflow.ts';

/** What a function of tensors may return: the caller owns each of them. */
export type Tensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/**
 * The boundary of every public function of tensors. It runs in a scope of that name: what it returns survives and is the
 * caller's to dispose, all else that it made is freed, also when it throws. A result that is one of the inputs is returned
 * as a tensor of its own, so that the caller may dispose both.
 *
 * TensorFlow.js is an argument, as everywhere in `nn`: nothing loads it before a backend is selected. The function checks
 * the ranks of its inputs in its first lines. Source: tfjs-core `ops/operation.ts`.
 * @throws {StateError} when the function is asynchronous: its scope would have closed before its tensors are made.
 */
export function op<Inputs extends readonly unknown[], Result extends Tensors>(
  name: string,
  compute: (tf: Tensorflow, ...inputs: Inputs) => Result,
): (tf: Tensorflow, ...inputs: Inputs) => Result {
  return (tf, ...inputs) =>
    tf.tidy(name, () => {
      const result: unknown = compute(tf, ...inputs);
      if (typeof (result as { readonly then?: unknown } | null)?.then === 'function') {
        (result as Promise<unknown>).then(undefined, () => undefined); // its failure is not the news
        throw new StateError(`${name}: returned a Promise; a function of tensors computes, and its caller reads`);
      }
      return ownResult(tf, result as Tensors, inputs) as Result & Tensor;
    });
}

/** Copies of the tensors in a result that are inputs; a clone shares its values. */
function ownResult(tf: Tensorflow, result: Tensors, inputs: readonly unknown[]): Tensors {
  const own = (tensor: Tensor): Tensor => (inputs.flat().includes(tensor) ? tensor.clone() : tensor);
  if (result instanceof tf.Tensor) return own(result);
  if (Array.isArray(result)) return (result as readonly Tensor[]).map(own);
  return Object.fromEntries(Object.entries(result).map(([key, tensor]) => [key, own(tensor)]));
}
