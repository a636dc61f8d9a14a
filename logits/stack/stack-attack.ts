import type { Tensor3D } from '@tensorflow/tfjs';
import { assertLength } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { scaledSlopes } from '../scaling-law/sign-attack.ts';
import type { RowLoss } from '../scaling-law/sign-attack.ts';
import type { ConvStack } from './conv-stack.ts';

/**
 * `pgd` on every member of a stack at once, each on rows of its own: `x_{k+1} = clip_{x,ε}(x_k + a sgn ∇L)`. One step of size ε is FGSM.
 * Rows stay on the device; logits and the slopes at them, which are taken in float64, cross.
 * @param x of each member [N×I]  @param labels of each member [N]  @param stepSize in ε  @returns of each member [N×I]
 */
export async function stackPgd(
  tf: Tensorflow,
  stack: ConvStack,
  x: readonly Float32Array[],
  labels: readonly Int32Array[],
  loss: RowLoss,
  epsilon: number,
  { steps = 10, stepSize = 0.25, chunk = 256 }: { steps?: number; stepSize?: number; chunk?: number } = {},
): Promise<Float32Array[]> {
  const { members, classes } = stack;
  const rows = labels[0]!.length;
  const inputs = x[0]!.length / rows;
  const out = x.map((own, g) => {
    assertLength(own, labels[g]!.length * inputs, `x of member ${g}`, 'stackPgd');
    return new Float32Array(own.length);
  });
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const part = (own: Float32Array): Float32Array => own.subarray(first * inputs, (first + count) * inputs);
    const clean = new Float32Array(members * count * inputs);
    for (const [g, own] of x.entries()) clean.set(part(own), g * count * inputs);
    const start = tf.tensor3d(clean, [members, count, inputs]);
    let at = start.clone();
    const slopes = new Float32Array(members * count * classes);
    for (let step = 0; step < steps; step++) {
      const logits = stack.logits(at);
      const z = (await logits.data()) as Float32Array;
      logits.dispose();
      scaledSlopes(
        z,
        members * count,
        classes,
        (row) => labels[Math.floor(row / count)]![first + (row % count)]!,
        loss,
        slopes,
      );
      const next = tf.tidy(() => {
        const gradient = stack.inputGradient(at, tf.tensor3d(slopes.slice(), [members, count, classes]));
        const moved = at.add(gradient.sign().mul(stepSize * epsilon));
        return tf.minimum(tf.maximum(moved, start.sub(epsilon)), start.add(epsilon)) as Tensor3D;
      });
      at.dispose();
      at = next;
    }
    const values = (await at.data()) as Float32Array;
    for (const [g, own] of out.entries()) part(own).set(values.subarray(g * count * inputs, (g + 1) * count * inputs));
    tf.dispose([start, at]);
  }
  return out;
}
