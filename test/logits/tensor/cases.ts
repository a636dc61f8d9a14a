import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { bernoulliKL, binaryKL, binaryKLNorm } from '../../../logits/tensor/binary-kl.ts';
import { combine } from '../../../logits/tensor/combine.ts';
import { energy, kurtosis, maxProb, topGap } from '../../../logits/tensor/confidence.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import { decoupledKD } from '../../../logits/tensor/decoupled-kd.ts';
import { entropy, entropyPenalty } from '../../../logits/tensor/entropy.ts';
import { groupMargin, margin } from '../../../logits/tensor/group-margin.ts';
import { implicitReward, pairDiff } from '../../../logits/tensor/implicit-reward.ts';
import { labelLogProb } from '../../../logits/tensor/label-log-prob.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import { dpoLoss, ipoLoss, npoLoss, pairRegressionLoss, softDpoLoss } from '../../../logits/tensor/pair-loss.ts';
import { relationalKD } from '../../../logits/tensor/relational-kd.ts';
import { seqLogProb } from '../../../logits/tensor/seq-log-prob.ts';
import { softKL } from '../../../logits/tensor/soft-kl.ts';
import { sortedDeltas } from '../../../logits/tensor/sorted-deltas.ts';
import { standardize } from '../../../logits/tensor/standardize.ts';
import { uniformKL } from '../../../logits/tensor/uniform-kl.ts';
import { weightedMean } from '../../../logits/tensor/weighted-mean.ts';
import { anyShape, batches, count, labels, logits, rows, scalars, sequences, tables } from './harness.ts';
import type { Case, Instance, Shape, Values } from './harness.ts';
import * as by from './reference.ts';

type Loss = (tf: Tensorflow, a: Tensor, b: Tensor, weights: Tensor) => Tensor;

/** What makes one or more numbers of each row of logits. */
const ofRows = (
  name: string,
  compute: (tf: Tensorflow, z: Tensor) => Tensor,
  reference: (z: by.Row) => number | readonly number[],
): Case => ({
  name,
  shapes: anyShape,
  draw: (shape, random) => ({
    inputs: [logits(random, shape)],
    compute,
    reference: (z) => rows(z).flatMap(reference),
  }),
});

/** What makes a weighted mean of two rows of logits. */
const ofRowPairs = (name: string, loss: Loss, reference: (a: by.Row, b: by.Row) => number): Case => ({
  name,
  shapes: anyShape,
  draw(shape, random) {
    const inputs = [logits(random, shape), logits(random, shape)];
    const weights = Float32Array.from({ length: count(shape.lead) }, (_, i) => (i === 1 ? 0 : 0.5 + random.uniform()));
    return {
      inputs,
      compute: (tf, a, b) => loss(tf, a!, b!, tf.tensor(weights, [...shape.lead])),
      reference: (a, b) => [
        weighted(
          rows(a!).map((row, i) => reference(row, rows(b!)[i]!)),
          weights,
        ),
      ],
    };
  },
});

/** What makes a number of numbers [...]. */
const ofScalars = (
  name: string,
  inputs: number,
  compute: (tf: Tensorflow, a: Tensor, b: Tensor) => Tensor,
  reference: (a: by.Row, b: by.Row) => readonly number[],
): Case => ({
  name,
  shapes: batches,
  draw: ({ lead }, random) => ({
    inputs: Array.from({ length: inputs }, () => scalars(random, lead)),
    compute: (tf, a, b) => compute(tf, a!, b!),
    reference: (a, b) => reference([...a!.data], [...(b?.data ?? [])]),
  }),
});

const weighted = (x: by.Row, w: ArrayLike<number>): number =>
  by.sum(x.map((value, i) => value * w[i]!)) / by.sum(Array.from(w));

const groups = ({ k }: Shape): [boolean[], boolean[]] => [
  Array.from({ length: k }, (_, i) => i % 3 === 0),
  Array.from({ length: k }, (_, i) => i % 3 === 1),
];

const grouped = (soft: boolean): Case => ({
  name: `groupMargin${soft ? ', soft' : ''}`,
  shapes: anyShape,
  draw(shape, random) {
    const [a, b] = groups(shape);
    return {
      inputs: [logits(random, shape)],
      compute: (tf, z) => groupMargin(tf, z!, tf.tensor1d(a, 'bool'), tf.tensor1d(b, 'bool'), soft),
      reference: (z) => rows(z!).map((row) => by.groupMargin(row, a, b, soft)),
    };
  },
});

/** A function of logits and labels of the rows. */
const labelled = (
  name: string,
  compute: (tf: Tensorflow, z: Tensor, y: Tensor) => Tensor,
  reference: (z: Values, y: Int32Array) => readonly number[],
): Case => ({
  name,
  shapes: anyShape,
  draw(shape, random): Instance {
    const y = labels(random, shape.lead, shape.k);
    return {
      inputs: [logits(random, shape)],
      compute: (tf, z) => compute(tf, z!, tf.tensor(y, [...shape.lead], 'int32')),
      reference: (z) => reference(z!, y),
    };
  },
});

const sequence = (shifted: boolean): Case => ({
  name: `seqLogProb${shifted ? '' : ' of a trajectory'}`,
  shapes: sequences,
  draw(shape, random) {
    const [batch, steps] = shape.lead as [number, number];
    const ids = labels(random, shape.lead, shape.k);
    const mask = Float32Array.from(ids, () => random.int(2));
    return {
      inputs: [logits(random, shape)],
      compute: (tf, z) =>
        seqLogProb(tf, z!, tf.tensor2d(ids, [batch, steps], 'int32'), tf.tensor2d(mask, [batch, steps]), { shifted }),
      reference: (z) =>
        Array.from({ length: batch }, (_, b) => {
          let total = 0;
          for (let t = shifted ? 1 : 0; t < steps; t++) {
            const at = b * steps + t;
            total -= mask[at]! * by.crossEntropy(rows(z!)[shifted ? at - 1 : at]!, ids[at]!);
          }
          return total;
        }),
    };
  },
});

/** Every differentiable function of logits/tensor. */
export const cases: readonly Case[] = [
  ofRows(
    'logSoftmax',
    (tf, z) => logSoftmax(tf, z),
    (z) => by.logSoftmax(z),
  ),
  ofRows(
    'logSoftmax at T = 2.5',
    (tf, z) => logSoftmax(tf, z, 2.5),
    (z) => by.logSoftmax(z, 2.5),
  ),
  {
    name: 'combine',
    shapes: anyShape,
    draw: (shape, random) => ({
      inputs: [logits(random, shape), logits(random, shape), scalars(random, [...shape.lead, 1])],
      compute: (tf, a, b, w) =>
        combine(tf, [
          { z: a!, w: 1 },
          { z: b!, w: -0.75, space: 'logp' },
          { z: b!, w: w! },
        ]),
      reference: (a, b, w) =>
        rows(a!).flatMap((row, i) => {
          const [other, weight] = [rows(b!)[i]!, w!.data[i]!];
          return row.map((v, j) => v - 0.75 * by.logSoftmax(other)[j]! + weight * other[j]!);
        }),
    }),
  },
  {
    name: 'maskLogits',
    shapes: anyShape,
    draw: (shape, random) => ({
      inputs: [logits(random, shape)],
      compute: (tf, z) => maskLogits(tf, z!, tf.tensor1d(groups(shape)[0], 'bool'), 0),
      reference: (z) => rows(z!).flatMap((row) => row.map((v, j) => (groups(shape)[0][j] ? v : 0))),
    }),
  },
  ofRows(
    'standardize',
    (tf, z) => standardize(tf, z),
    (z) => by.standardize(z, 1),
  ),
  ofRows(
    'standardize by population',
    (tf, z) => standardize(tf, z, { ddof: 0 }),
    (z) => by.standardize(z, 0),
  ),
  ofRows('entropy', (tf, z) => entropy(tf, z), by.entropy),
  ofRows(
    'kurtosis',
    (tf, z) => kurtosis(tf, z),
    (z) => by.kurtosis(z, 1),
  ),
  ofRows(
    'maxProb',
    (tf, z) => maxProb(tf, z),
    (z) => Math.max(...by.softmax(z)),
  ),
  ofRows(
    'topGap',
    (tf, z) => topGap(tf, z),
    (z) => by.topGap(z, 2),
  ),
  ofRows(
    'topGap to the last',
    (tf, z) => topGap(tf, z, z.shape.at(-1)!),
    (z) => by.topGap(z, z.length),
  ),
  ofRows(
    'energy',
    (tf, z) => energy(tf, z),
    (z) => by.energy(z, 1),
  ),
  ofRows(
    'energy at T = 2',
    (tf, z) => energy(tf, z, 2),
    (z) => by.energy(z, 2),
  ),
  ofRows('sortedDeltas', (tf, z) => sortedDeltas(tf, z), by.sortedDeltas),
  grouped(false),
  grouped(true),
  labelled('margin', margin, (z, y) =>
    rows(z).map((row, i) => Math.max(...row.filter((_, j) => j !== y[i])) - row[y[i]!]!),
  ),
  labelled(
    'labelLogProb',
    (tf, z, y) => labelLogProb(tf, z, y, 0.1),
    (z, y) => rows(z).map((row, i) => -by.crossEntropy(row, y[i]!, 0.1)),
  ),
  labelled(
    'crossEntropy',
    (tf, z, y) => crossEntropy(tf, z, y),
    (z, y) => [by.mean(rows(z).map((row, i) => by.crossEntropy(row, y[i]!)))],
  ),
  labelled(
    'crossEntropy, weighted and smoothed',
    (tf, z, y) => crossEntropy(tf, z, y, { weights: y.toFloat().add(0.5), smoothing: 0.2 }),
    (z, y) => [
      weighted(
        rows(z).map((row, i) => by.crossEntropy(row, y[i]!, 0.2)),
        Array.from(y, (v) => v + 0.5),
      ),
    ],
  ),
  ofRowPairs(
    'entropyPenalty',
    (tf, a, b, w) => entropyPenalty(tf, a, -0.7, w).add(entropyPenalty(tf, b, 0.3, w)),
    (a, b) => 0.3 * by.entropy(b) - 0.7 * by.entropy(a),
  ),
  ofRowPairs(
    'uniformKL',
    (tf, a, b, w) => uniformKL(tf, a, w).add(uniformKL(tf, b, w)),
    (a, b) => by.uniformKL(a) + by.uniformKL(b),
  ),
  ofRowPairs(
    'softKL',
    (tf, s, t, weights) => softKL(tf, s, t, { temperature: 3, weights }),
    (s, t) => 9 * by.kl(t, s, 3),
  ),
  ofRowPairs(
    'softKL, reverse',
    (tf, s, t, weights) => softKL(tf, s, t, { direction: 'reverse', weights }),
    (s, t) => by.kl(s, t),
  ),
  ofRowPairs(
    'binaryKL',
    (tf, s, t, weights) => binaryKL(tf, s, t, { weights }),
    (s, t) => by.binaryKL(s, t, 2),
  ),
  ofRowPairs(
    'binaryKLNorm',
    (tf, s, t, weights) => binaryKLNorm(tf, s, t, { weights, temperature: 1.5 }),
    (s, t) => by.binaryKLNorm(s, t, 1.5),
  ),
  ofScalars('bernoulliKL', 2, bernoulliKL, (a, b) => a.map((v, i) => by.bernoulliKL(v, b[i]!))),
  sequence(true),
  sequence(false),
  ofScalars(
    'implicitReward',
    2,
    (tf, a, b) => implicitReward(tf, a, b, 0.3),
    (a, b) => a.map((v, i) => 0.3 * (v - b[i]!)),
  ),
  ofScalars(
    'pairDiff',
    1,
    (tf, r) => pairDiff(tf, r, tf.tensor1d([0, 1, 1], 'int32'), tf.tensor1d([1, 0, 1], 'int32')),
    (r) => [r[0]! - r[1]!, r[1]! - r[0]!, 0],
  ),
  ofScalars('pairRegressionLoss', 2, pairRegressionLoss, (d, t) => [by.mean(d.map((v, i) => (t[i]! - v) ** 2))]),
  ofScalars(
    'dpoLoss',
    1,
    (tf, d) => dpoLoss(tf, d),
    (d) => [-by.mean(d.map(by.logSigmoid))],
  ),
  ofScalars(
    'ipoLoss',
    1,
    (tf, d) => ipoLoss(tf, d, 0.4),
    (d) => [by.mean(d.map((v) => (v / 0.4 - 1.25) ** 2))],
  ),
  ofScalars('softDpoLoss', 2, softDpoLoss, (d, t) => [
    -by.mean(d.map((v, i) => by.sigmoid(t[i]!) * by.logSigmoid(v) + by.sigmoid(-t[i]!) * by.logSigmoid(-v))),
  ]),
  ofScalars(
    'npoLoss',
    1,
    (tf, d) => npoLoss(tf, d, 0.1),
    (d) => [-20 * by.mean(d.map((v) => by.logSigmoid(-0.1 * v)))],
  ),
  ofScalars(
    'weightedMean',
    1,
    (tf, x) => weightedMean(tf, x, tf.range(1, x.size + 1)),
    (x) => [
      weighted(
        x,
        x.map((_, i) => i + 1),
      ),
    ],
  ),
  {
    name: 'decoupledKD',
    shapes: anyShape,
    draw(shape, random) {
      const y = labels(random, shape.lead, shape.k);
      return {
        inputs: [logits(random, shape), logits(random, shape)],
        compute: (tf, s, t) => decoupledKD(tf, s!, t!, tf.tensor(y, [...shape.lead], 'int32'), { temperature: 2 }),
        reference: (s, t) => [by.mean(rows(s!).map((row, i) => by.decoupledKD(row, rows(t!)[i]!, y[i]!, 1, 8, 2)))],
      };
    },
  },
  {
    name: 'relationalKD',
    shapes: tables,
    draw: (shape, random) => ({
      inputs: [logits(random, shape), logits(random, shape)],
      compute: (tf, s, t) => relationalKD(tf, s!, t!, { beta: 2, gamma: 0.5, temperature: 4 }),
      reference: (s, t) => {
        const probabilities = (z: Values): number[][] => rows(z).map((row) => by.softmax(row, 4));
        const [p, q] = [probabilities(s!), probabilities(t!)];
        const column = (x: number[][], j: number): number[] => x.map((row) => row[j]!);
        const inter = by.mean(p.map((row, i) => 1 - by.pearson(row, q[i]!)));
        const intra = by.mean(p[0]!.map((_, j) => 1 - by.pearson(column(p, j), column(q, j))));
        return [16 * (2 * inter + 0.5 * intra)];
      },
    }),
  },
];
