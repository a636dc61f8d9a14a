import { ShapeError } from '../../../core/errors.ts';

/** Labelled rows as frozen encoders see them, in float64: what few-shot methods learn from and are judged on. */
export interface LabelledRows {
  /** C */
  readonly classes: number;
  /** Zero-shot logits [N×C]. */
  readonly z0: Float64Array;
  /** Features [N×D], rows of length 1. */
  readonly f: Float64Array;
  /** [N] */
  readonly labels: Int32Array;
}

/** D. @throws {ShapeError} when features or logits are not one a label. */
export function widthOf({ classes, z0, f, labels }: LabelledRows): number {
  const rows = labels.length;
  if (rows === 0 || f.length % rows !== 0 || z0.length !== rows * classes)
    throw new ShapeError(
      `few-shot rows: ${rows} labels, ${f.length} features, ${z0.length} logits; expected N, N·D and N·${classes}`,
    );
  return f.length / rows;
}

/** softmax of `K` logits from `at` on, into `out` from 0 on; returns log Σ exp. */
export function softmaxInto(out: Float64Array, z: Float64Array, at: number, k: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < k; c++) most = Math.max(most, z[at + c]!);
  let sum = 0;
  for (let c = 0; c < k; c++) sum += out[c] = Math.exp(z[at + c]! - most);
  for (let c = 0; c < k; c++) out[c]! /= sum;
  return most + Math.log(sum);
}
