import type { Rng } from '../../../core/rng.ts';
import { assistantLoss } from '../../../logits/unlearning/assistant-loss.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import type { TrainingCost } from '../../../logits/unlearning/descent.ts';
import { differenceModel } from '../../../logits/unlearning/difference.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import { marginsOf } from '../../../logits/unlearning/margin-rule.ts';
import type { Margins } from '../../../logits/unlearning/margin-rule.ts';
import { nextTokenLabels, uniformWeights } from '../../../logits/unlearning/token-questions.ts';
import type { UniformOn } from '../../../logits/unlearning/token-questions.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { withAdapters } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { Best, byOracle, byValidation } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { phrasings } from './corpus.ts';
import type { Examinee } from './exam.ts';
import type { LanguageGround } from './language-ground.ts';
import { assistantLessons, drawnBy } from './lessons.ts';
import type { Augmentation } from './lessons.ts';

/** What an assistant is, and what it learns by. */
export interface AssistantSetting {
  /** β */
  readonly beta: number;
  readonly uniformOn: UniformOn;
  readonly augmentation: Augmentation;
}

export interface AssistantSchedule {
  /** K, of the target's layers. */
  readonly layers: number;
  readonly rank: number;
  readonly epochs: number;
  /** From one look at it to the next. */
  readonly everyEpochs: number;
  /** Statements of a step, half of them to be forgotten. */
  readonly batch: number;
  readonly learningRate: number;
}

/** An assistant at some point of its training, with the weight of the difference. */
export interface AssistantState {
  readonly weights: Float32Array;
  readonly alpha: number;
  /** Its margins on forget statements in a phrasing that it was not shown. */
  readonly margins: readonly Margins[];
}

/** Weights that are tried of every assistant; 0.75 is the published one. */
export const alphas = [0.5, 0.75, 1, 1.25, 1.5] as const;

/**
 * Two or three times what smoothing leaves to every token, so that some alternatives pass. The published 0.01 lets none pass beside what a
 * model of a hundred tokens knows: it would protect what has to go.
 */
export const filterRate = 3e-3;

export function nameOf({ beta, uniformOn }: AssistantSetting): string {
  return `β ${beta}, uniform on ${uniformOn}`;
}

/** Trained assistants of one arm, and those that would be chosen of them. */
export interface Assistants {
  /** By validation, of each setting alone. */
  readonly each: readonly (Contender<AssistantState> | undefined)[];
  readonly validation: Contender<AssistantState> | undefined;
  readonly oracle: Contender<AssistantState> | undefined;
  readonly cost: TrainingCost;
}

/** An assistant with fresh adapters, which does nothing yet. */
export function assistantOf({ target }: LanguageGround, { layers, rank }: AssistantSchedule, rng: Rng): Transformer {
  return withAdapters(target, { rank, alpha: rank }, rng, layers);
}

/** The target less an assistant. */
export function unlearned(
  { tf, target }: LanguageGround,
  assistant: Transformer,
  alpha: number,
  rate: number = filterRate,
): Examinee {
  const [base, other] = [languageLearner(target), languageLearner(assistant)];
  const options = { alpha, filterRate: rate };
  return {
    model: differenceModel(tf, base, other, options),
    decoded: differenceModel(tf, base, other, { ...options, exclude: true }),
  };
}

/** Trains an assistant by each setting, and looks at it now and then, with every α. */
export async function trainAssistants(
  ground: LanguageGround,
  settings: readonly AssistantSetting[],
  schedule: AssistantSchedule,
  rng: Rng,
): Promise<Assistants> {
  const { tf, corpus } = ground;
  const validation = new Best<AssistantState>(byValidation);
  const oracle = new Best<AssistantState>(byOracle);
  const each = settings.map(() => new Best<AssistantState>(byValidation));
  let cost: TrainingCost = { steps: 0, parameters: 0 };
  for (const [trial, setting] of settings.entries()) {
    const { beta, uniformOn, augmentation } = setting;
    const lessons = assistantLessons(corpus, augmentation, rng.split('lessons'));
    const half = schedule.batch / 2;
    const perEpoch = Math.ceil(lessons.forget.length / half);
    const forget = drawnBy(lessons.forget.length, half, rng.split('forget'));
    const retain = lessons.retain.length === 0 ? undefined : drawnBy(lessons.retain.length, half, rng.split('retain'));
    using assistant = assistantOf(ground, schedule, rng.split('adapters'));
    const loss = (step: number): ReturnType<typeof assistantLoss> => {
      const remembered = forget(step).map((at) => lessons.forget[at]!);
      const flattened = retain?.(step).map((at) => lessons.retain[at]!) ?? [];
      const batch = tokenBatch([...remembered, ...flattened], { length: corpus.context });
      const shape: [number, number] = [batch.rows, batch.length];
      const labels = nextTokenLabels(batch).fill(-100, half * batch.length);
      const divergesAt = [...remembered.map(() => null), ...flattened.map((statement) => statement.divergesAt)];
      const uniform = uniformWeights(batch, divergesAt, uniformOn);
      return assistantLoss(
        tf,
        assistant.logits(batch),
        tf.tensor2d(labels, shape, 'int32'),
        tf.tensor2d(uniform, shape),
        beta,
      );
    };
    cost = await descend(tf, assistant.trained, loss, {
      steps: schedule.epochs * perEpoch,
      learningRate: schedule.learningRate,
      every: schedule.everyEpochs * perEpoch,
      onCheckpoint: async (step) => {
        const margins = await validationMargins(ground, assistant);
        const weights = (await assistant.trained.read()).slice();
        for (const alpha of alphas) {
          const glance = await ground.glance(unlearned(ground, assistant, alpha));
          for (const best of [validation, oracle, each[trial]!])
            best.offer(`${nameOf(setting)}, α ${alpha}`, step / perEpoch, glance, () => ({ weights, alpha, margins }));
        }
      },
    });
  }
  return { validation: validation.best, oracle: oracle.best, each: each.map(({ best }) => best), cost };
}

async function validationMargins({ tf, corpus, target }: LanguageGround, assistant: Transformer): Promise<Margins[]> {
  const batch = tokenBatch(corpus.facts.forget.map((fact) => corpus.statement(fact, phrasings.validation)));
  const [z, za, labels] = tf.tidy(() => [
    target.logits(batch),
    assistant.logits(batch),
    tf.tensor2d(nextTokenLabels(batch), [batch.rows, batch.length], 'int32'),
  ]);
  const margins = await marginsOf(tf, z!, za!, labels!, filterRate);
  tf.dispose([z!, za!, labels!]);
  return margins;
}
