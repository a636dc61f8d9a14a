import { z } from 'zod';
import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import { decisionsOf } from '../../logits/distillation/agreement.ts';
import { Amu } from '../../logits/few-shot/amu.ts';
import { publishedSchedule } from '../../logits/few-shot/descent.ts';
import { publishedSetting } from '../../logits/few-shot/trials.ts';
import { spreadOf } from '../../logits/leveled.ts';
import { RowBias } from '../../logits/few-shot/row-bias.ts';
import { define } from './define.ts';
import { fusedAccess, ofController, ofNetwork } from './fused.ts';
import type { RowFusion } from './fused.ts';
import { incidents } from './incidents.ts';
import { networkOf, withoutHead } from './network-controller.ts';
import { tensorFunction, tensorModel } from './tensor-bridge.ts';

const config = z.strictObject({
  auxiliary: z.string().min(1).meta({
    title: 'Auxiliary',
    description:
      'Another policy; what its last hidden layer makes of an observation is the other view that the head reads.',
  }),
  teacher: z.string().min(1).optional().meta({
    title: 'Teacher',
    description:
      'Who labels the few rows, seeing them clean: a policy of the same alternatives; empty: the victim itself.',
  }),
  alpha: z.number().min(0).max(100).default(publishedSetting.alpha).meta({
    title: 'Alpha',
    description: 'Weight of the bias, in units of the victim’s spread of logits; 0: none.',
  }),
  shots: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .meta({ title: 'Shots', description: 'Labelled rows of each alternative, at most.' }),
  epsilon: z.number().min(0).max(1).default(0.05).meta({
    title: 'Epsilon',
    description: 'The labelled rows are those that PGD (L-inf, calendar left alone) moved so far; 0: clean rows.',
  }),
  attack_steps: z.int().min(1).max(100).default(10).meta({ title: 'Attack steps', description: 'Of that PGD.' }),
  uncertainty: z.enum(['kurtosis', 'none']).default('kurtosis').meta({
    title: 'Uncertainty',
    description: 'What tells how sure the victim is, and so how little the bias counts.',
  }),
  power: z
    .number()
    .min(0)
    .max(4)
    .default(publishedSetting.power)
    .meta({ title: 'Power', description: 'Of that factor.' }),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(publishedSetting.lambda)
    .meta({ title: 'Lambda', description: 'Weight of the fused logits in the loss; the rest is the bias’s alone.' }),
  epochs: z.int().min(1).max(1000).default(publishedSchedule.epochs).meta({ title: 'Epochs' }),
  steps: z
    .int()
    .min(24)
    .max(100_000)
    .default(2190)
    .meta({ title: 'Steps', description: 'Steps of each building that are recorded to draw the rows from.' }),
});

/**
 * A bias on the victim's logits by a small head on another policy's features, learned from a few labelled rows: incidents, as an attack would show
 * them, labelled with what is right on the clean row.
 * Source: AMU-Tuning, arXiv 2404.08958; specs/logit-methods.md 5.4.
 */
export const amu = define(
  'AMU: a bias learned from a few labelled incidents (around its logits)',
  'arXiv 2404.08958; specs/logit-methods.md 5',
  config,
  ({ auxiliary, teacher, alpha, shots, uncertainty, power, lambda, epochs, ...search }) => ({
    strength: alpha,
    policies: { auxiliary, ...(teacher === undefined ? {} : { teacher }) },
    async prepare(ground) {
      const { access } = ground.victim;
      const { observationSize: size, logitsSize: k } = access;
      const other = ground.other(auxiliary);
      if (other.parts === undefined) throw new ConfigError(`'${auxiliary}' is no single network`);
      const found = await incidents(ground, search);
      const judge = teacher === undefined ? access : ground.other(teacher).access;
      const z = new Float32Array(found.rows * k);
      judge.logits(found.clean, found.rows, z);
      const labels = decisionsOf(z, k);
      access.logits(found.clean, found.rows, z);
      const chosen = fewOfEach(labels, k, shots, ground.rng.split('shots'));
      const rows = new Float32Array(chosen.length * size);
      chosen.forEach((row, i) => rows.set(found.shown.subarray(row * size, (row + 1) * size), i * size));
      const tf = await ground.tensors();
      const encoder = networkOf(withoutHead(other.parts));
      const module = new Amu<Tensor>(
        tf,
        tensorFunction(tf, encoder),
        { alpha: alpha * spreadOf(z, k), uncertainty, power, lambda },
        { epochs },
      );
      const dispose = (): void => {
        module[Symbol.dispose]();
        encoder[Symbol.dispose]();
      };
      const x = tf.tensor2d(rows, [chosen.length, size]);
      const y = tf.tensor1d(
        Int32Array.from(chosen, (row) => labels[row]!),
        'int32',
      );
      try {
        const base = tensorModel(tf, access);
        await module.fit({ base, x, labels: y }, ground.rng.split('training'));
        const { zeroShot, auxiliary: alone, fused } = await module.report({ base, x, labels: y });
        return {
          access: fusedAccess(
            [ofController(access), ofNetwork(encoder)],
            biased(module.trained(), encoder.outputs, k),
            access,
          ),
          figures: { shots: chosen.length, victimRight: zeroShot, biasRight: alone, fusedRight: fused },
          dispose,
        };
      } catch (error) {
        dispose();
        throw error;
      } finally {
        tf.dispose([x, y]);
      }
    },
  }),
);

/** What `Amu.wrap` gives, on typed arrays: a tenth of what the tensors cost at a batch of few rows. */
export function biased({ head, setting }: ReturnType<Amu<Tensor>['trained']>, width: number, k: number): RowFusion {
  const { alpha, power, uncertainty } = setting;
  const bias = new RowBias({ head, alpha, power, uncertainty: uncertainty === 'none' ? 'none' : 'kurtosis' }, width, k);
  return {
    value: ([z0, f], _x, row, out) => bias.value(z0!, row * k, f!, row * width, out),
    slope: ([z0, f], _x, row, dOut, [dZ0, dF]) => bias.slope(z0!, row * k, f!, row * width, dOut, dZ0!, dF!),
  };
}

/** Rows drawn at random, at most so many of each label, by label. */
function fewOfEach(labels: Int32Array, k: number, shots: number, rng: Rng): number[] {
  const order = Int32Array.from({ length: labels.length }, (_, row) => row);
  shuffle(order, rng);
  const of = Array.from({ length: k }, (): number[] => []);
  for (const row of order) {
    const own = of[labels[row]!]!;
    if (own.length < shots) own.push(row);
  }
  return of.flat();
}
