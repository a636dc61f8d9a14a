import type { Rng } from '../../../core/rng.ts';
import { publishedSchedule } from '../descent.ts';
import type { Schedule } from '../descent.ts';
import { descendRows } from './descend.ts';
import { softmaxInto, widthOf } from './rows.ts';
import type { LabelledRows } from './rows.ts';

/** Hyperparameters of one cache. As published α = 1, β = 5.5, beside logits of scale 100, and then searched on validation data. */
export interface CacheSetting {
  /** Weight of the cache's votes. */
  readonly alpha: number;
  /** Sharpness: how fast a vote falls with the distance of the features. */
  readonly beta: number;
}

/** Tip-Adapter-F's own: 20 epochs in large batches. */
export const tipSchedule: Schedule = { ...publishedSchedule, epochs: 20, batch: 256 };

/**
 * Tip-Adapter: `z = z₀ + α·A·Y`, `A = exp(−β(1 − f·Kᵀ))`, Y the keys' classes one-hot.
 *
 * Source: Zhang et al. (2022), "Tip-Adapter", equations 3 to 5.
 * @param keys K [M×D]  @param labels [M] of the keys  @returns [N×C]
 */
export function cacheLogits(
  rows: LabelledRows,
  keys: Float64Array,
  labels: Int32Array,
  settings: readonly CacheSetting[],
): Float64Array[] {
  const { classes, z0, f } = rows;
  const width = widthOf(rows);
  const out = settings.map(() => Float64Array.from(z0));
  for (let row = 0; row < rows.labels.length; row++)
    for (let key = 0; key < labels.length; key++) {
      const away = 1 - dot(f, row * width, keys, key * width, width);
      const at = row * classes + labels[key]!;
      settings.forEach(({ alpha, beta }, s) => {
        out[s]![at]! += alpha * Math.exp(-beta * away);
      });
    }
  return out;
}

/**
 * Tip-Adapter-F: the keys are trained, from the features of the shots, on the cross-entropy of z.
 * @returns keys [N×D]
 */
export function trainCache(
  shots: LabelledRows,
  setting: CacheSetting,
  rng: Rng,
  schedule: Schedule = tipSchedule,
): Float64Array {
  const keys = Float64Array.from(shots.f);
  descendRows(keys, cacheSlope(shots, setting), shots.labels.length, schedule, rng.split('batches'));
  return keys;
}

/** The gradient of the cross-entropy by the keys: `∂z_c/∂k_n = α·β·A_n·f` for the class c of key n. */
export function cacheSlope(shots: LabelledRows, { alpha, beta }: CacheSetting): Parameters<typeof descendRows>[1] {
  const { classes, z0, f, labels } = shots;
  const width = widthOf(shots);
  const z = new Float64Array(classes);
  const p = new Float64Array(classes);
  const affinity = new Float64Array(labels.length);
  return (keys, batch, gradient) => {
    for (const row of batch) {
      for (let c = 0; c < classes; c++) z[c] = z0[row * classes + c]!;
      for (let key = 0; key < labels.length; key++) {
        affinity[key] = Math.exp(-beta * (1 - dot(f, row * width, keys, key * width, width)));
        z[labels[key]!]! += alpha * affinity[key]!;
      }
      softmaxInto(p, z, 0, classes);
      p[labels[row]!]!--;
      for (let key = 0; key < labels.length; key++) {
        const slope = (p[labels[key]!]! * alpha * beta * affinity[key]!) / batch.length;
        for (let d = 0; d < width; d++) gradient[key * width + d]! += slope * f[row * width + d]!;
      }
    }
  };
}

/** Four sums side by side: one alone waits for each of its additions. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, width: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let d = 0;
  for (; d + 3 < width; d += 4) {
    s0 += a[i + d]! * b[j + d]!;
    s1 += a[i + d + 1]! * b[j + d + 1]!;
    s2 += a[i + d + 2]! * b[j + d + 2]!;
    s3 += a[i + d + 3]! * b[j + d + 3]!;
  }
  for (; d < width; d++) s0 += a[i + d]! * b[j + d]!;
  return s0 + s1 + (s2 + s3);
}
