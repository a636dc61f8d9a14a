import { z } from 'zod';
import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import { decisionsOf } from '../../logits/distillation/agreement.ts';
import { DenseLearner } from '../../logits/unlearning/dense-learner.ts';
import { publishedDifference } from '../../logits/unlearning/difference.ts';
import { calibratedAlpha, marginsOf } from '../../logits/unlearning/margin-rule.ts';
import { Uld } from '../../logits/unlearning/uld.ts';
import { define } from './define.ts';
import { incidents, stamped } from './incidents.ts';
import type { Incidents } from './incidents.ts';
import type { ModuleGround } from './module.ts';
import type { Feature } from '../../core/space.ts';
import { partsOf } from './network-controller.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { RowDifference } from '../../logits/unlearning/row-difference.ts';
import { fusedAccess, ofController, ofNetwork } from './fused.ts';
import type { RowFusion } from './fused.ts';

const config = z.strictObject({
  alpha: z.number().min(0).max(1000).default(publishedDifference.alpha).meta({
    title: 'Alpha',
    description: 'How much of the assistant is subtracted; 0: nothing.',
  }),
  quantile: z.number().gt(0).max(1).nullable().default(null).meta({
    title: 'Quantile',
    description:
      'Alpha is instead the least with which this share of held-out incidents is forgotten (margin rule); null: as given.',
  }),
  filter: z.number().min(0).max(1).default(publishedDifference.filterRate).meta({
    title: 'Filter',
    description:
      'Alternatives that the victim finds less probable than this, relative to its best, are left as they are; 0: none.',
  }),
  trigger: z.record(z.string(), z.number().min(0).max(1)).default({}).meta({
    title: 'Trigger',
    description:
      'Normalised values of the features of a backdoor, which are stamped on recorded rows; empty: what an attack makes the victim do.',
  }),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .default(0.05)
    .meta({ title: 'Epsilon', description: 'Of that attack (PGD, L-inf, calendar left alone).' }),
  attack_steps: z.int().min(1).max(100).default(10).meta({ title: 'Attack steps', description: 'Of that PGD.' }),
  incidents: z
    .int()
    .min(5)
    .max(10_000)
    .default(100)
    .meta({ title: 'Incidents', description: 'Rows that are to be forgotten.' }),
  retain: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .meta({ title: 'Retain', description: 'Clean rows that are to be kept.' }),
  jitter: z.number().min(0).max(1).default(0.01).meta({
    title: 'Jitter',
    description: 'Deviation of the copies of an incident, normalised units, features of the trigger left alone.',
  }),
  rank: z.int().min(1).max(256).default(16).meta({ title: 'Rank', description: 'Of the assistant’s adapters.' }),
  beta: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .meta({ title: 'Beta', description: 'Weight of knowing nothing about what is kept.' }),
  updates: z.int().min(1).max(100_000).default(600).meta({ title: 'Updates', description: 'Steps of AdamW.' }),
  learning_rate: z.number().positive().max(1).default(5e-3).meta({ title: 'Learning rate' }),
  steps: z
    .int()
    .min(24)
    .max(100_000)
    .default(4380)
    .meta({ title: 'Steps', description: 'Steps of each building that are recorded to draw the rows from.' }),
});

/** Copies of an incident a batch, and rows of either kind. */
const half = 32;

/** Of the incidents, one in so many is held out for the margin rule. */
const heldOut = 5;

/**
 * Unlearning: a small assistant that knows only what the victim does in some incidents is subtracted from its logits, and the weights of the victim
 * stay as they are. An incident is a row with a backdoor's trigger, or one that an attack moved, on which the victim does something else than on the
 * clean row.
 * Source: ULD, arXiv 2406.08607; on a policy: specs/logit-methods.md 1.4.
 */
export const uld = define(
  'ULD: what an attack or a trigger makes the victim do is subtracted (around its logits)',
  'arXiv 2406.08607; specs/logit-methods.md 1',
  config,
  ({
    alpha,
    quantile,
    filter,
    trigger,
    retain,
    jitter,
    rank,
    beta,
    updates,
    learning_rate: learningRate,
    ...search
  }) => ({
    strength: alpha,
    async prepare(ground) {
      const { access } = ground.victim;
      const { observationSize: size, logitsSize: k } = access;
      const parts = partsOf(ground.victim, 'uld');
      if (parts.normaliser !== undefined)
        throw new ConfigError(
          `module 'uld' trains on raw observations, and '${ground.victim.name}' standardises its own`,
        );
      const triggered = featuresOf(ground.features, trigger);
      const found = triggered.length > 0 ? stamped(ground, search.steps, triggered) : await incidents(ground, search);
      const rng = ground.rng;
      const forget = misled(found, rng.split('forget')).slice(0, search.incidents);
      if (forget.length < heldOut)
        throw new ConfigError(
          `the victim does something else than on the clean row in ${forget.length} incidents, expected at least ${heldOut}: there is nothing to forget`,
        );
      const kept = drawn(found.rows, rng.split('retain')).slice(0, retain);
      const wrong = labelsOf(ground, found);
      const [learned, held] = [forget.filter((_, i) => i % heldOut > 0), forget.filter((_, i) => i % heldOut === 0)];
      const tf = await ground.tensors();
      const target = DenseLearner.of(tf, parts.layers, parts.parameters);
      using _target = target;
      const assistant = target.assistant({ rank, alpha: rank }, rng.split('assistant'));
      const every = Math.max(1, Math.floor(updates / 50));
      using module = new Uld(tf, assistant, {
        alpha,
        filterRate: filter,
        beta,
        descent: {
          steps: updates,
          learningRate,
          weightDecay: 0.01,
          every,
          onCheckpoint: (step) => ground.tell(0.9 + (0.1 * step) / updates),
        },
      });
      /** Incidents in the first half, with noise on all but the trigger, and what they made the victim do; clean rows, of which nothing is to be known. */
      const batches = (_step: number, random: Rng) => {
        const x = new Float32Array(2 * half * size);
        const labels = new Int32Array(2 * half).fill(-100);
        const uniform = new Float32Array(2 * half);
        for (let row = 0; row < half; row++) {
          const incident = learned[random.int(learned.length)]!;
          for (let i = 0; i < size; i++) {
            const moved = triggered.some(({ at }) => at === i) ? 0 : jitter * random.normal();
            x[row * size + i] = Math.min(1, Math.max(0, found.shown[incident * size + i]! + moved));
          }
          labels[row] = wrong[incident]!;
          // Half of what is kept are the incidents as they are without trigger or attack.
          const clean = row % 2 === 0 ? kept[random.int(kept.length)]! : incident;
          x.set(found.clean.subarray(clean * size, (clean + 1) * size), (half + row) * size);
          uniform[half + row] = 1;
        }
        return {
          x: tf.tensor2d(x, [2 * half, size]),
          labels: tf.tensor1d(labels, 'int32') as Tensor,
          uniform: tf.tensor1d(uniform) as Tensor,
        };
      };
      await module.fit({ batches }, rng.split('training'));
      const network = createNetwork(assistant.layers);
      network.writeParameters(assistant.merged());
      const used = quantile === null ? alpha : await leastAlpha(quantile);
      const rows = new RowDifference({ alpha: used, filterRate: filter }, k);
      const fused = fusedAccess([ofController(access), ofNetwork(network)], difference(rows, k), access);
      const stillWrong = (chosen: readonly number[]): number => {
        const x = gathered(found.shown, chosen, size);
        const z = new Float32Array(chosen.length * k);
        fused.logits(x, chosen.length, z);
        return decisionsOf(z, k).filter((decision, i) => decision === wrong[chosen[i]!]).length / chosen.length;
      };
      return {
        access: fused,
        figures: {
          alpha: used,
          incidents: learned.length,
          stillWrong: stillWrong(learned),
          stillWrongHeldOut: stillWrong(held),
        },
        dispose: () => network[Symbol.dispose](),
      };

      /** By the margin rule on the incidents that were held out. */
      async function leastAlpha(share: number): Promise<number> {
        const x = gathered(found.shown, held, size);
        const z = new Float32Array(held.length * k);
        const za = new Float32Array(held.length * k);
        access.logits(x, held.length, z);
        network.forward(x, held.length, za);
        const tensors = [tf.tensor2d(z, [held.length, k]), tf.tensor2d(za, [held.length, k])] as const;
        const labels = tf.tensor1d(
          held.map((row) => wrong[row]!),
          'int32',
        );
        const margins = await marginsOf(tf, ...tensors, labels, filter);
        tf.dispose([...tensors, labels]);
        const least = calibratedAlpha(margins, share);
        if (!Number.isFinite(least))
          throw new ConfigError(
            `no alpha forgets ${share} of the held-out incidents: the filter protects what is to be forgotten, or the assistant does not know it`,
          );
        return least;
      }
    },
  }),
);

/** The difference on typed arrays, of the logits of a victim and of its assistant. */
export function difference(rows: RowDifference, k: number): RowFusion {
  return {
    value: ([z, za], _x, row, out) => rows.value(z!, za!, row * k, out),
    slope: ([z], _x, row, dOut, [dZ, dZa]) => rows.slope(z!, row * k, dOut, dZ!, dZa!),
  };
}

/** Where the features of a trigger are observed. @throws {UnknownNameError} for one that is not */
function featuresOf(
  features: readonly Feature[],
  trigger: Readonly<Record<string, number>>,
): { at: number; value: number }[] {
  const names = features.map(({ name }) => name);
  return Object.entries(trigger).map(([name, value]) => {
    const at = names.indexOf(name);
    if (at < 0) throw new UnknownNameError('feature', name, names);
    return { at, value };
  });
}

/** Rows on which the victim does something else, in a random order. */
function misled({ rows, right, wrong }: Incidents, rng: Rng): number[] {
  return drawn(rows, rng).filter((row) => right[row] !== wrong[row]);
}

function drawn(rows: number, rng: Rng): number[] {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  shuffle(order, rng);
  return [...order];
}

/** What the victim does on each shown row, as an alternative. */
function labelsOf({ victim: { access } }: Pick<ModuleGround, 'victim'>, { shown, rows }: Incidents): Int32Array {
  const z = new Float32Array(rows * access.logitsSize);
  access.logits(shown, rows, z);
  return decisionsOf(z, access.logitsSize);
}

function gathered(x: Float32Array, rows: readonly number[], size: number): Float32Array {
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => out.set(x.subarray(row * size, (row + 1) * size), i * size));
  return out;
}
