import type { Tensor } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel, LogitModule } from '../contract.ts';
import { assistantLoss } from './assistant-loss.ts';
import { descend } from './descent.ts';
import type { DescentOptions, TrainingCost } from './descent.ts';
import { differenceModel, publishedDifference } from './difference.ts';
import type { DifferenceOptions } from './difference.ts';
import type { Learner } from './learner.ts';

/** One step of an assistant's training, forget and retain examples in equal parts. */
export interface AssistantBatch<X> {
  readonly x: X;
  /** y int32 [...] of D'_f, −100 elsewhere. */
  readonly labels: Tensor;
  /** [...] weights of the rows of D'_r that are to be uniform, 0 elsewhere. */
  readonly uniform: Tensor;
}

/** Questions whose answers are known. */
export interface Questions<X> {
  readonly x: X;
  /** int32 [...], −100 where nothing is asked. */
  readonly labels: Tensor;
}

/** What an assistant learns from, and what the deployed model is judged on. */
export interface UldData<X> {
  /** The batch of a step; the caller of it owns its tensors. */
  readonly batches: (step: number, rng: Rng) => AssistantBatch<X>;
  /** θ, of which something is to be forgotten. */
  readonly base: LogitModel<X>;
  readonly forget: Questions<X>;
  readonly retain: Questions<X>;
}

export interface UldSetting extends DifferenceOptions {
  /** β of the objective. */
  readonly beta: number;
  readonly descent: DescentOptions;
}

/** As published for TOFU; trained there for 10 epochs in batches of 32, by AdamW at 1e-3 with a decay of 0.01. */
const published = { ...publishedDifference, beta: 6.5 } as const;

/** Shares of labelled rows that are answered as labelled. */
export interface UldReport {
  readonly forget: { readonly before: number; readonly after: number };
  readonly retain: { readonly before: number; readonly after: number };
}

/**
 * Unlearning from logit difference: an assistant that knows only what is to be forgotten is subtracted from the model, whose weights stay
 * as they are.
 *
 * Source: Ji et al. (2024), "Reversing the Forget-Retain Objectives", arXiv 2406.08607.
 */
export class Uld<X> implements LogitModule<X, UldData<X>, TrainingCost, UldReport> {
  readonly id = 'uld';
  readonly #tf: Tensorflow;
  readonly #assistant: Learner<X> & Disposable;
  readonly #setting: UldSetting;

  /** @param assistant becomes the module's to dispose */
  constructor(
    tf: Tensorflow,
    assistant: Learner<X> & Disposable,
    setting: Pick<UldSetting, 'descent'> & Partial<UldSetting>,
  ) {
    this.#tf = tf;
    this.#assistant = assistant;
    this.#setting = { ...published, ...setting };
  }

  /** α. */
  get strength(): number {
    return this.#setting.alpha;
  }

  fit({ batches }: Pick<UldData<X>, 'batches'>, rng: Rng): Promise<TrainingCost> {
    const { beta, descent } = this.#setting;
    const loss = (step: number): Tensor => {
      const { x, labels, uniform } = batches(step, rng);
      return assistantLoss(this.#tf, this.#assistant.logits(x), labels, uniform, beta);
    };
    return descend(this.#tf, this.#assistant.trained, loss, descent);
  }

  /** @throws {ShapeError} when the model has not the assistant's alternatives. */
  wrap(base: LogitModel<X>): LogitModel<X> {
    return differenceModel(this.#tf, base, this.#assistant, this.#setting);
  }

  async report({ base, forget, retain }: UldData<X>): Promise<UldReport> {
    const model = this.wrap(base);
    const shares = async (of: Questions<X>): Promise<{ before: number; after: number }> => ({
      before: await shareRight(this.#tf, base.logits(of.x), of.labels),
      after: await shareRight(this.#tf, model.logits(of.x), of.labels),
    });
    return { forget: await shares(forget), retain: await shares(retain) };
  }

  [Symbol.dispose](): void {
    this.#assistant[Symbol.dispose]();
  }
}

/** Share of the labelled rows whose first alternative is the label. @param z freed here */
async function shareRight(tf: Tensorflow, z: Tensor, labels: Tensor): Promise<number> {
  const share = tf.tidy(() => {
    const asked = labels.greaterEqual(0).toFloat();
    const right = z.argMax(-1).equal(labels).toFloat().mul(asked);
    return right.sum().div(asked.sum());
  });
  const [value] = await share.data();
  tf.dispose([z, share]);
  return value!;
}
