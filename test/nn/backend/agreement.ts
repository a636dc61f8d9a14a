import * as tf from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';

/** Some float32 values with their shape, on no backend. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Uniform in [low, high). */
export function random(stream: Rng, shape: readonly number[], low = -1, high = 1): Values {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, () => low + (high - low) * stream.uniform()) };
}

/** What a function of tensors gives on a backend. Read asynchronously: WebGPU cannot do otherwise. */
export async function on(
  backend: string,
  compute: (...tensors: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[],
  inputs: readonly Values[],
): Promise<Values[]> {
  await tf.setBackend(backend);
  const outputs = tf.tidy(() => {
    const tensors = inputs.map(({ shape, data }) => tf.tensor(data, [...shape]));
    const result = compute(...tensors);
    return Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor];
  });
  const read: Values[] = [];
  for (const output of outputs) {
    read.push({ shape: output.shape, data: Float32Array.from(await output.data()) });
    output.dispose();
  }
  return read;
}

/** Largest difference, relative to the expected values where they exceed 1; NaN where only one side is; Infinity for other shapes. */
export function difference(got: readonly Values[], expected: readonly Values[]): number {
  if (got.length !== expected.length) return Infinity;
  let largest = 0;
  for (const [i, { shape, data }] of got.entries()) {
    const wanted = expected[i]!;
    if (shape.join() !== wanted.shape.join() || data.length !== wanted.data.length) return Infinity;
    for (let at = 0; at < data.length; at++) {
      const [a, b] = [data[at]!, wanted.data[at]!];
      if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) continue;
      const error = Math.abs(a - b) / Math.max(1, Math.abs(b));
      if (!(error <= largest)) largest = error;
    }
  }
  return largest;
}
