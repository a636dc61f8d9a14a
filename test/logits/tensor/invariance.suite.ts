import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { binaryKL, binaryKLNorm } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { confidenceFactor } from '../../../logits/tensor/confidence-factor.ts';
import { energy, maxProb, topGap } from '../../../logits/tensor/confidence.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import { decoupledKD } from '../../../logits/tensor/decoupled-kd.ts';
import { entropy } from '../../../logits/tensor/entropy.ts';
import { groupMargin, margin } from '../../../logits/tensor/group-margin.ts';
import { labelLogProb } from '../../../logits/tensor/label-log-prob.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { relationalKD } from '../../../logits/tensor/relational-kd.ts';
import { relativeTopMask } from '../../../logits/tensor/relative-top-mask.ts';
import { argMax, sample } from '../../../logits/tensor/sample.ts';
import { seqLogProb } from '../../../logits/tensor/seq-log-prob.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { sortedDeltas } from '../../../logits/tensor/sorted-deltas.ts';
import { standardize } from '../../../logits/tensor/standardize.ts';
import { topK } from '../../../logits/tensor/top-k.ts';
import { topP } from '../../../logits/tensor/top-p.ts';
import { uniformKL } from '../../../logits/tensor/uniform-kl.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { labels, largestDifference, logits, tensor } from './harness.ts';

/** A function of logits [B,K], a teacher's [B,K] and labels [B]. */
type Of = (tf: Tf, z: Tensor, t: Tensor, y: Tensor) => Tensor;

/** One entry of the result for each class. */
const perClass: Readonly<Record<string, Of>> = {
  logSoftmax: (tf, z) => logSoftmax(tf, z, 1.5),
  standardize: (tf, z) => standardize(tf, z),
  topK: (tf, z) => topK(tf, logSoftmax(tf, z), 3).maximum(-100),
  topP: (tf, z) => topP(tf, logSoftmax(tf, z), 0.7).maximum(-100),
  relativeTopMask: (tf, z) => relativeTopMask(tf, z, 0.2).toFloat(),
  'combine and maskLogits': (tf, z, t) =>
    combine(tf, [
      { z, w: 1.2, space: 'logp' },
      { z: maskLogits(tf, logSoftmax(tf, t), relativeTopMask(tf, z, 0.2), 0), w: -0.2 },
    ]),
};

/** The same for every order of the classes. */
const overClasses: Readonly<Record<string, Of>> = {
  entropy: (tf, z) => entropy(tf, z),
  maxProb: (tf, z) => maxProb(tf, z),
  topGap: (tf, z) => topGap(tf, z, 3),
  confidenceFactor: (tf, z) => confidenceFactor(tf, z),
  sortedDeltas: (tf, z) => sortedDeltas(tf, z),
  margin: (tf, z, _t, y) => margin(tf, z, y),
  labelLogProb: (tf, z, _t, y) => labelLogProb(tf, z, y, 0.1),
  crossEntropy: (tf, z, _t, y) => crossEntropy(tf, z, y),
  uniformKL: (tf, z) => uniformKL(tf, z),
  softKL: (tf, z, t) => softKL(tf, z, t, { temperature: 2 }),
  decoupledKD: (tf, z, t, y) => decoupledKD(tf, z, t, y),
  relationalKD: (tf, z, t) => relationalKD(tf, z, t, { temperature: 2 }),
};
const perLogit: Readonly<Record<string, Of>> = {
  binaryKL: (tf, z, t) => binaryKL(tf, z, t),
  binaryKLNorm: (tf, z, t) => binaryKLNorm(tf, z, t),
  energy: (tf, z) => energy(tf, z),
};

describe.each(['cpu', 'wasm'])('invariance, on %s', (force) => {
  let tf: Tf;
  const read = onBackend(force, (opened) => {
    tf = opened;
  });
  const shape = { lead: [4], k: 6, seed: 0 };
  const order = [4, 0, 5, 2, 1, 3];
  const permuted = (z: Tensor): Tensor => tf.gather(z, tf.tensor1d(order, 'int32'), z.rank - 1);
  const place = (y: Int32Array): Int32Array => y.map((label) => order.indexOf(label));

  /** Result for classes in another order, result of the same moved; and shifted by a constant of each row. */
  const variants = (of: Of, seed: number): Record<'plain' | 'permuted' | 'shifted', number[]> => {
    const random = rng(seed);
    const [zs, ts, y] = [logits(random, shape), logits(random, shape), labels(random, shape.lead, shape.k)];
    const run = (change: (z: Tensor) => Tensor, labels: Int32Array): number[] =>
      read(() => of(tf, change(tensor(tf, zs)), change(tensor(tf, ts)), tf.tensor1d(labels, 'int32')));
    const shift = tf.tensor2d([[3], [-7], [0.5], [11]]);
    const shifted = read(() => of(tf, tensor(tf, zs).add(shift), tensor(tf, ts), tf.tensor1d(y, 'int32')));
    shift.dispose();
    return { plain: run((z) => z, y), permuted: run(permuted, place(y)), shifted };
  };

  it.each(Object.entries(perClass))('%s moves with the classes, and sees no constant of a row', (_name, of) => {
    for (const seed of [1, 2, 3]) {
      const { plain, permuted: got, shifted } = variants(of, seed);
      const moved = read(() => permuted(tf.tensor2d(plain, [4, 6])));
      expect(largestDifference(got, moved)).toBeLessThan(1e-6);
      expect(largestDifference(shifted, plain)).toBeLessThan(1e-5);
    }
  });

  it.each(Object.entries(overClasses))(
    '%s sees neither the order of the classes nor a constant of a row',
    (_name, of) => {
      for (const seed of [1, 2, 3]) {
        const { plain, permuted: got, shifted } = variants(of, seed);
        expect(largestDifference(got, plain)).toBeLessThan(2e-6);
        expect(largestDifference(shifted, plain)).toBeLessThan(2e-5);
      }
    },
  );

  it.each(Object.entries(perLogit))('%s sees a constant of a row, and not the order of the classes', (_name, of) => {
    const { plain, permuted: got, shifted } = variants(of, 5);
    expect(largestDifference(got, plain)).toBeLessThan(2e-6);
    expect(largestDifference(shifted, plain)).toBeGreaterThan(0.1);
  });

  it('a term of weight 0 changes no bit, whatever it holds', () => {
    const z = tensor(tf, logits(rng(8), shape));
    const nothing = read(() =>
      combine(tf, [
        { z, w: 1 },
        { z: tf.fill(z.shape, Number.NEGATIVE_INFINITY), w: 0 },
        { z, w: 0, space: 'logp' },
      ]),
    );
    expect(nothing).toEqual([...z.dataSync()]);
    expect(read(() => combine(tf, [{ z, w: 0 }]))).toEqual(nothing.map(() => 0));
    z.dispose();
  });

  it('masks and choices made of the logits count as constant in a gradient', () => {
    const z = tensor(tf, logits(rng(9), shape));
    const slopes = (loss: (z: Tensor) => Tensor): number[] => read(() => tf.grad((at: Tensor) => loss(at).sum())(z));
    expect(slopes((at) => topK(tf, at, 2)).filter((v) => v === 1)).toHaveLength(8);
    expect(slopes((at) => topP(tf, at, 0))).toEqual(slopes((at) => topK(tf, at, 1)));
    expect(slopes((at) => relativeTopMask(tf, at, 0.1).toFloat().mul(0).add(at))).toEqual(slopes((at) => at));
    // A policy gradient: the action is drawn inside of the loss.
    const drawn = read(() => sample(tf, z, rng(1)));
    expect(slopes((at) => labelLogProb(tf, at, sample(tf, at, rng(1))))).toEqual(
      slopes((at) => labelLogProb(tf, at, tf.tensor1d(drawn, 'int32'))),
    );
    expect(slopes((at) => crossEntropy(tf, at, argMax(tf, at))).every(Number.isFinite)).toBe(true);
    // Groups made by comparison: the best half against the rest.
    const half = (at: Tensor): Tensor => at.greater(at.mean(-1, true));
    expect(slopes((at) => groupMargin(tf, at, half(at), tf.logicalNot(half(at)), true)).every(Number.isFinite)).toBe(
      true,
    );
    // Weights that depend on the logits have their gradient.
    const weighted = (at: Tensor): Tensor => uniformKL(tf, at, maxProb(tf, at).squeeze([-1]));
    const frozen = z.clone(); // what `grad` differentiates by is z itself
    expect(slopes(weighted)).not.toEqual(slopes((at) => uniformKL(tf, at, maxProb(tf, frozen).squeeze([-1]))));
    tf.dispose([z, frozen]);
  });

  it('one row or many, the numbers are the same', () => {
    const z = logits(rng(4), { lead: [2, 3], k: 5, seed: 0 });
    const ids = labels(rng(5), [2, 3], 5);
    const together = read(() => logSoftmax(tf, tensor(tf, z)));
    const apart = Array.from({ length: 6 }, (_, row) =>
      read(() => logSoftmax(tf, tf.tensor1d(Float32Array.from(z.data.subarray(5 * row, 5 * row + 5))))),
    );
    expect(together).toEqual(apart.flat());
    const both = read(() => seqLogProb(tf, tensor(tf, z), tf.tensor2d(ids, [2, 3], 'int32'), tf.ones([2, 3])));
    expect(both).toHaveLength(2);
  });
});
