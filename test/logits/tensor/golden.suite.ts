import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { harmonicMean } from '../../../logits/statistic/harmonic-mean.ts';
import { ks2 } from '../../../logits/statistic/ks2.ts';
import { truthRatio } from '../../../logits/statistic/truth-ratio.ts';
import { zermelo } from '../../../logits/statistic/zermelo.ts';
import { binaryKL, binaryKLNorm } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { confidenceFactor, largestKurtosis } from '../../../logits/tensor/confidence-factor.ts';
import { kurtosis } from '../../../logits/tensor/confidence.ts';
import { entropy } from '../../../logits/tensor/entropy.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { npoLoss } from '../../../logits/tensor/pair-loss.ts';
import { projectConflict } from '../../../logits/tensor/project-conflict.ts';
import { relativeTopMask } from '../../../logits/tensor/relative-top-mask.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { sortedDeltas } from '../../../logits/tensor/sorted-deltas.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { sigmoid } from './reference.ts';

/** Values worked in float64 when the methods were studied: ../shared/specs/logit-methods.md, 7.4, to as many digits. */
describe.each(['cpu', 'wasm'])('golden values, on %s', (force) => {
  let tf: Tf;
  onBackend(force, (opened) => {
    tf = opened;
  });

  const close = (got: Tensor, wanted: readonly number[], digits = 5): void => {
    const values = [...got.dataSync()];
    expect(values).toHaveLength(wanted.length);
    values.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, digits));
  };
  const inTidy = (check: () => void): void => {
    tf.tidy(check);
  };

  it('the difference of unlearning, with its filter', () =>
    inTidy(() => {
      const z = tf.tensor1d([4, 2, 1, -3]);
      const keep = relativeTopMask(tf, z, 0.01);
      close(keep, [1, 1, 1, 0]);
      const out = combine(tf, [
        { z, w: 1 },
        { z: maskLogits(tf, tf.tensor1d([6, 0, 0, 0]), keep, 0), w: -0.75 },
      ]);
      close(out, [-0.5, 2, 1, -3]);
      close(logSoftmax(tf, z).exp(), [0.843146, 0.114107, 0.041978, 0.000769]);
      close(logSoftmax(tf, out).exp(), [0.05635, 0.686482, 0.252543, 0.004625]);
      close(entropy(tf, z), [0.530145]);
      close(sortedDeltas(tf, z), [2, 3, 7]);
    }));

  it('binary KL, plain and normalised, and KD', () =>
    inTidy(() => {
      const [s, t] = [tf.tensor1d([2, -1, 0.5]), tf.tensor1d([3, -2, 0.5])];
      close(binaryKL(tf, s, t), [0.187921]);
      close(tf.grad((z: Tensor) => binaryKL(tf, z, t))(s), [-0.173032, 0.217198, 0]);
      close(binaryKLNorm(tf, s, t), [0.247438]);
      close(tf.grad((z: Tensor) => binaryKLNorm(tf, z, t))(s), [-0.244919, 0.244919, 0]);
      close(softKL(tf, s, t, { temperature: 4 }), [0.28888]);
    }));

  it('contrastive guidance with a negative prompt', () =>
    inTidy(() => {
      const [gamma, eta] = [0.2, 0.6];
      const scores = combine(tf, [
        { z: tf.tensor1d([2, 1, 0]), w: 1 + gamma, space: 'logp' },
        { z: tf.tensor1d([0, 1, 2]), w: -gamma, space: 'logp' },
        { z: tf.tensor1d([1, 1, 0]), w: -eta, space: 'logp' },
      ]);
      close(scores, [0.509591, -0.890409, -1.690409]);
      close(logSoftmax(tf, scores).exp(), [0.736702, 0.181669, 0.081629]);
    }));

  it('kurtosis and the factor made of it', () =>
    inTidy(() => {
      const z = tf.tensor1d([3, 1, 0, 0, -1]);
      close(kurtosis(tf, logSoftmax(tf, z).exp()), [2.044824]);
      close(confidenceFactor(tf, z, 'kurtosis', { reference: 250 }), [6.837756], 4);
      close(confidenceFactor(tf, z), [(2.044824 / (largestKurtosis(5) / 4)) ** -0.4]);
    }));

  it('the projection of a conflicting gradient', () => {
    const [g0, g1] = [tf.tensor1d([1, 2, 0]), tf.tensor1d([-2, 0, 3])];
    const [projected] = projectConflict(tf, [g0], [g1]);
    close(projected!, [-1.6, 0.8, 3]);
    close(g0.add(projected!), [-0.6, 2.8, 3]);
  });

  it('NPO', () => inTidy(() => close(npoLoss(tf, tf.tensor1d([-2]), 0.1), [11.962778])));
});

describe('golden values of statistics', () => {
  it('strengths', () => {
    const w = zermelo([
      [0, 7, 8],
      [2, 0, 6],
      [1, 3, 0],
    ]);
    [3.009842, 0.827411, 0.401546].forEach((value, i) => expect(w[i]).toBeCloseTo(value, 6));
    expect(Math.log(w[0]! / w[2]!)).toBeCloseTo(2.014322, 6);
    const pair = zermelo([
      [0, 7],
      [2, 0],
    ]);
    expect(sigmoid(Math.log(pair[0]! / pair[1]!))).toBeCloseTo(7 / 9, 12);
  });

  it('truth ratio', () => expect(truthRatio(0.5, [1, 2, 3])).toBeCloseTo(4.481689, 6));

  it('Kolmogorov and Smirnov, exact', () => {
    const { statistic, pValue, exact } = ks2([0.1, 0.4, 0.7, 1.2, 2], [0.3, 0.5, 1, 1.5, 3, 4]);
    expect(statistic).toBeCloseTo(1 / 3, 12);
    expect(pValue).toBeCloseTo(0.818182, 6);
    expect(exact).toBe(true);
  });

  it('harmonic mean', () => {
    expect(harmonicMean([1, 2, 4])).toBeCloseTo(12 / 7, 12);
    expect(harmonicMean([1, 0, 4])).toBe(0);
    expect(() => harmonicMean([])).toThrow('no values');
    expect(() => harmonicMean([1, -1])).toThrow('got -1');
  });
});
