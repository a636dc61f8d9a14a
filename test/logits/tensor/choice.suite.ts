import type { Tensor } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { labelMask } from '../../../logits/tensor/labels.ts';
import { relativeTopMask } from '../../../logits/tensor/relative-top-mask.ts';
import { argMax, sample } from '../../../logits/tensor/sample.ts';
import { topK } from '../../../logits/tensor/top-k.ts';
import { topP } from '../../../logits/tensor/top-p.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { anyShape, logits, rows, tensor } from './harness.ts';
import type { Shape, Values } from './harness.ts';
import { logSoftmax, softmax, sorted } from './reference.ts';
import type { Row } from './reference.ts';

const ninf = Number.NEGATIVE_INFINITY;

describe.each(['cpu', 'wasm'])('choosing, on %s', (force) => {
  let tf: Tf;
  const read = onBackend(force, (opened) => {
    tf = opened;
  });

  /** Holds for random rows, whatever their shape. */
  const agrees = (
    compute: (z: Tensor, shape: Shape) => Tensor,
    reference: (z: Row, shape: Shape) => readonly number[],
  ): void =>
    fc.assert(
      fc.property(anyShape, (shape) => {
        const z = logits(rng(shape.seed), shape);
        expect(read(() => compute(tensor(tf, z), shape))).toEqual(rows(z).flatMap((row) => reference(row, shape)));
      }),
      { numRuns: 10 },
    );
  const kept = (z: Row, keep: (k: number) => boolean): number[] => z.map((v, k) => (keep(k) ? v : ninf));

  it('topK keeps the k largest', () =>
    agrees(
      (z, { k }) => topK(tf, z, Math.ceil(k / 2)),
      (z, { k }) => kept(z, (at) => z.filter((v) => v > z[at]!).length < Math.ceil(k / 2)),
    ));

  it('topP keeps the fewest that reach p', () =>
    agrees(
      (z) => topP(tf, z, 0.8),
      (z) =>
        kept(z, (at) => {
          const p = softmax(z);
          return p.filter((v) => v > p[at]!).reduce((total, v) => total + v, 0) < 0.8;
        }),
    ));

  it.each([0.001, 0.05, 0.3, 0.9])('relativeTopMask keeps what is worth considering, at rate %d', (rate) =>
    agrees(
      (z) => relativeTopMask(tf, z, rate),
      (z, { k }) => {
        const logP = logSoftmax(z);
        const least = sorted(logP)[Math.max(1, Math.floor(rate * k)) - 1]!;
        // What lies on the bound to within float32 may fall on either side of it.
        const bound = Math.min(Math.max(...logP) + Math.log(rate), least) - 1e-6;
        return logP.map((v) => Number(v >= bound));
      },
    ),
  );

  it('argMax and labelMask', () => {
    agrees(
      (z) => argMax(tf, z),
      (z) => [z.indexOf(Math.max(...z))],
    );
    agrees(
      (z, { k }) => labelMask(tf, argMax(tf, z), k),
      (z) => z.map((v) => Number(v === Math.max(...z))),
    );
  });

  it('ties share their fate, whatever the order of the classes', () => {
    const z = (): Tensor => tf.tensor1d([1, 3, 3, 3, 0]);
    expect(read(() => topK(tf, z(), 2))).toEqual([ninf, 3, 3, 3, ninf]);
    expect(read(() => topP(tf, z(), 0.5))).toEqual([ninf, 3, 3, 3, ninf]);
    expect(read(() => relativeTopMask(tf, z(), 0.4))).toEqual([0, 1, 1, 1, 0]);
    expect(read(() => argMax(tf, z()))).toEqual([1]);
  });

  it('ends of the options: all, or the best one', () => {
    const z = (): Tensor => tf.tensor2d([[1, 3, 2, -60]]);
    expect(read(() => topP(tf, z(), 1))).toEqual([1, 3, 2, -60]);
    expect(read(() => topP(tf, z(), 0))).toEqual([ninf, 3, ninf, ninf]);
    expect(read(() => topK(tf, z(), 4))).toEqual([1, 3, 2, -60]);
    expect(read(() => relativeTopMask(tf, z(), 0))).toEqual([1, 1, 1, 1]);
    expect(read(() => relativeTopMask(tf, z(), 1))).toEqual([1, 1, 1, 1]); // ⌊rate·K⌋ stay
    expect(read(() => relativeTopMask(tf, z(), 1, { minKeep: 1 }))).toEqual([0, 1, 0, 0]);
  });

  it('sample draws as often as softmax says, and the same with the same seed', () => {
    const z: Values = { shape: [1, 4], data: Float64Array.from([1, -0.5, ninf, 0.3]) };
    const draws = 4000;
    const drawn = (seed: number): number[] =>
      read(() => sample(tf, tensor(tf, z).tile([draws, 1]), rng(seed).split('sample')));
    const ids = drawn(1);
    expect(ids).toEqual(drawn(1));
    expect(ids).not.toEqual(drawn(2));
    softmax([...z.data]).forEach((p, k) => {
      const share = ids.filter((id) => id === k).length / draws;
      expect(Math.abs(share - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / draws));
    });
  });

  it('sample never draws what is impossible, not even at the ends of the unit interval', () => {
    const z = [ninf, ninf, 2, ninf, 1, ninf];
    for (const uniform of [0, 1 - 2 ** -53]) {
      const stuck = { ...rng(1), uniform: () => uniform } as ReturnType<typeof rng>;
      expect(read(() => sample(tf, tf.tensor1d(z), stuck))).toEqual([uniform === 0 ? 2 : 4]);
    }
  });

  it('a row with a NaN has no choice, and the others are not touched', () => {
    const z = (): Tensor =>
      tf.tensor2d([
        [1, 2, 0],
        [1, NaN, 0],
        [3, 0, ninf],
      ]);
    expect(read(() => argMax(tf, z()))).toEqual([1, -1, 0]);
    const ids = read(() => sample(tf, z(), rng(3)));
    expect(ids[1]).toBe(-1);
    expect(ids[0]).toBeGreaterThanOrEqual(0);
    expect(read(() => topK(tf, z(), 2))).toEqual([1, 2, ninf, ...read(() => topK(tf, z(), 2)).slice(3, 6), 3, 0, ninf]);
    for (const filter of [topK(tf, z(), 1), topP(tf, z(), 0.5)]) expect(filter.dataSync()[4]).toBeNaN();
    expect(read(() => relativeTopMask(tf, z(), 0.5))[4]).toBe(1); // stays in sight
  });

  it('leaves no tensor behind', async () => {
    const z = tf.tensor2d([
      [1, 2, 3],
      [0, 5, 1],
    ]);
    const label = tf.tensor1d([0, 2], 'int32');
    for (const call of [
      () => topK(tf, z, 2),
      () => topP(tf, z, 0.7),
      () => topP(tf, z, 1),
      () => relativeTopMask(tf, z, 0.7),
      () => sample(tf, z, rng(1)),
      () => argMax(tf, z),
      () => labelMask(tf, label, 3),
    ])
      await expectNoLeakedTensors(call);
    tf.dispose([z, label]);
  });
});
