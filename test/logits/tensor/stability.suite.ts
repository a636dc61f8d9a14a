import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { bernoulliKL, binaryKL, binaryKLNorm } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { confidenceFactor } from '../../../logits/tensor/confidence-factor.ts';
import { energy, kurtosis, maxProb, topGap } from '../../../logits/tensor/confidence.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import { decoupledKD } from '../../../logits/tensor/decoupled-kd.ts';
import { entropy } from '../../../logits/tensor/entropy.ts';
import { groupMargin, margin } from '../../../logits/tensor/group-margin.ts';
import { labelLogProb } from '../../../logits/tensor/label-log-prob.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { dpoLoss, npoLoss, softDpoLoss } from '../../../logits/tensor/pair-loss.ts';
import { relationalKD } from '../../../logits/tensor/relational-kd.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { sortedDeltas } from '../../../logits/tensor/sorted-deltas.ts';
import { standardize } from '../../../logits/tensor/standardize.ts';
import { uniformKL } from '../../../logits/tensor/uniform-kl.ts';
import { weightedMean } from '../../../logits/tensor/weighted-mean.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { largestDifference } from './harness.ts';
import * as by from './reference.ts';

type Row = readonly number[];

const ninf = Number.NEGATIVE_INFINITY;
const label = 1;
/** Float32 knows 1e4 to 1e-3. */
const tolerance = 1e-6;

const huge: readonly Row[] = [
  [1e4, -1e4, 0, 9999],
  [-1e4, -1e4, -9990, -1e4],
  [1e4, 1e4, 1e4, 1e4],
  [0, 0, 0, 0],
  [1e-30, -1e-30, 1e4, 2e-30],
];
/** The label and another are finite, and the label alone. */
const masked: readonly Row[] = [
  [ninf, 1, 0, ninf],
  [ninf, 2, ninf, ninf],
  [ninf, -1e4, ninf, 1e4],
];

const first = [true, true, false, false];
const last = [false, false, true, true];
const labels = (tf: Tf, z: Tensor): Tensor => tf.fill(z.shape.slice(0, -1), label, 'int32');

/** Each on rows [R,4]: what the tensors give, and what each row has by definition. */
const ofRows: Readonly<
  Record<string, { of: (tf: Tf, z: Tensor) => Tensor; by: (z: Row) => number | readonly number[] }>
> = {
  logSoftmax: { of: (tf, z) => logSoftmax(tf, z), by: (z) => by.logSoftmax(z) },
  entropy: { of: (tf, z) => entropy(tf, z), by: by.entropy },
  maxProb: { of: (tf, z) => maxProb(tf, z), by: (z) => Math.max(...by.softmax(z)) },
  topGap: { of: (tf, z) => topGap(tf, z), by: (z) => by.topGap(z, 2) },
  energy: { of: (tf, z) => energy(tf, z), by: (z) => by.energy(z, 1) },
  sortedDeltas: {
    of: (tf, z) => sortedDeltas(tf, z).minimum(1e6),
    by: (z) => by.sortedDeltas(z).map((v) => Math.min(v, 1e6)),
  },
  'kurtosis of probabilities': {
    of: (tf, z) => kurtosis(tf, logSoftmax(tf, z).exp()),
    by: (z) => by.kurtosis(by.softmax(z), 1),
  },
  labelLogProb: { of: (tf, z) => labelLogProb(tf, z, labels(tf, z)), by: (z) => -by.crossEntropy(z, label) },
  crossEntropy: {
    of: (tf, z) => tf.stack(tf.unstack(z).map((row) => crossEntropy(tf, row, tf.scalar(label, 'int32')))),
    by: (z) => by.crossEntropy(z, label),
  },
  margin: {
    of: (tf, z) => margin(tf, z, labels(tf, z)).maximum(-1e6),
    by: (z) => Math.max(-1e6, Math.max(z[0]!, z[2]!, z[3]!) - z[1]!),
  },
  ...Object.fromEntries(
    [false, true].map((soft) => [
      `groupMargin${soft ? ', soft' : ''}`,
      {
        of: (tf: Tf, z: Tensor) =>
          groupMargin(tf, z, tf.tensor1d(first, 'bool'), tf.tensor1d(last, 'bool'), soft).minimum(1e6),
        by: (z: Row) => Math.min(1e6, by.groupMargin(z, first, last, soft)),
      },
    ]),
  ),
  combine: {
    of: (tf, z) =>
      combine(tf, [
        { z, w: 1, space: 'logp' },
        { z: maskLogits(tf, z, z.greater(-1e5), 0), w: -0.5 },
      ]),
    by: (z) => by.logSoftmax(z).map((v, k) => v - 0.5 * (z[k] === ninf ? 0 : z[k]!)),
  },
};

/** Losses of a student and a teacher, on one row [1,4]. */
const ofPairs: Readonly<
  Record<string, { of: (tf: Tf, s: Tensor, t: Tensor) => Tensor; by: (s: Row, t: Row) => number }>
> = {
  softKL: { of: (tf, s, t) => softKL(tf, s, t), by: (s, t) => by.kl(t, s) },
  'softKL, reverse': {
    of: (tf, s, t) => softKL(tf, s, t, { direction: 'reverse', temperature: 2 }),
    by: (s, t) => 4 * by.kl(s, t, 2),
  },
  binaryKL: { of: (tf, s, t) => binaryKL(tf, s, t), by: (s, t) => by.binaryKL(s, t, 2) },
  binaryKLNorm: { of: (tf, s, t) => binaryKLNorm(tf, s, t), by: (s, t) => by.binaryKLNorm(s, t, 2) },
};

describe.each(['cpu', 'wasm'])('stability, on %s', (force) => {
  let tf: Tf;
  const read = onBackend(force, (opened) => {
    tf = opened;
  });
  const rows = (z: readonly Row[]): Tensor => tf.tensor2d(z.map((row) => [...row]));
  const gradient = (of: (z: Tensor) => Tensor, z: readonly Row[]): number[] =>
    read(() => tf.grad((at: Tensor) => of(at).sum())(rows(z)));

  describe.each(Object.entries(ofRows))('%s', (_name, { of, by: reference }) => {
    it.each([
      ['of 1e4 and of equal', huge],
      ['masked with −∞', masked],
    ])('is right for logits %s, with a gradient', (_kind, z) => {
      expect(
        largestDifference(
          read(() => of(tf, rows(z))),
          z.flatMap(reference),
        ),
      ).toBeLessThan(tolerance);
      expect(gradient((at) => of(tf, at), z).every(Number.isFinite)).toBe(true);
    });

    it('gives NaN for a row with a NaN, and leaves the others as they are', () => {
      const clean: readonly Row[] = [[1, 2, 0, -1], [3, 1, 2, 0.5], [0, -2, 1, 4]]; // prettier-ignore
      for (const hole of [0, 1, 2, 3]) {
        const dirty = clean.map((row, i) => row.map((v, k) => (i === 1 && k === hole ? NaN : v)));
        for (const [got, wanted] of [
          [read(() => of(tf, rows(dirty))), read(() => of(tf, rows(clean)))],
          [gradient((at) => of(tf, at), dirty), gradient((at) => of(tf, at), clean)],
        ] as const) {
          const width = wanted.length / 3;
          expect(got.slice(0, width)).toEqual(wanted.slice(0, width));
          expect(got.slice(2 * width)).toEqual(wanted.slice(2 * width));
        }
        expect(read(() => of(tf, rows(dirty))).some(Number.isNaN)).toBe(true);
      }
    });
  });

  describe.each(Object.entries(ofPairs))('%s', (_name, { of, by: reference }) => {
    it('is right for logits of 1e4, of equal and masked alike, with gradients', () => {
      for (const family of [huge, masked]) {
        for (const s of family) {
          for (const t of family) {
            if (family === masked && s.some((v, k) => (v === ninf) !== (t[k] === ninf))) continue;
            const wanted = reference(s, t);
            expect(
              largestDifference(
                read(() => of(tf, rows([s]), rows([t]))),
                [wanted],
              ),
            ).toBeLessThan(1e-5);
            for (const slope of [
              gradient((z) => of(tf, z, rows([t])), [s]),
              gradient((z) => of(tf, rows([s]), z), [t]),
            ])
              expect(slope.every(Number.isFinite)).toBe(true);
          }
        }
      }
    });

    it('is exactly 0, with gradient 0, where student and teacher agree', () => {
      for (const z of [
        [3, -1, 0.5, 7],
        [1e4, -1e4, 0, 5],
        [ninf, 1, 0, ninf],
      ] as const) {
        // prettier-ignore
        expect(Math.abs(read(() => of(tf, rows([z]), rows([z])))[0]!)).toBeLessThan(1e-6);
        expect(gradient((s) => of(tf, s, rows([z])), [z]).map(Math.abs)).toEqual([0, 0, 0, 0]);
      }
    });
  });

  it('a divergence is infinite where the second excludes what the first does', () => {
    const [all, one] = [[1, 2, 3, 4], [ninf, 2, ninf, ninf]]; // prettier-ignore
    expect(read(() => softKL(tf, rows([one!]), rows([all!])))).toEqual([Infinity]);
    expect(read(() => uniformKL(tf, rows([one!])))).toEqual([Infinity]);
    expect(read(() => crossEntropy(tf, rows([one!]), tf.tensor1d([0], 'int32')))).toEqual([Infinity]);
    expect(read(() => bernoulliKL(tf, tf.scalar(3), tf.scalar(ninf)))).toEqual([Infinity]);
    expect(read(() => uniformKL(tf, rows([[0, 0, 0, 0]])))[0]).toBeCloseTo(0, 6);
    expect(read(() => uniformKL(tf, rows([[1e4, 0, 0, 0]])))[0]).toBeCloseTo(7500 - Math.log(4), 2);
  });

  it('pair losses do not overflow', () => {
    const far = (): Tensor => tf.tensor1d([1e4, -1e4]);
    expect(read(() => dpoLoss(tf, far()))).toEqual([5000]);
    expect(read(() => npoLoss(tf, far(), 0.1))[0]).toBeCloseTo(1e4, 1);
    expect(read(() => softDpoLoss(tf, far(), far()))).toEqual([0]);
  });

  it('distillation baselines stay finite with sure and with undecided teachers', () => {
    for (const t of huge) {
      for (const s of huge) {
        const [student, teacher] = [
          [s, s.toReversed()],
          [t, t],
        ];
        const compute = (z: Tensor): Tensor =>
          decoupledKD(tf, z, rows(teacher), tf.tensor1d([1, 2], 'int32')).add(relationalKD(tf, z, rows(teacher)));
        expect(read(() => compute(rows(student))).every(Number.isFinite)).toBe(true);
        expect(gradient(compute, student).every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('standardised, a constant row is 0 and not NaN, with the gradient of a shift', () => {
    expect(read(() => standardize(tf, rows([[2, 2, 2, 2]])))).toEqual([0, 0, 0, 0]);
    expect(gradient((z) => standardize(tf, z).slice([0, 0], [1, 1]), [[2, 2, 2, 2]])[0]).toBeCloseTo(0.75e6, 0);
  });

  it.each(['kurtosis', 'entropy', 'max-prob', 'range', 'top-5', 'energy', 'std', 'none'] as const)(
    'the factor by %s is finite for every row, and passes no gradient',
    (kind) => {
      const z = [...huge, ...masked];
      const u = read(() => confidenceFactor(tf, rows(z), kind));
      expect(u).toHaveLength(z.length);
      expect(u.every(Number.isFinite)).toBe(true);
      expect(gradient((at) => confidenceFactor(tf, at, kind), z).every((v) => v === 0)).toBe(true);
      if (kind === 'none') return expect(u.every((v) => v === 1)).toBe(true);
      const [unsure, sure] = read(() => confidenceFactor(tf, rows([[0.2, 0, 0.1, 0], [9, 0, 0, 0]]), kind)); // prettier-ignore
      if (kind === 'std') expect(sure).toBeGreaterThan(unsure!);
      else expect(sure).toBeLessThan(unsure!);
    },
  );

  it('a weight of 0 leaves out NaN and infinity; no weight at all is 0', () => {
    const x = (): Tensor => tf.tensor1d([1, NaN, 3, Infinity]);
    expect(read(() => weightedMean(tf, x(), tf.tensor1d([1, 0, 3, 0])))).toEqual([2.5]);
    expect(read(() => weightedMean(tf, x(), tf.zeros([4])))).toEqual([0]);
    expect(gradient((z) => weightedMean(tf, z.reshape([4]), tf.zeros([4])), [[1, 2, 3, 4]])).toEqual([0, 0, 0, 0]);
  });

  it('a negative label has no part, one beyond the classes shows', () => {
    const z = (): Tensor => rows([[1, 2, 0, -1], [3, 1, 2, 0.5]]); // prettier-ignore
    const of =
      (y: number[], smoothing = 0) =>
      (at: Tensor): Tensor =>
        crossEntropy(tf, at, tf.tensor1d(y, 'int32'), { smoothing });
    expect(read(() => of([-100, 2])(z()))[0]).toBeCloseTo(by.crossEntropy([3, 1, 2, 0.5], 2), 6);
    expect(gradient(of([-100, 2], 0.1), [[1, 2, 0, -1], [3, 1, 2, 0.5]]).slice(0, 4).map(Math.abs)).toEqual([0, 0, 0, 0]); // prettier-ignore
    expect(read(() => of([0, 4])(z()))).toEqual([NaN]);
    expect(read(() => of([-1, -1])(z()))).toEqual([0]);
  });
});
