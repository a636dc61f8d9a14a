import type { Rng } from '../../../core/rng.ts';
import type { Schedule } from '../descent.ts';
import { descendRows } from './descend.ts';
import { softmaxInto, widthOf } from './rows.ts';
import type { LabelledRows } from './rows.ts';

/** Whole batches until it has converged: the loss is convex. */
export const probeSchedule: Schedule = { epochs: 150, batch: 65_536, learningRate: 0.3, weightDecay: 0, epsilon: 1e-8 };

/**
 * Logistic regression on features: minimises `mean CE(f·W + w₀, y) + ridge/2·|W|²`; w₀ is free of the ridge. The zero-shot logits have no part in it.
 *
 * Source: Radford et al. (2021), "Learning transferable visual models", the linear probe, its ridge searched on validation data.
 * @returns [(D+1)×C], the last row w₀
 */
export function trainProbe(
  rows: LabelledRows,
  ridge: number,
  rng: Rng,
  schedule: Schedule = probeSchedule,
): Float64Array {
  const probe = new Float64Array((widthOf(rows) + 1) * rows.classes);
  descendRows(probe, probeSlope(rows, ridge), rows.labels.length, schedule, rng.split('batches'));
  return probe;
}

function probeSlope(rows: LabelledRows, ridge: number): Parameters<typeof descendRows>[1] {
  const { classes, f, labels } = rows;
  const width = widthOf(rows);
  const z = new Float64Array(classes);
  const p = new Float64Array(classes);
  return (probe, batch, gradient) => {
    for (let i = 0; i < width * classes; i++) gradient[i] = ridge * probe[i]!;
    for (const row of batch) {
      probeRow(z, f, row * width, probe, width);
      softmaxInto(p, z, 0, classes);
      p[labels[row]!]!--;
      for (let c = 0; c < classes; c++) p[c]! /= batch.length;
      for (let d = 0; d <= width; d++) {
        const feature = d < width ? f[row * width + d]! : 1;
        if (feature === 0) continue;
        for (let c = 0, i = d * classes; c < classes; c++, i++) gradient[i]! += feature * p[c]!;
      }
    }
  };
}

/** `f·W + w₀` of every row. @param probe [(D+1)×C]  @returns [N×C] */
export function probeLogits(rows: LabelledRows, probe: Float64Array): Float64Array {
  const { classes, f, labels } = rows;
  const width = widthOf(rows);
  const out = new Float64Array(labels.length * classes);
  const z = new Float64Array(classes);
  for (let row = 0; row < labels.length; row++) {
    probeRow(z, f, row * width, probe, width);
    out.set(z, row * classes);
  }
  return out;
}

function probeRow(z: Float64Array, f: Float64Array, at: number, probe: Float64Array, width: number): void {
  const classes = z.length;
  for (let c = 0; c < classes; c++) z[c] = probe[width * classes + c]!;
  for (let d = 0; d < width; d++) {
    const feature = f[at + d]!;
    if (feature === 0) continue;
    for (let c = 0, i = d * classes; c < classes; c++, i++) z[c]! += feature * probe[i]!;
  }
}
