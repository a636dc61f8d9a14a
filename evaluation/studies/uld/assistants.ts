import type { Tensor } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { assistantLoss } from '../../../logits/unlearning/assistant-loss.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import { differenceModel } from '../../../logits/unlearning/difference.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import { marginsOf } from '../../../logits/unlearning/margin-rule.ts';
import type { Margins } from '../../../logits/unlearning/margin-rule.ts';
import { nextTokenLabels, uniformWeights } from '../../../logits/unlearning/token-questions.ts';
import type { UniformOn } from '../../../logits/unlearning/token-questions.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import { withAdapters } from '../../../nn/language/transformer.ts';
import { phrasings } from './corpus.ts';
import type { Examinee } from './exam.ts';
import type { LanguageGround } from './language-ground.ts';
import { assistantLessons, drawnBy } from './lessons.ts';
import type { Augmentation } from './lessons.ts';
import type { LanguageArm } from './setting.ts';

/** What an assistant learns by. */
export interface AssistantSetting {
  /** β */
  readonly beta: number;
  readonly uniformOn: UniformOn;
  readonly augmentation: Augmentation;
}

/** What an assistant is, and how long it learns. */
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

/** An unlearner at some point of its training. */
export interface Look {
  readonly training: string;
  readonly cost: LanguageArm['cost'];
}

/** Weights that are tried of every assistant; 0.75 is the published one. */
export const alphas = [0.5, 0.75, 0.875, 1, 1.25, 1.5] as const;

/**
 * Two or three times what smoothing leaves to every token, so that some alternatives pass. The published 0.01 lets none pass beside what a
 * model of a hundred tokens knows: it would protect what has to go.
 */
export const filterRate = 3e-3;

/** As published: the share of the steps in which the rate rises, and AdamW's decay. */
const published = { warmUp: 0.1, weightDecay: 0.01 };

export function nameOf({ beta, uniformOn }: Pick<AssistantSetting, 'beta' | 'uniformOn'>): string {
  return `β ${beta}, uniform on ${uniformOn}`;
}

/** The target less an assistant. */
export function unlearned(
  { tf, base }: LanguageGround,
  assistant: LogitModel<TokenBatch>,
  alpha: number,
  rate: number,
): Examinee {
  const options = { alpha, filterRate: rate };
  return {
    model: differenceModel(tf, base, assistant, options),
    decoded: differenceModel(tf, base, assistant, { ...options, exclude: true }),
  };
}

/** Trains an assistant, and shows it now and then. @param clock milliseconds */
export async function trainAssistant(
  ground: LanguageGround,
  setting: AssistantSetting,
  schedule: AssistantSchedule,
  rng: Rng,
  clock: () => number,
  onLook: (assistant: LogitModel<TokenBatch>, look: Look) => Promise<void>,
): Promise<void> {
  const { tf, corpus, target } = ground;
  const { beta, uniformOn, augmentation } = setting;
  const { layers, rank, epochs, everyEpochs, batch: size, learningRate } = schedule;
  const lessons = assistantLessons(corpus, augmentation, rng.split('lessons'));
  const half = size / 2;
  const perEpoch = Math.ceil(lessons.forget.length / half);
  const steps = epochs * perEpoch;
  const forget = drawnBy(lessons.forget.length, half, rng.split('forget'));
  const retain = lessons.retain.length === 0 ? undefined : drawnBy(lessons.retain.length, half, rng.split('retain'));
  using assistant = withAdapters(target, { rank, alpha: rank }, rng.split('adapters'), layers);
  const loss = (step: number): Tensor => {
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
  const watch = stopwatch(clock);
  await descend(tf, assistant.trained, loss, {
    steps,
    learningRate,
    schedule: { kind: 'cosine', warmUp: Math.floor(published.warmUp * steps) },
    weightDecay: published.weightDecay,
    every: everyEpochs * perEpoch,
    onCheckpoint: (step) =>
      watch.paused((seconds) =>
        onLook(languageLearner(assistant), {
          training: `${nameOf(setting)}, epoch ${step / perEpoch}`,
          cost: { steps: step, parameters: assistant.trained.size, seconds },
        }),
      ),
  });
}

/** Its margins on the forget statements, in a phrasing that it was not shown. */
export async function validationMargins(
  { tf, corpus, base }: LanguageGround,
  assistant: LogitModel<TokenBatch>,
): Promise<Margins[]> {
  const batch = tokenBatch(corpus.facts.forget.map((fact) => corpus.statement(fact, phrasings.validation)));
  const [z, za, labels] = tf.tidy(() => [
    base.logits(batch),
    assistant.logits(batch),
    tf.tensor2d(nextTokenLabels(batch), [batch.rows, batch.length], 'int32'),
  ]);
  const margins = await marginsOf(tf, z!, za!, labels!, filterRate);
  tf.dispose([z!, za!, labels!]);
  return margins;
}

/** Runs at once, and stands while a training is looked at. @param clock milliseconds */
export function stopwatch(clock: () => number): {
  paused(look: (seconds: number) => Promise<void>): Promise<void>;
} {
  const from = clock();
  let looking = 0;
  return {
    async paused(look) {
      const at = clock();
      await look((at - from - looking) / 1000);
      looking += clock() - at;
    },
  };
}
