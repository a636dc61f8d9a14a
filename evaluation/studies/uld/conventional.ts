import type { Tensor } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { baselineLoss } from '../../../logits/unlearning/baselines.ts';
import type { Baseline, Judged } from '../../../logits/unlearning/baselines.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import type { TrainingCost } from '../../../logits/unlearning/descent.ts';
import { nextTokenLabels } from '../../../logits/unlearning/token-questions.ts';
import type { LoraOptions } from '../../../nn/language/lora.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { Best, byOracle, byValidation } from './contenders.ts';
import type { Contender } from './contenders.ts';
import type { LanguageGround } from './language-ground.ts';
import { conventionalLessons, drawnBy } from './lessons.ts';
import { isOffset, languagePupil, unlearners } from './unlearners.ts';
import type { UnlearnerName } from './unlearners.ts';

export interface ConventionalSchedule {
  readonly epochs: number;
  /** Forget statements of a step, and as many to be kept. */
  readonly half: number;
  /** Each is a trial. */
  readonly learningRates: readonly number[];
  /** Adapters of an offset, and its rates: as many trials. */
  readonly offset: { readonly lora: LoraOptions; readonly learningRates: readonly number[] };
}

/** The weights of one conventional unlearner that would be chosen, by either rule. */
export interface Conventional {
  readonly validation: Contender<Float32Array> | undefined;
  readonly oracle: Contender<Float32Array> | undefined;
  readonly cost: TrainingCost;
}

/** Trains the whole target, or an offset to it, by a conventional objective, at every learning rate, and looks at it after every epoch. */
export async function trainConventional(
  ground: LanguageGround,
  name: UnlearnerName,
  schedule: ConventionalSchedule,
  rng: Rng,
): Promise<Conventional> {
  const { tf, corpus, target } = ground;
  const baseline = unlearners[name];
  const lessons = conventionalLessons(corpus);
  const { half, epochs } = schedule;
  const perEpoch = Math.ceil(lessons.forget.length / half);
  const forget = drawnBy(lessons.forget.length, half, rng.split('forget'));
  const retain = drawnBy(lessons.retain.length, half, rng.split('retain'));
  const validation = new Best<Float32Array>(byValidation);
  const oracle = new Best<Float32Array>(byOracle);
  let cost: TrainingCost = { steps: 0, parameters: 0 };
  for (const learningRate of isOffset(name) ? schedule.offset.learningRates : schedule.learningRates) {
    using pupil = languagePupil(target, name, schedule.offset.lora, rng.split('adapters'));
    const { learner: model } = pupil;
    const examinee = { model };
    const loss = (step: number): Tensor => {
      const asked = forget(step);
      const statements = [
        asked.map((at) => lessons.forget[at]!),
        baseline.retain === 'none' ? [] : retain(step).map((at) => lessons.retain[at]!),
        baseline.forget === 'dpo' ? asked.map((at) => lessons.refusals[at]!) : [],
      ] as const;
      const batch = tokenBatch(statements.flat(), { length: corpus.context });
      const z = model.logits(batch);
      const reference = refers(baseline) ? target.logits(batch) : z;
      const labels = tf.tensor2d(nextTokenLabels(batch), [batch.rows, batch.length], 'int32');
      const valid = tf.tensor2d(Float32Array.from(batch.valid), [batch.rows, batch.length]);
      const part = (from: number, { length }: { readonly length: number }): (Judged & { rows: Tensor }) | undefined =>
        length === 0
          ? undefined
          : {
              z: z.slice(from, length),
              reference: reference.slice(from, length),
              labels: labels.slice(from, length),
              rows: valid.slice(from, length),
            };
      return baselineLoss(tf, baseline, {
        forget: part(0, statements[0])!,
        retain: part(statements[0].length, statements[1]),
        refusal: part(statements[0].length + statements[1].length, statements[2]),
      });
    };
    cost = await descend(tf, model.trained, loss, {
      steps: epochs * perEpoch,
      learningRate,
      every: perEpoch,
      onCheckpoint: async (step) => {
        const glance = await ground.glance(examinee);
        const weights = (await model.trained.read()).slice();
        for (const best of [validation, oracle])
          best.offer(`rate ${learningRate}`, step / perEpoch, glance, () => weights);
      },
    });
  }
  return { validation: validation.best, oracle: oracle.best, cost };
}

function refers({ forget, retain }: Baseline): boolean {
  return forget !== 'ga' || retain === 'kl';
}
