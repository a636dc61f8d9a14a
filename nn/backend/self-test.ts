import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../op.ts';
import type { Tensorflow } from './tensorflow.ts';

const rows = 32;
const inputs = 40; // 1280 values: above the size below which some backends hand work to another one
const outputs = 33;

/**
 * `d/dX Σ relu(X·W)² = 2·relu(X·W)·Wᵀ`, by the backend's own derivatives.
 * @param x [B, I]  @param w [I, K]  @returns [B, I]
 */
export const squaredReluGradient = op('squaredReluGradient', (tf, x: Tensor, w: Tensor): Tensor => {
  if (x.rank !== 2 || w.rank !== 2)
    throw new ShapeError(`squaredReluGradient: x has rank ${x.rank} and w has rank ${w.rank}, expected 2 and 2`);
  return tf.grad((input: Tensor) => input.matMul(w).relu().square().sum())(x);
});

/**
 * Asks the current backend for a gradient whose answer is known.
 *
 * The entries are small integers, so the answer is exact in float32 in any order of summation. Read asynchronously: WebGPU
 * cannot do otherwise.
 * @throws {Error} when the answer differs.
 */
export async function selfTest(tf: Tensorflow): Promise<void> {
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => ((i * 7) % 5) - 2);
  const w = Float32Array.from({ length: inputs * outputs }, (_, i) => ((i * 11) % 7) - 3);
  const gradient = tf.tidy(() =>
    squaredReluGradient(tf, tf.tensor2d(x, [rows, inputs]), tf.tensor2d(w, [inputs, outputs])),
  );
  const got = await gradient.data();
  gradient.dispose();
  const expected = knownAnswer(x, w);
  const at = expected.findIndex((value, index) => got[index] !== value);
  if (at >= 0) throw new Error(`the gradient self-test gives ${got[at]} at ${at}, expected ${expected[at]}`);
}

function knownAnswer(x: Float32Array, w: Float32Array): Float64Array {
  const answer = new Float64Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let z = 0;
      for (let i = 0; i < inputs; i++) z += x[row * inputs + i]! * w[i * outputs + o]!;
      for (let i = 0; i < inputs; i++) answer[row * inputs + i]! += 2 * Math.max(0, z) * w[i * outputs + o]!;
    }
  }
  return answer;
}
