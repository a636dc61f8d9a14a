import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';
import { withGradient } from './own-gradient.ts';
import { rotate } from './rotary.ts';
import type { RotaryAngles } from './rotary.ts';

/** B sequences of T tokens, H heads of D values each. */
export interface AttentionShape {
  readonly rows: number;
  readonly length: number;
  readonly heads: number;
  readonly headWidth: number;
}

/**
 * `softmax(q·kᵀ/√D + bias)·v` of every head. With angles, q and k are turned by their positions first.
 *
 * Source: Vaswani et al. (2017), equation 1; `∂L/∂s = p∘(∂L/∂p − Σ p∘∂L/∂p)`.
 * @param qkv [B·T × 3·H·D]  @param bias [B or 1 × 1 × T × T], very negative where a token may not look  @returns [B·T × H·D]
 */
export function attention(
  tf: Tensorflow,
  qkv: Tensor2D,
  bias: Tensor4D,
  shape: AttentionShape,
  angles: RotaryAngles | undefined,
): Tensor2D {
  const scale = 1 / Math.sqrt(shape.headWidth);
  return withGradient(
    tf,
    [qkv],
    () => {
      const { q, k, v } = heads(tf, qkv, shape, angles);
      const p = weights(tf, q, k, bias);
      // The angles too: they may be of a scope that ends before the way back.
      const turning = angles === undefined ? [] : [angles.cos, angles.sin, angles.quarterTurn];
      return { value: joined(tf.matMul(p, v), shape), saved: [q, k, v, p, ...turning] };
    },
    (dY, [q, k, v, p, cos, sin, quarterTurn]) => {
      const dOut = split(dY, shape);
      const pulled = tf.matMul(dOut, v!, false, true).mul(p!);
      const dS = pulled.sub(p!.mul(pulled.sum(3, true))).mul(scale);
      const turnedBack = (dHead: Tensor): Tensor4D =>
        cos === undefined
          ? (dHead as Tensor4D)
          : rotate(tf, dHead as Tensor4D, { cos, sin, quarterTurn } as RotaryAngles, -1);
      const dQ = turnedBack(tf.matMul(dS, k!));
      const dK = turnedBack(tf.matMul(dS, q!, true, false));
      const dV: Tensor = tf.matMul(p!, dOut, true, false);
      return [
        tf.concat(
          [dQ, dK, dV].map((dHead) => joined(dHead, shape)),
          1,
        ),
      ];
    },
  );
}

export interface Heads {
  /** [B×H×T×D] each */
  readonly q: Tensor4D;
  readonly k: Tensor4D;
  readonly v: Tensor4D;
}

/** @param qkv [B·T × 3·H·D] */
export function heads(tf: Tensorflow, qkv: Tensor2D, shape: AttentionShape, angles: RotaryAngles | undefined): Heads {
  const width = shape.heads * shape.headWidth;
  const part = (index: number): Tensor4D => split(tf.slice(qkv, [0, index * width], [qkv.shape[0], width]), shape);
  const turned = (head: Tensor4D): Tensor4D => (angles === undefined ? head : rotate(tf, head, angles, 1));
  return { q: turned(part(0)), k: turned(part(1)), v: part(2) };
}

/** `softmax(q·kᵀ/√D + bias)` [B×H×T×S] of queries [B×H×T×D] and keys [B×H×S×D]. */
export function weights(tf: Tensorflow, q: Tensor4D, k: Tensor4D, bias: Tensor4D): Tensor4D {
  const scale = 1 / Math.sqrt(q.shape[3]);
  return tf.softmax(tf.matMul(q, k, false, true).mul(scale).add(bias) as Tensor4D);
}

/** [B·T × H·D] → [B×H×T×D] */
function split(x: Tensor2D, { rows, length, heads, headWidth }: AttentionShape): Tensor4D {
  return x.reshape([rows, length, heads, headWidth]).transpose([0, 2, 1, 3]) as Tensor4D;
}

/** [B×H×T×D] → [B·T × H·D] */
export function joined(x: Tensor, { rows, length, heads, headWidth }: AttentionShape): Tensor2D {
  return x.transpose([0, 2, 1, 3]).reshape([rows * length, heads * headWidth]) as Tensor2D;
}
