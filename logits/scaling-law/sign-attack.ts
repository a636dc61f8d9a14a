import { assertLength, ConfigError } from '../../core/errors.ts';
import type { Floats } from '../row.ts';
import { eachBatch, rowCount } from './response.ts';
import type { Response } from './response.ts';

/** A loss on one row of logits, such as `crossEntropy` or `margin`: returns its value and writes its gradient at the same place. */
export type RowLoss = (z: Floats, at: number, size: number, label: number, gradient: Floats) => number;

/**
 * `sgn ∇_x L(z(x), t)` of every row, the direction of a one-step attack.
 *
 * The loss is taken in float64 and its gradient by z scaled to 1 in each row, which no sign depends on: a sure softmax would else leave
 * float32 nothing to pull back, and a network would look robust for it.
 * @param x [N×D]  @param labels [N] t  @returns [N×D] of −1, 0, 1
 * @throws {ShapeError} when shapes do not fit.
 */
export async function signs(
  response: Response,
  x: Float32Array,
  labels: ArrayLike<number>,
  loss: RowLoss,
): Promise<Float32Array> {
  const { inputs, outputs } = response;
  const rows = rowCount(response, x);
  assertLength(labels, rows, 'labels', 'signs');
  const s = new Float32Array(rows * inputs);
  const z = new Float32Array(Math.min(rows, 1024) * outputs);
  const dZ = new Float32Array(z.length);
  await eachBatch(rows, async (first, count) => {
    const dX = s.subarray(first * inputs, (first + count) * inputs);
    await response.forward(x.subarray(first * inputs, (first + count) * inputs), count, z);
    scaledSlopes(z, count, outputs, (row) => labels[first + row]!, loss, dZ);
    await response.backwardInput(dZ, count, dX);
    for (let i = 0; i < dX.length; i++) dX[i] = Math.sign(dX[i]!);
  });
  return s;
}

/** Gradient of the loss by the logits of each row, in float64, scaled to 1 at its largest. @param z [N×K]  @param dZ [N×K] written */
export function scaledSlopes(
  z: Float32Array,
  rows: number,
  outputs: number,
  label: (row: number) => number,
  loss: RowLoss,
  dZ: Float32Array,
): void {
  const own = new Float64Array(outputs);
  const slope = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < outputs; k++) own[k] = z[row * outputs + k]!;
    loss(own, 0, outputs, label(row), slope);
    let largest = 0;
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, Math.abs(slope[k]!));
    for (let k = 0; k < outputs; k++) dZ[row * outputs + k] = largest > 0 ? slope[k]! / largest : 0;
  }
}

/** `x + ε s`. @param x [N×D]  @param s [N×D]  @param out [N×D] */
export function signStep(x: Float32Array, s: Float32Array, epsilon: number, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i]! + epsilon * s[i]!;
}

export interface PgdOptions {
  readonly steps?: number;
  /** Of one step, in ε. */
  readonly stepSize?: number;
}

/**
 * `x_{k+1} = clip_{x,ε}(x_k + a sgn ∇_x L(z(x_k), t))` from x, a = ε/4, 10 steps: the sup-norm ball, and nothing else clips.
 *
 * Source: Kurakin et al. (2017), "Adversarial Machine Learning at Scale"; specs/logit-methods.md 2.1 for steps and sizes.
 * @param x [N×D]  @param labels [N]  @returns [N×D]
 * @throws {ConfigError} unless steps is a whole number from 1 and stepSize above 0.
 */
export async function pgd(
  response: Response,
  x: Float32Array,
  labels: ArrayLike<number>,
  loss: RowLoss,
  epsilon: number,
  { steps = 10, stepSize = 0.25 }: PgdOptions = {},
): Promise<Float32Array> {
  if (!Number.isInteger(steps) || steps < 1 || !(stepSize > 0))
    throw new ConfigError(`pgd: ${steps} steps of ${stepSize} ε, expected a whole number from 1 and a size above 0`);
  const at = Float32Array.from(x);
  for (let step = 0; step < steps; step++) {
    const s = await signs(response, at, labels, loss);
    for (let i = 0; i < at.length; i++) {
      const moved = at[i]! + stepSize * epsilon * s[i]!;
      at[i] = Math.min(x[i]! + epsilon, Math.max(x[i]! - epsilon, moved));
    }
  }
  return at;
}

/** The class of the smallest logit of every row. @param z [N×K]  @returns [N] */
export function leastLikely(z: Float32Array, size: number): Int32Array {
  return Int32Array.from({ length: z.length / size }, (_, row) => {
    let least = 0;
    for (let k = 1; k < size; k++) if (z[row * size + k]! < z[row * size + least]!) least = k;
    return least;
  });
}
