import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { publishedSchedule } from '../descent.ts';
import type { Schedule } from '../descent.ts';
import type { AmuSetting } from '../trials.ts';
import { rowBiasWeights } from './bias-weight.ts';
import type { RowFusion } from './bias-weight.ts';
import { descendRows } from './descend.ts';
import { softmaxInto, widthOf } from './rows.ts';
import type { LabelledRows } from './rows.ts';

/** A setting that can be trained on rows. */
export type RowAmuSetting = AmuSetting & RowFusion;

/** A smaller standard deviation of a row's auxiliary logits counts as this one, as in `standardize`. */
const floor = 1e-6;

/**
 * `trainHeads` on rows, for one setting: the same start, minibatches and steps in float64, with the gradient of the multi-branch loss written out,
 * `∂L/∂b = λ·αu·(softmax z − y) + (1 − λ)(softmax b − y)`, `∂L/∂a = (g − mean g − b·Σ(g b)/(C − 1))/std`, `∂L/∂W₁ = f₁ᵀ ∂L/∂a`. A step on heads of this size
 * is a hundredth of what fifty kernels of a tensor backend cost.
 * @returns W₁ [D×C]
 * @throws {ConfigError} for a λ outside of [0, 1].
 */
export function trainRowHead(
  rows: LabelledRows,
  setting: RowAmuSetting,
  rng: Rng,
  schedule: Schedule = publishedSchedule,
): Float64Array {
  const { lambda, initialisation } = setting;
  if (!(lambda >= 0 && lambda <= 1))
    throw new ConfigError(`AMU-Tuning: lambda is ${lambda}, expected a number in [0, 1]`);
  const { classes, labels } = rows;
  const width = widthOf(rows);
  const w1 = initialisation === 'features' ? rowFeatureHead(rows) : rowRandomHead(width, classes, rng.split('head'));
  descendRows(w1, headSlope(rows, setting), labels.length, schedule, rng.split('batches'));
  return w1;
}

/** `featureHead` on rows: column c is the mean feature of class c's shots. @returns [D×C] */
export function rowFeatureHead(rows: LabelledRows): Float64Array {
  const { classes, f, labels } = rows;
  const width = widthOf(rows);
  const shots = new Float64Array(classes);
  for (const label of labels) shots[label]!++;
  const w1 = new Float64Array(width * classes);
  labels.forEach((label, row) => {
    for (let d = 0; d < width; d++) w1[d * classes + label]! += f[row * width + d]! / shots[label]!;
  });
  return w1;
}

/** `randomHead` on rows, the same numbers but for their rounding. */
function rowRandomHead(width: number, classes: number, rng: Rng): Float64Array {
  const bound = 1 / Math.sqrt(width);
  return Float64Array.from({ length: width * classes }, () => bound * (2 * rng.uniform() - 1));
}

/** The gradient of the multi-branch loss by W₁. */
export function headSlope(rows: LabelledRows, setting: RowAmuSetting): Parameters<typeof descendRows>[1] {
  const { classes, z0, f, labels } = rows;
  const width = widthOf(rows);
  const { lambda } = setting;
  const weights = rowBiasWeights(z0, classes, setting);
  const a = new Float64Array(classes);
  const z = new Float64Array(classes);
  const p = new Float64Array(classes);
  const g = new Float64Array(classes);
  return (w1, batch, gradient) => {
    for (const row of batch) {
      const std = biasOf(a, f, row * width, w1, width);
      const weight = weights[row]!;
      for (let c = 0; c < classes; c++) z[c] = z0[row * classes + c]! + weight * a[c]!;
      softmaxInto(p, z, 0, classes);
      p[labels[row]!]!--;
      for (let c = 0; c < classes; c++) g[c] = lambda * weight * p[c]!;
      softmaxInto(p, a, 0, classes);
      p[labels[row]!]!--;
      let [mean, along] = [0, 0];
      for (let c = 0; c < classes; c++) {
        g[c]! += (1 - lambda) * p[c]!;
        mean += g[c]! / classes;
        along += (g[c]! * a[c]!) / (classes - 1);
      }
      if (std < floor) along = 0;
      const scale = 1 / (Math.max(std, floor) * batch.length);
      for (let c = 0; c < classes; c++) g[c] = (g[c]! - mean - a[c]! * along) * scale;
      for (let d = 0; d < width; d++) {
        const feature = f[row * width + d]!;
        if (feature === 0) continue;
        for (let c = 0, i = d * classes; c < classes; c++, i++) gradient[i]! += feature * g[c]!;
      }
    }
  };
}

/** `b = standardize(f·W₁)` of one row into `b`; returns the standard deviation that it was divided by, before its floor. */
function biasOf(b: Float64Array, f: Float64Array, at: number, w1: Float64Array, width: number): number {
  const classes = b.length;
  b.fill(0);
  for (let d = 0; d < width; d++) {
    const feature = f[at + d]!;
    if (feature === 0) continue;
    for (let c = 0, i = d * classes; c < classes; c++, i++) b[c]! += feature * w1[i]!;
  }
  let mean = 0;
  for (let c = 0; c < classes; c++) mean += b[c]! / classes;
  let square = 0;
  for (let c = 0; c < classes; c++) {
    b[c]! -= mean;
    square += b[c]! * b[c]!;
  }
  const std = Math.sqrt(square / (classes - 1));
  const scale = 1 / Math.max(std, floor);
  for (let c = 0; c < classes; c++) b[c]! *= scale;
  return std;
}

/** `z = z₀ + α·u(z₀)·b` of every row. @param w1 [D×C]  @returns [N×C] */
export function rowHeadLogits(rows: LabelledRows, w1: Float64Array, setting: RowFusion): Float64Array {
  const { classes, z0, f, labels } = rows;
  const width = widthOf(rows);
  const weights = rowBiasWeights(z0, classes, setting);
  const out = Float64Array.from(z0);
  const b = new Float64Array(classes);
  for (let row = 0; row < labels.length; row++) {
    biasOf(b, f, row * width, w1, width);
    for (let c = 0; c < classes; c++) out[row * classes + c]! += weights[row]! * b[c]!;
  }
  return out;
}
