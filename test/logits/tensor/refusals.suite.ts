import type { Tensor } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { binaryKL } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { confidenceFactor } from '../../../logits/tensor/confidence-factor.ts';
import { topGap } from '../../../logits/tensor/confidence.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import { groupMargin } from '../../../logits/tensor/group-margin.ts';
import { implicitReward, pairDiff } from '../../../logits/tensor/implicit-reward.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { ipoLoss } from '../../../logits/tensor/pair-loss.ts';
import { projectConflict } from '../../../logits/tensor/project-conflict.ts';
import { relationalKD } from '../../../logits/tensor/relational-kd.ts';
import { relativeTopMask } from '../../../logits/tensor/relative-top-mask.ts';
import { seqLogProb } from '../../../logits/tensor/seq-log-prob.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { standardize } from '../../../logits/tensor/standardize.ts';
import { topK } from '../../../logits/tensor/top-k.ts';
import { topP } from '../../../logits/tensor/top-p.ts';
import { uniformKL } from '../../../logits/tensor/uniform-kl.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { expectNoLeakedTensors, tensorsAlive } from '../../support/leak.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const z = (): Tensor => tf.ones([2, 3]);
const y = (n: number): Tensor => tf.zeros([n], 'int32');

describe('what does not fit is refused, in words, and nothing stays behind', () => {
  it.each<[string, () => Tensor, string]>([
    ['logits of rank 0', () => logSoftmax(tf, tf.scalar(1)), 'logSoftmax: logits are [], expected [..., K]'],
    [
      'too few classes',
      () => topGap(tf, tf.ones([2, 1])),
      'topGap: logits are [2, 1], expected [..., K] with K from 2',
    ],
    ['no terms', () => combine(tf, []), 'combine: no terms'],
    ['terms of different shapes', () => combine(tf, [{ z: z(), w: 1 }, { z: tf.ones([3]), w: 1 }]), 'combine: got [3] and [2, 3]'], // prettier-ignore
    ['weights without their axis', () => combine(tf, [{ z: z(), w: tf.ones([2]) }]), 'expected a number or [2,1]'],
    [
      'a mask of numbers',
      () => maskLogits(tf, z(), z()),
      'maskLogits: keep is float32 [2, 3], expected bool [2, 3] or [3]',
    ],
    [
      'groups of another size',
      () => groupMargin(tf, z(), tf.ones([2], 'bool'), tf.ones([3], 'bool')),
      'a group is bool [2]',
    ],
    ['labels of other rows', () => crossEntropy(tf, z(), y(3)), 'labels is [3], expected [2] for logits [2, 3]'],
    ['weights of other rows', () => uniformKL(tf, z(), tf.ones([3])), 'weightedMean: weights are [3], expected [2]'],
    ['student and teacher', () => softKL(tf, z(), tf.ones([3, 2])), 'softKL: got [2, 3] and [3, 2]'],
    [
      'ddof without freedom',
      () => standardize(tf, tf.ones([2, 1])),
      'standardize: rows of 1, expected more than ddof = 1',
    ],
    ['a batch of sequences', () => seqLogProb(tf, z(), y(2), y(2)), 'seqLogProb: z has rank 2, expected 3'],
    ['a sequence of one', () => seqLogProb(tf, tf.ones([2, 1, 3]), tf.zeros([2, 1], 'int32'), tf.ones([2, 1])), 'sequences of 1, expected at least 2'], // prettier-ignore
    ['rank', () => relationalKD(tf, tf.ones([3]), tf.ones([3])), 'relationalKD: student has rank 1, expected 2'],
    ['pairs', () => pairDiff(tf, tf.ones([3]), y(2), y(3)), 'pairDiff: got [2] and [3]'],
  ])('%s', (_what, call, message) => {
    const before = tensorsAlive();
    tf.tidy(() => {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    });
    expect(tensorsAlive()).toEqual(before);
  });

  it.each<[string, () => Tensor, string]>([
    ['temperature', () => logSoftmax(tf, z(), 0), 'logSoftmax: temperature is 0, expected a number above 0'],
    ['temperature of a loss', () => binaryKL(tf, z(), z(), { temperature: NaN }), 'binaryKL: temperature is NaN'],
    ['rate', () => relativeTopMask(tf, z(), 1.5), 'rate is 1.5, expected a number in [0, 1]'],
    ['minKeep', () => relativeTopMask(tf, z(), 0.5, { minKeep: 4 }), 'minKeep is 4, expected a number in [1, 3]'],
    ['k', () => topK(tf, z(), 0), 'topK: k is 0'],
    ['p', () => topP(tf, z(), -1), 'topP: p is -1'],
    ['smoothing', () => crossEntropy(tf, z(), y(2), { smoothing: 2 }), 'smoothing is 2'],
    ['reference', () => confidenceFactor(tf, z(), 'kurtosis', { reference: 0 }), 'reference is 0'],
    ['beta', () => ipoLoss(tf, tf.ones([2]), 0), 'ipoLoss: beta is 0'],
    ['beta of a reward', () => implicitReward(tf, tf.ones([2]), tf.ones([2]), -1), 'implicitReward: beta is -1'],
  ])('%s', (_what, call, message) => {
    tf.tidy(() => {
      expect(call).toThrow(ConfigError);
      expect(call).toThrow(message);
    });
  });
});

describe('projectConflict', () => {
  // Thousandths: products of numbers near the smallest float32 are 0 there and not in the reference.
  const entry = fc.integer({ min: -3000, max: 3000 }).map((thousandths) => thousandths / 1000);
  const vectors = fc.array(fc.tuple(entry, entry), { minLength: 2, maxLength: 6 });
  const flat = (parts: readonly (Tensor | null)[]): number[] => parts.flatMap((part) => [...part!.dataSync()]);
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

  it('takes away what opposes, over all parameters, and nothing from what agrees', () =>
    fc.assert(
      fc.property(vectors, (pairs) => {
        const [a, b] = [pairs.map(([v]) => Math.fround(v)), pairs.map(([, v]) => Math.fround(v))];
        // Cut in two tensors: the dot product is that of all of them.
        const cut = (v: readonly number[]): Tensor[] => [tf.tensor1d(v.slice(0, 1)), tf.tensor1d(v.slice(1))];
        const [reference, gradient] = [cut(a), cut(b)];
        const projected = projectConflict(tf, reference, gradient);
        const share = dot(a, b) < 0 ? dot(a, b) / dot(a, a) : 0;
        flat(projected).forEach((v, i) => expect(v).toBeCloseTo(b[i]! - share * a[i]!, 3));
        expect(dot(flat(projected), a)).toBeGreaterThan(-1e-3);
        tf.dispose([...reference, ...gradient, ...projected.map((part) => part!)]);
      }),
      { numRuns: 30 },
    ));

  it('with parameters that one loss does not reach: all as released, or only the shared', () => {
    const main = tf.tensor1d([2]);
    const [g0, g1, aux] = [tf.tensor1d([1, 2, 0]), tf.tensor1d([-2, 0, 3]), tf.tensor1d([5])];
    const read = (parts: readonly (Tensor | null)[]): (number[] | null)[] =>
      parts.map((part) => (part === null ? null : [...part.dataSync()].map((v) => Math.round(1e5 * v) / 1e5)));
    const all = projectConflict(tf, [g0, main, null], [g1, null, aux]);
    // Dot −2, ‖g0‖² 5 + 4 with the main head, whose own step grows by 2/9.
    expect(read(all)).toEqual([[-1.77778, 0.44444, 3], [0.44444], [5]]);
    const shared = projectConflict(tf, [g0, main, null], [g1, null, aux], 'shared');
    expect(read(shared)).toEqual([[-1.6, 0.8, 3], null, [5]]);
    tf.dispose([...all, ...shared].filter((part) => part !== null));
    expect([g0, main, g1, aux].every((part) => !part.isDisposed)).toBe(true);
    tf.dispose([g0, main, g1, aux]);
  });

  it('keeps g where there is no reference at all, leaves no tensor behind, and refuses other parameters', async () => {
    const [zero, g] = [tf.zeros([3]), tf.tensor1d([1, -2, 3])];
    const [kept] = projectConflict(tf, [zero], [g]);
    expect([...kept!.dataSync()]).toEqual([1, -2, 3]);
    kept!.dispose();
    await expectNoLeakedTensors(() => projectConflict(tf, [zero, g], [g, zero]));
    expect(() => projectConflict(tf, [zero], [])).toThrow('projectConflict: 1 and 0 gradients');
    const other = tf.ones([2]);
    expect(() => projectConflict(tf, [zero], [other])).toThrow(ShapeError);
    tf.dispose([zero, g, other]);
  });

  it('is the step that plain gradients of two losses take together', () => {
    // Two losses of one w that agree in part: after projection the sum descends the first at least as its own gradient does.
    const w = tf.variable(tf.tensor1d(Array.from({ length: 4 }, () => rng(1).normal())));
    const losses = [(): Tensor => w.sub(1).square().sum(), (): Tensor => w.add(2).square().sum()];
    const [g0, g1] = losses.map((loss) => tf.variableGrads(() => loss().asScalar(), [w]));
    const [a, b] = [g0!.grads[w.name]!, g1!.grads[w.name]!];
    const [projected] = projectConflict(tf, [a], [b]);
    const descent = tf.tidy(() => a.mul(a.add(projected!)).sum().sub(a.square().sum()).dataSync()[0]!);
    expect(descent).toBeGreaterThan(-1e-4);
    tf.dispose([w, a, b, projected!, g0!.value, g1!.value]);
  });
});
