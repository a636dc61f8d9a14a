import type { Tensor } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { binaryKL as rowBinaryKL, binaryKLNorm as rowBinaryKLNorm } from '../../../logits/binary-kl.ts';
import { crossEntropy as rowCrossEntropy } from '../../../logits/cross-entropy.ts';
import { groupMargin as rowGroupMargin } from '../../../logits/group-margin.ts';
import { groupedMargin } from '../../../logits/grouped-margin.ts';
import { kl as rowKl } from '../../../logits/kl.ts';
import { logSideProbability } from '../../../logits/log-side-probability.ts';
import { logSoftmax as rowLogSoftmax } from '../../../logits/log-softmax.ts';
import { margin as rowMargin } from '../../../logits/margin.ts';
import { softKL as rowSoftKL } from '../../../logits/soft-kl.ts';
import { binaryKL, binaryKLNorm } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { energy } from '../../../logits/tensor/confidence.ts';
import { groupMargin, margin } from '../../../logits/tensor/group-margin.ts';
import { labelLogProb } from '../../../logits/tensor/label-log-prob.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { anyShape, largestDifference, logits, rows, tensor } from './harness.ts';
import type { Values } from './harness.ts';

/** The form on one row, in float32: its value, and its gradient into `gradient`. */
type RowForm = (z: Float32Array, k: number, gradient: Float32Array) => number;

const side = (k: number): number[] => Array.from({ length: k }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i + 1));
const inSide = (k: number): boolean[] => side(k).map((value) => value > 0);
const mask = (tf: Tf, of: readonly boolean[]): Tensor => tf.tensor1d([...of], 'bool');
const groupsOf = (tf: Tf, k: number): [Tensor, Tensor] => [mask(tf, inSide(k)), mask(tf, inSide(k).map((v) => !v))]; // prettier-ignore
const group =
  (soft: boolean, sign: 1 | -1): RowForm =>
  (z, k, gradient) =>
    rowGroupMargin(z, 0, Int32Array.from(inSide(k), Number), 1, soft, gradient, sign);

/** The typed-array forms that the attack engine runs on, and the same on tensors, one number a row [...]. */
const forms: Readonly<Record<string, { row: RowForm; of: (tf: Tf, z: Tensor, k: number) => Tensor }>> = {
  'cross-entropy': {
    row: (z, k, gradient) => rowCrossEntropy(z, 0, k, 1, gradient),
    of: (tf, z) => labelLogProb(tf, z, tf.fill(z.shape.slice(0, -1), 1, 'int32')).neg(),
  },
  margin: {
    row: (z, k, gradient) => rowMargin(z, 0, k, 1, gradient),
    of: (tf, z) => margin(tf, z, tf.fill(z.shape.slice(0, -1), 1, 'int32')),
  },
  'group margin': { row: group(false, 1), of: (tf, z, k) => groupMargin(tf, z, ...groupsOf(tf, k)) },
  'group margin, soft': { row: group(true, 1), of: (tf, z, k) => groupMargin(tf, z, ...groupsOf(tf, k), true) },
  'group margin, soft, to be lost': {
    row: group(true, -1),
    of: (tf, z, k) => groupMargin(tf, z, ...(groupsOf(tf, k).toReversed() as [Tensor, Tensor]), true),
  },
  'grouped margin': {
    row: (z, k, gradient) => groupedMargin(z, 0, side(k), 1, gradient),
    of: (tf, z, k) => groupMargin(tf, z, ...groupsOf(tf, k)),
  },
  'log side probability': {
    row: (z, k, gradient) => logSideProbability(z, 0, side(k), 1, gradient),
    // log Σ_side exp z − log Σ exp z, the difference of two energies.
    of: (tf, z, k) =>
      energy(tf, z)
        .sub(energy(tf, maskLogits(tf, z, groupsOf(tf, k)[0])))
        .squeeze([-1]),
  },
};

describe.each(['cpu', 'wasm'])('tensors agree with rows, on %s', (force) => {
  let tf: Tf;
  const read = onBackend(force, (opened) => {
    tf = opened;
  });
  const property = (check: (z: Values, k: number) => void): void =>
    fc.assert(
      fc.property(anyShape, (shape) => check(logits(rng(shape.seed), shape), shape.k)),
      { numRuns: 6 },
    );

  it.each(Object.entries(forms))('%s', (_name, { row, of }) =>
    property((z, k) => {
      const wanted: number[] = [];
      const slopes: number[] = [];
      for (const values of rows(z)) {
        const gradient = new Float32Array(k);
        wanted.push(row(Float32Array.from(values), k, gradient));
        slopes.push(...gradient);
      }
      expect(
        largestDifference(
          read(() => of(tf, tensor(tf, z), k)),
          wanted,
        ),
      ).toBeLessThan(1e-6);
      const gradient = read(() => tf.grad((at: Tensor) => of(tf, at, k).sum())(tensor(tf, z)));
      expect(largestDifference(gradient, slopes)).toBeLessThan(1e-6);
    }),
  );

  it('log-softmax', () =>
    property((z, k) => {
      const wanted = Float32Array.from(z.data);
      for (let at = 0; at < wanted.length; at += k) rowLogSoftmax(wanted, at, k, wanted);
      expect(
        largestDifference(
          read(() => logSoftmax(tf, tensor(tf, z))),
          wanted,
        ),
      ).toBeLessThan(1e-6);
    }));

  it('KL', () =>
    property((z, k) => {
      const clean = Float32Array.from(z.data.subarray(0, k), (v, i) => v * Math.cos(i));
      const row = Float32Array.from(z.data.subarray(0, k));
      const gradient = new Float32Array(k);
      const wanted = rowKl(row, clean, 0, k, new Float64Array(k), gradient);
      const of = (at: Tensor): Tensor => softKL(tf, at, tf.tensor1d(clean));
      expect(
        largestDifference(
          read(() => of(tf.tensor1d(row))),
          [wanted],
        ),
      ).toBeLessThan(1e-6);
      expect(
        largestDifference(
          read(() => tf.grad(of)(tf.tensor1d(row))),
          gradient,
        ),
      ).toBeLessThan(1e-6);
    }));

  it.each([
    ['soft KL', rowSoftKL, softKL],
    ['binary KL', rowBinaryKL, binaryKL],
    ['binary KL, of the difference', rowBinaryKLNorm, binaryKLNorm],
  ] as const)('%s, with a temperature', (_name, row, tensorForm) =>
    property((z, k) => {
      const teacher = Float32Array.from(z.data, (value, i) => value * Math.cos(i) + 1);
      const student = Float32Array.from(z.data);
      const gradient = new Float32Array(student.length);
      const count = student.length / k;
      let wanted = 0;
      for (let at = 0; at < student.length; at += k) wanted += row(student, teacher, at, k, 3, gradient) / count;
      const t = (values: Float32Array): Tensor => tf.tensor2d(values, [count, k]);
      const of = (at: Tensor): Tensor => tensorForm(tf, at, t(teacher), { temperature: 3 });
      expect(Math.abs(read(() => of(t(student)))[0]! - wanted) / Math.max(1, wanted)).toBeLessThan(2e-6);
      const slopes = read(() => tf.grad(of)(t(student)));
      expect(
        largestDifference(
          slopes,
          gradient.map((value) => value / count),
        ),
      ).toBeLessThan(2e-6);
    }),
  );

  it('of equal logits the first has the gradient', () => {
    const z = [3, 3, 3, 3];
    const gradient = new Float32Array(4);
    rowMargin(Float32Array.from(z), 0, 4, 2, gradient);
    const of = (at: Tensor): Tensor => margin(tf, at, tf.scalar(2, 'int32'));
    expect(read(() => tf.grad(of)(tf.tensor1d(z)))).toEqual([...gradient]);
  });

  it('one combination of one term is the caller’s own', () => {
    const z = tf.tensor1d([1, 2]);
    combine(tf, [{ z, w: 1 }]).dispose();
    expect(z.isDisposed).toBe(false);
    z.dispose();
  });
});
