import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';

/** `cos` and `sin` of the angle by which each pair of values is turned, [B or 1 × 1 × T × D], and the matrix that swaps the pairs. */
export interface RotaryAngles {
  readonly cos: Tensor4D;
  readonly sin: Tensor4D;
  /** [D×D]: `x·J = (−x₂, x₁)`. */
  readonly quarterTurn: Tensor2D;
}

/**
 * Angles `p·10000^(−2i/D)` of positions p; value i is paired with value i + D/2.
 * Source: Su et al. (2021), "RoFormer", equation 15; pairs of halves as in GPT-NeoX.
 * @param positions [R×T]  @param headWidth D, even
 */
export function rotaryAngles(tf: Tensorflow, positions: Int32Array, rows: number, headWidth: number): RotaryAngles {
  const half = headWidth / 2;
  const cos = new Float32Array(positions.length * headWidth);
  const sin = new Float32Array(positions.length * headWidth);
  for (let n = 0; n < positions.length; n++) {
    for (let i = 0; i < half; i++) {
      const angle = positions[n]! * 10_000 ** (-i / half);
      const at = n * headWidth + i;
      cos[at] = cos[at + half] = Math.cos(angle);
      sin[at] = sin[at + half] = Math.sin(angle);
    }
  }
  const turn = new Float32Array(headWidth * headWidth);
  for (let i = 0; i < half; i++) {
    turn[(i + half) * headWidth + i] = -1;
    turn[i * headWidth + i + half] = 1;
  }
  const shape: [number, number, number, number] = [rows, 1, positions.length / rows, headWidth];
  return {
    cos: tf.tensor4d(cos, shape),
    sin: tf.tensor4d(sin, shape),
    quarterTurn: tf.tensor2d(turn, [headWidth, headWidth]),
  };
}

/**
 * `x∘cos + direction·(x·J)∘sin`, the rotation by the angles or, with −1, back.
 * @param x [B×H×T×D]
 */
export function rotate(
  tf: Tensorflow,
  x: Tensor4D,
  { cos, sin, quarterTurn }: RotaryAngles,
  direction: 1 | -1,
): Tensor4D {
  const headWidth = x.shape[3];
  const quarter: Tensor = tf.matMul(x.reshape([-1, headWidth]), quarterTurn).reshape(x.shape);
  const across = quarter.mul(sin);
  return (direction === 1 ? x.mul(cos).add(across) : x.mul(cos).sub(across)) as Tensor4D;
}
