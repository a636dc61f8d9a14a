import type { LabelledRows } from '../../../logits/few-shot/row/rows.ts';
import { softmaxInto } from '../../../logits/few-shot/row/rows.ts';

/** Rows as the two encoders see them. */
export interface Rows {
  readonly classes: number;
  /** Zero-shot logits [N×C]. */
  readonly z0: Float64Array;
  /** Features of the zero-shot encoder [N×D₀] and of the auxiliary one [N×D₁], rows of length 1. */
  readonly f0: Float64Array;
  readonly f1: Float64Array;
  /** [N] */
  readonly labels: Int32Array;
}

/** Zero-shot logits beside generated rows are `12·cos(f₀, prototype)`: as sure as a softmax over 30 classes of that accuracy should be. */
export const logitScale = 12;

/** Which features a method is given. */
export type FeaturePick = (rows: Rows) => LabelledRows;

export const zeroShotFeatures: FeaturePick = ({ classes, z0, f0, labels }) => ({ classes, z0, f: f0, labels });
export const auxiliaryFeatures: FeaturePick = ({ classes, z0, f1, labels }) => ({ classes, z0, f: f1, labels });
/** One after the other: [N×(D₀+D₁)]. */
export const bothFeatures: FeaturePick = ({ classes, z0, f0, f1, labels }) => {
  const rows = labels.length;
  const [a, b] = [f0.length / rows, f1.length / rows];
  const f = new Float64Array(f0.length + f1.length);
  for (let row = 0; row < rows; row++) {
    f.set(f0.subarray(row * a, (row + 1) * a), row * (a + b));
    f.set(f1.subarray(row * b, (row + 1) * b), row * (a + b) + a);
  }
  return { classes, z0, f, labels };
};

/** `scale·cos(f₀, prototype)`. @param f0 [N×D], rows of length 1  @param prototypes [C×D] of any length  @returns [N×C] */
export function zeroShotLogits(
  f0: Float64Array,
  prototypes: ArrayLike<number>,
  classes: number,
  scale: number,
): Float64Array {
  const unit = unitRows(prototypes, classes);
  const width = unit.length / classes;
  const rows = f0.length / width;
  const z0 = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < classes; c++) {
      let cosine = 0;
      for (let d = 0; d < width; d++) cosine += f0[row * width + d]! * unit[c * width + d]!;
      z0[row * classes + c] = scale * cosine;
    }
  return z0;
}

/** Each row at length 1; a row of zeros stays one. @param x [rows×D] */
export function unitRows(x: ArrayLike<number>, rows: number): Float64Array {
  const out = Float64Array.from(x);
  const width = out.length / rows;
  for (let row = 0; row < rows; row++) {
    const own = out.subarray(row * width, (row + 1) * width);
    const norm = Math.max(1e-12, Math.sqrt(own.reduce((sum, value) => sum + value * value, 0)));
    for (let d = 0; d < width; d++) own[d]! /= norm;
  }
  return out;
}

/** How well logits tell classes. */
export interface Score {
  readonly accuracy: number;
  readonly crossEntropy: number;
}

/** @param logits [N×C]; of equals the first is told */
export function scoreOf(logits: Float64Array, { classes, labels }: Pick<Rows, 'classes' | 'labels'>): Score {
  const p = new Float64Array(classes);
  let [told, loss] = [0, 0];
  labels.forEach((label, row) => {
    const normaliser = softmaxInto(p, logits, row * classes, classes);
    loss += normaliser - logits[row * classes + label]!;
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[row * classes + c]! > logits[row * classes + best]!) best = c;
    if (best === label) told++;
  });
  return { accuracy: told / labels.length, crossEntropy: loss / labels.length };
}

/** The mean of scores on sets of rows of one size. */
export function meanScore(scores: readonly Score[]): Score {
  const mean = (of: (score: Score) => number): number =>
    scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
  return { accuracy: mean(({ accuracy }) => accuracy), crossEntropy: mean(({ crossEntropy }) => crossEntropy) };
}

/** The rule by which hyperparameters are chosen: the most accurate on validation rows, of equals the one of lower cross-entropy. @returns its number */
export function chosen(validation: readonly Score[]): number {
  return [...validation.keys()].toSorted(
    (a, b) =>
      validation[b]!.accuracy - validation[a]!.accuracy || validation[a]!.crossEntropy - validation[b]!.crossEntropy,
  )[0]!;
}
