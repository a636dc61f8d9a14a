import type { Tensor } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { baselineLoss } from '../../../logits/unlearning/baselines.ts';
import type { Baseline, Judged } from '../../../logits/unlearning/baselines.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import { nextTokenLabels } from '../../../logits/unlearning/token-questions.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import type { LoraOptions } from '../../../nn/language/lora.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import { stopwatch } from './assistants.ts';
import type { Look } from './assistants.ts';
import type { LanguageGround } from './language-ground.ts';
import { conventionalLessons, drawnBy } from './lessons.ts';
import { isOffset, languagePupil, unlearners } from './unlearners.ts';
import type { UnlearnerName } from './unlearners.ts';

export interface ConventionalSchedule {
  readonly epochs: number;
  /** Forget statements of a step, and as many to be kept. */
  readonly half: number;
  /** Each is a training. */
  readonly learningRates: readonly number[];
  /** Adapters of an offset, and its rates: as many trainings. */
  readonly offset: { readonly lora: LoraOptions; readonly learningRates: readonly number[] };
}

/** Trains the whole target, or an offset to it, by a conventional objective, at every learning rate, and shows it after every epoch. */
export async function trainConventional(
  ground: LanguageGround,
  name: UnlearnerName,
  schedule: ConventionalSchedule,
  rng: Rng,
  clock: () => number,
  onLook: (model: LogitModel<TokenBatch>, look: Look) => Promise<void>,
): Promise<void> {
  const { tf, corpus, target } = ground;
  const baseline = unlearners[name];
  const lessons = conventionalLessons(corpus);
  const { half, epochs } = schedule;
  const perEpoch = Math.ceil(lessons.forget.length / half);
  const forget = drawnBy(lessons.forget.length, half, rng.split('forget'));
  const retain = drawnBy(lessons.retain.length, half, rng.split('retain'));
  for (const learningRate of isOffset(name) ? schedule.offset.learningRates : schedule.learningRates) {
    using pupil = languagePupil(target, name, schedule.offset.lora, rng.split('adapters'));
    const { learner: model } = pupil;
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
    const watch = stopwatch(clock);
    await descend(tf, model.trained, loss, {
      steps: epochs * perEpoch,
      learningRate,
      every: perEpoch,
      onCheckpoint: (step) =>
        watch.paused((seconds) =>
          onLook(model, {
            training: `rate ${learningRate}, epoch ${step / perEpoch}`,
            cost: { steps: step, parameters: model.trained.size, seconds },
          }),
        ),
    });
  }
}

function refers({ forget, retain }: Baseline): boolean {
  return forget !== 'ga' || retain === 'kl';
}
