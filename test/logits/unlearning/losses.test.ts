import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { assistantLoss } from '../../../logits/unlearning/assistant-loss.ts';
import { baselineLoss, baselines } from '../../../logits/unlearning/baselines.ts';
import type { Baseline, Judged } from '../../../logits/unlearning/baselines.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { compare, logits, rows } from '../tensor/harness.ts';
import type { Case, Values } from '../tensor/harness.ts';
import { kl, logSigmoid, logSoftmax, mean, sum, uniformKL } from '../tensor/reference.ts';
import * as fc from 'fast-check';

const [batch, length, k] = [3, 4, 5];
const none = -100;
/** y [B,T], some rows without a label; every sequence has at least one. */
const labelled = (seed: number): number[] => {
  const random = rng(seed);
  return Array.from({ length: batch * length }, (_, at) =>
    at % length === 1 || random.uniform() < 0.4 ? random.int(k) : none,
  );
};
const shapes = fc.record({ lead: fc.constant([batch, length]), k: fc.constant(k), seed: fc.nat(1000) });
/** log p of the labels, row by row; 0 where there is none. */
const labelLogProbs = (z: Values, y: readonly number[]): number[] =>
  rows(z).map((row, i) => (y[i]! < 0 ? 0 : logSoftmax(row)[y[i]!]!));
const crossEntropy = (z: Values, y: readonly number[]): number =>
  -sum(labelLogProbs(z, y)) / y.filter((label) => label >= 0).length;
/** s − s^ref of every sequence. */
const logRatios = (z: Values, reference: Values, y: readonly number[]): number[] => {
  const [own, other] = [labelLogProbs(z, y), labelLogProbs(reference, y)];
  return Array.from({ length: batch }, (_, row) =>
    sum(own.slice(row * length, (row + 1) * length).map((value, t) => value - other[row * length + t]!)),
  );
};

describe('losses of unlearning', () => {
  let tf: Tf;
  onBackend('cpu', (opened) => (tf = opened));

  const agrees = async (one: Case): Promise<void> => {
    for (let seed = 0; seed < 4; seed++) {
      const { forward, gradient } = await compare(tf, one, { lead: [batch, length], k, seed });
      expect([one.name, forward < 1e-5, gradient < 1e-4]).toEqual([one.name, true, true]);
    }
  };
  const labels = (y: readonly number[]): Tensor => tf.tensor(y as number[], [batch, length], 'int32');

  it.each([0, 1, 6.5])('the assistant’s is that of equations 3 to 5, β = %f', async (beta) => {
    await agrees({
      name: `assistant ${beta}`,
      shapes,
      draw(shape, random) {
        const y = labelled(shape.seed);
        const weights = y.map((label) => (label < 0 ? 1 : 0));
        return {
          inputs: [logits(random, shape)],
          compute: (_, z) => assistantLoss(tf, z!, labels(y), tf.tensor(weights, [batch, length]), beta),
          reference: (z) => {
            const flat = rows(z!).filter((_row, i) => weights[i] === 1);
            return [crossEntropy(z!, y) + beta * mean(flat.map(uniformKL))];
          },
        };
      },
    });
  });

  const beta = 0.1;
  const forgetting: Record<
    Baseline['forget'],
    (z: Values, ref: Values, y: readonly number[], idk: readonly number[]) => number
  > = {
    ga: (z, _ref, y) => -crossEntropy(z, y),
    npo: (z, ref, y) => (-2 / beta) * mean(logRatios(z, ref, y).map((ratio) => logSigmoid(-beta * ratio))),
    dpo: (z, ref, y, idk) => {
      const [told, refused] = [logRatios(z, ref, y), logRatios(z, ref, idk)];
      return (-2 / beta) * mean(told.map((ratio, i) => logSigmoid(beta * (refused[i]! - ratio))));
    },
  };
  const holding: Record<Baseline['retain'], (z: Values, ref: Values, y: readonly number[]) => number> = {
    none: () => 0,
    gd: (z, _ref, y) => crossEntropy(z, y),
    kl: (z, ref) => mean(rows(z).map((row, i) => kl(rows(ref)[i]!, row))),
  };

  it.each(Object.entries(baselines) as [string, Baseline][])(
    '%s is that of the paper’s appendix A',
    async (name, baseline) => {
      await agrees({
        name,
        shapes,
        draw(shape, random) {
          const [y, idk, kept] = [labelled(shape.seed), labelled(shape.seed + 1000), labelled(shape.seed + 2000)];
          const reference = logits(random, shape);
          // One z for all three parts, so that the gradients of all have to add up.
          const judged = (z: Tensor, of: readonly number[]): Judged => ({
            z,
            reference: tf.tensor(Float32Array.from(reference.data), [batch, length, k]),
            labels: labels(of),
          });
          return {
            inputs: [logits(random, shape)],
            compute: (_, z) =>
              baselineLoss(tf, baseline, {
                forget: judged(z!, y),
                refusal: judged(z!, idk),
                retain: { ...judged(z!, kept), rows: tf.ones([batch, length]) },
              }),
            reference: (z) => [
              forgetting[baseline.forget](z!, reference, y, idk) + holding[baseline.retain](z!, reference, kept),
            ],
          };
        },
      });
    },
  );

  it('takes the KL in the paper’s direction too, weighted, of a policy’s one row a state', async () => {
    const states = { lead: [batch], k, seed: 3 };
    const one: Case = {
      name: 'policy',
      shapes,
      draw(_shape, random) {
        const reference = logits(random, states);
        const y = [1, 0, 4];
        return {
          inputs: [logits(random, states)],
          compute: (_, z) => {
            const own = {
              z: z!,
              reference: tf.tensor(Float32Array.from(reference.data), [batch, k]),
              labels: tf.tensor(y, [batch], 'int32'),
            };
            const objective = { forget: 'npo', retain: 'kl', direction: 'reverse', weight: 2 } as const;
            return baselineLoss(tf, objective, { forget: own, retain: { ...own, rows: tf.tensor([1, 0, 1]) } });
          },
          reference: (z) => {
            const [own, other] = [rows(z!), rows(reference)];
            const ratios = own.map((row, i) => logSoftmax(row)[y[i]!]! - logSoftmax(other[i]!)[y[i]!]!);
            const npo = (-2 / beta) * mean(ratios.map((ratio) => logSigmoid(-beta * ratio)));
            return [npo + 2 * mean([0, 2].map((i) => kl(own[i]!, other[i]!)))];
          },
        };
      },
    };
    const { forward, gradient } = await compare(tf, one, states);
    expect(forward).toBeLessThan(1e-5);
    expect(gradient).toBeLessThan(1e-4);
  });

  it('refuses a batch that lacks what the objective needs', () => {
    const judged = (): Judged => ({ z: tf.zeros([2, k]), reference: tf.zeros([2, k]), labels: tf.zeros([2], 'int32') });
    expect(() => baselineLoss(tf, baselines.DPO, { forget: judged() })).toThrow(ConfigError);
    expect(() => baselineLoss(tf, baselines['NPO+GD'], { forget: judged() })).toThrow(ConfigError);
  });
});
