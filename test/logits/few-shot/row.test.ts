import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { publishedSchedule } from '../../../logits/few-shot/descent.ts';
import { biasWeight } from '../../../logits/few-shot/fusion.ts';
import { rowBiasWeights } from '../../../logits/few-shot/row/bias-weight.ts';
import { descendRows } from '../../../logits/few-shot/row/descend.ts';
import { headSlope, rowHeadLogits, trainRowHead } from '../../../logits/few-shot/row/heads.ts';
import type { RowAmuSetting } from '../../../logits/few-shot/row/heads.ts';
import { probeLogits, trainProbe } from '../../../logits/few-shot/row/linear-probe.ts';
import { widthOf } from '../../../logits/few-shot/row/rows.ts';
import type { LabelledRows } from '../../../logits/few-shot/row/rows.ts';
import { cacheLogits, cacheSlope, tipSchedule, trainCache } from '../../../logits/few-shot/row/tip-adapter.ts';
import { publishedSetting, trainHeads, trialLogits } from '../../../logits/few-shot/trials.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { crossEntropy, mean, softmax, standardize, sum } from '../tensor/reference.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const amu: RowAmuSetting = { ...publishedSetting, uncertainty: 'kurtosis', alpha: 2 };
const settings: readonly RowAmuSetting[] = [
  amu,
  { ...amu, initialisation: 'random', uncertainty: 'none', lambda: 1 },
  { ...amu, uncertainty: 'none', lambda: 0 },
  { ...amu, alpha: 0 },
];

/** Rows with zero-shot logits that tell half and features that tell all, with noise. */
function drawRows(count: number, classes: number, width: number, seed: number): LabelledRows {
  const random = rng(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const z0 = Float64Array.from(
    { length: count * classes },
    (_, i) => ((i % classes) >> 1 === labels[Math.floor(i / classes)]! >> 1 ? 3 : 0) + random.normal(),
  );
  const f = [...labels].flatMap((label) => {
    const row = Array.from({ length: width }, (_, d) => (d === label ? 1 : 0) + 0.3 * random.normal());
    const norm = Math.sqrt(sum(row.map((v) => v * v)));
    return row.map((v) => v / norm);
  });
  return { classes, z0, f: Float64Array.from(f), labels };
}

const rowOf = (x: Float64Array, row: number, width: number): number[] => [
  ...x.subarray(row * width, (row + 1) * width),
];

/** The largest difference of a gradient from central differences of a loss, relative to the largest slope. */
function slopeError(theta: Float64Array, gradient: Float64Array, loss: (at: Float64Array) => number): number {
  const h = 1e-5;
  let [worst, largest] = [0, 1e-3];
  for (let i = 0; i < theta.length; i++) {
    const [up, down] = [Float64Array.from(theta), Float64Array.from(theta)];
    up[i]! += h;
    down[i]! -= h;
    const wanted = (loss(up) - loss(down)) / (2 * h);
    worst = Math.max(worst, Math.abs(wanted - gradient[i]!));
    largest = Math.max(largest, Math.abs(wanted));
  }
  return worst / largest;
}

describe('AMU-Tuning on rows', () => {
  it('has the gradient of the multi-branch loss, against differences of its definition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 6 }), fc.integer({ min: 1, max: 400 }), (classes, seed) => {
        const width = classes + 1;
        const rows = drawRows(5, classes, width, seed);
        const batch = Int32Array.from([0, 3, 4]);
        for (const setting of settings) {
          const weights = rowBiasWeights(rows.z0, classes, setting);
          const loss = (w1: Float64Array): number =>
            mean(
              [...batch].map((row) => {
                const f = rowOf(rows.f, row, width);
                const b = standardize(
                  Array.from({ length: classes }, (_, c) => sum(f.map((v, d) => v * w1[d * classes + c]!))),
                  1,
                );
                const z = rowOf(rows.z0, row, classes).map((v, c) => v + weights[row]! * b[c]!);
                const label = rows.labels[row]!;
                return setting.lambda * crossEntropy(z, label) + (1 - setting.lambda) * crossEntropy(b, label);
              }),
            );
          const random = rng(seed).split('w');
          const w1 = Float64Array.from({ length: width * classes }, () => random.normal());
          const gradient = new Float64Array(w1.length);
          headSlope(rows, setting)(w1, batch, gradient);
          expect(slopeError(w1, gradient, loss)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 8, seed: 6 },
    );
  });

  it('weighs the bias, trains and answers as the form on tensors does', async () => {
    const rows = drawRows(12, 4, 6, 3);
    const schedule = { ...publishedSchedule, epochs: 6, learningRate: 0.01 };
    const { z0, f1, labels } = tf.tidy(() => ({
      z0: tf.tensor2d([...rows.z0], [12, 4]),
      f1: tf.tensor2d([...rows.f], [12, 6]),
      labels: tf.tensor1d([...rows.labels], 'int32'),
    }));
    const heads = trainHeads(tf, { z0, f1, labels }, settings, rng(5), schedule);
    const logits = trialLogits(tf, { z0, f1 }, heads, settings);
    const [w, z] = [await heads.data(), await logits.data()];
    for (const [g, setting] of settings.entries()) {
      const u = biasWeight(tf, z0 as Tensor, setting);
      (await u.data()).forEach((v, row) => expect(rowBiasWeights(rows.z0, 4, setting)[row]).toBeCloseTo(v, 4));
      const head = trainRowHead(rows, setting, rng(5), schedule);
      head.forEach((v, i) => expect(w[g * 24 + i]).toBeCloseTo(v, 4));
      rowHeadLogits(rows, head, setting).forEach((v, i) => expect(z[g * 48 + i]).toBeCloseTo(v, 3));
      u.dispose();
    }
    tf.dispose([z0 as Tensor2D, f1, labels, heads, logits]);
  });

  it('is the zero-shot model at α = 0, is finite where that is undecided or sure, and refuses what has no meaning', () => {
    const rows = drawRows(8, 4, 6, 1);
    const head = trainRowHead(rows, amu, rng(1), { ...publishedSchedule, epochs: 2 });
    expect(rowHeadLogits(rows, head, { ...amu, alpha: 0 })).toEqual(rows.z0);
    const extreme = rowBiasWeights(Float64Array.from([0, 0, 0, 1e4, 0, -1e4]), 3, amu);
    expect([...extreme].every(Number.isFinite)).toBe(true);
    expect(extreme[1]! / extreme[0]!).toBeLessThan(0.9);
    expect(() => trainRowHead(rows, { ...amu, lambda: 2 }, rng(1))).toThrow(ConfigError);
    expect(() => rowBiasWeights(rows.z0, 4, { ...amu, alpha: Number.NaN })).toThrow(ConfigError);
    expect(() => widthOf({ ...rows, z0: rows.z0.subarray(1) })).toThrow(ShapeError);
    const slope = (): void => undefined;
    expect(() => descendRows(new Float64Array(1), slope, 0, publishedSchedule, rng(1))).toThrow(ConfigError);
  });
});

describe('the baselines on rows', () => {
  const settings = [
    { alpha: 1, beta: 5.5 },
    { alpha: 3, beta: 2 },
  ];

  it('Tip-Adapter: votes of the cache by their distance', () => {
    const [shots, query] = [drawRows(8, 4, 6, 1), drawRows(4, 4, 6, 2)];
    const got = cacheLogits(query, shots.f, shots.labels, settings);
    settings.forEach(({ alpha, beta }, s) =>
      query.labels.forEach((_, row) => {
        for (let c = 0; c < 4; c++) {
          const f = rowOf(query.f, row, 6);
          const votes = [...shots.labels].map((label, n) =>
            label === c ? Math.exp(-beta * (1 - sum(rowOf(shots.f, n, 6).map((v, d) => v * f[d]!)))) : 0,
          );
          expect(got[s]![row * 4 + c]).toBeCloseTo(query.z0[row * 4 + c]! + alpha * sum(votes), 9);
        }
      }),
    );
  });

  it('Tip-Adapter-F: has the gradient of its loss, starts from Tip-Adapter and lowers that loss', () => {
    const shots = drawRows(6, 3, 4, 1);
    const all = Int32Array.from(shots.labels.keys());
    for (const setting of settings) {
      const loss = (keys: Float64Array): number => {
        const [z] = cacheLogits(shots, keys, shots.labels, [setting]);
        return mean([...shots.labels].map((label, row) => crossEntropy(rowOf(z!, row, 3), label)));
      };
      const gradient = new Float64Array(shots.f.length);
      cacheSlope(shots, setting)(shots.f, all, gradient);
      expect(slopeError(shots.f, gradient, loss)).toBeLessThan(1e-5);
      const keys = trainCache(shots, setting, rng(1), { ...tipSchedule, learningRate: 0.01 });
      expect(loss(keys)).toBeLessThan(loss(shots.f));
    }
  });

  it('linear probe: ends where the gradient of its ridge regression is 0', () => {
    const rows = drawRows(12, 4, 6, 1);
    for (const ridge of [0.003, 0.1]) {
      const probe = trainProbe(rows, ridge, rng(1));
      const z = probeLogits(rows, probe);
      for (let d = 0; d < 7; d++)
        for (let c = 0; c < 4; c++) {
          const slope = mean(
            [...rows.labels].map(
              (label, n) => (softmax(rowOf(z, n, 4))[c]! - (label === c ? 1 : 0)) * (d < 6 ? rows.f[n * 6 + d]! : 1),
            ),
          );
          expect(Math.abs(slope + (d < 6 ? ridge * probe[d * 4 + c]! : 0))).toBeLessThan(2e-3);
        }
    }
  });
});
