import type { Scalar } from '@tensorflow/tfjs';
import { CancelledError, ConfigError, NonFiniteError } from '../../core/errors.ts';
import type { BatchOfStep } from './batches.ts';
import { FlatAdam } from './flat-adam.ts';
import type { AdamMemory, AdamOptions } from './flat-adam.ts';
import { rateFactor } from './rate-schedule.ts';
import type { RateSchedule } from './rate-schedule.ts';
import { tokenCrossEntropy } from './token-loss.ts';
import type { TokenLoss } from './token-loss.ts';
import type { Transformer } from './transformer.ts';

export interface TrainingOptions extends AdamOptions {
  readonly batches: BatchOfStep;
  readonly steps: number;
  readonly learningRate: number;
  readonly schedule?: RateSchedule | undefined;
  /** Cross-entropy of the answer tokens. */
  readonly loss?: TokenLoss | undefined;
  /** Steps from one report to the next, in which nothing is read from the device: 10. */
  readonly reportEvery?: number | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How far a training is; means over the steps since the last report. */
export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** All that a training needs to go on as if it had not been interrupted. */
export interface TrainingCheckpoint extends AdamMemory {
  /** [P] of what is trained. */
  readonly weights: Float32Array;
}

/** Trains a transformer, or its adapters. Same options and seed, same bits, on the same backend; the model stays the caller's. */
export class LanguageTrainer implements Disposable {
  readonly #model: Transformer;
  readonly #options: TrainingOptions;
  readonly #adam: FlatAdam;
  #step = 0;

  constructor(model: Transformer, options: TrainingOptions) {
    const { steps, learningRate, schedule = {}, reportEvery = 10 } = options;
    for (const [name, value] of Object.entries({ steps, reportEvery }))
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`training: ${name} is ${value}, expected a positive integer`);
    if (!(learningRate > 0)) throw new ConfigError(`training: learningRate is ${learningRate}, expected above 0`);
    rateFactor(schedule, 0, steps);
    this.#model = model;
    this.#options = options;
    this.#adam = new FlatAdam(model.tf, model.trained, options);
  }

  /** Steps made. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains up to the last step, or up to `until`; the model is whole after every step.
   * @throws {CancelledError} when the signal says so, between two steps. @throws {NonFiniteError} when the loss is no longer a number.
   */
  async train(until: number = this.#options.steps): Promise<void> {
    const { steps, reportEvery = 10, onProgress, signal } = this.#options;
    const last = Math.min(until, steps);
    while (this.#step < last) {
      const due = Math.min(last, this.#step + reportEvery - (this.#step % reportEvery));
      const count = due - this.#step;
      const sums = { loss: 0, norm: 0 };
      const pending: { loss: Scalar; norm: Scalar }[] = [];
      let learningRate = 0;
      try {
        while (this.#step < due) {
          if (signal?.aborted) throw new CancelledError(`training: stopped after ${this.#step} of ${steps} steps`);
          const made = this.#makeStep();
          pending.push(made);
          learningRate = made.learningRate;
        }
        for (const { loss, norm } of pending) {
          sums.loss += (await loss.data())[0]! / count;
          sums.norm += (await norm.data())[0]! / count;
        }
      } finally {
        this.#model.tf.dispose(pending.flatMap(({ loss, norm }) => [loss, norm]));
      }
      if (!Number.isFinite(sums.loss + sums.norm))
        throw new NonFiniteError(
          `training: after step ${this.#step} the loss is ${sums.loss}, the gradient's norm ${sums.norm}`,
        );
      onProgress?.({ step: this.#step, steps, loss: sums.loss, gradientNorm: sums.norm, learningRate });
    }
  }

  async checkpoint(): Promise<TrainingCheckpoint> {
    return { ...(await this.#adam.read()), weights: (await this.#model.trained.read()).slice() };
  }

  /** Goes on from a checkpoint of a training with the same options. @throws {ShapeError} when it is of another model. */
  resume({ weights, ...memory }: TrainingCheckpoint): void {
    this.#model.trained.write(weights);
    this.#adam.write(memory);
    this.#step = memory.step;
  }

  [Symbol.dispose](): void {
    this.#adam[Symbol.dispose]();
  }

  #makeStep(): { readonly loss: Scalar; readonly norm: Scalar; readonly learningRate: number } {
    const { tf, trained } = this.#model;
    const { batches, steps, schedule = {}, loss: lossOf = defaultLoss } = this.#options;
    const batch = batches(this.#step);
    const learningRate = this.#options.learningRate * rateFactor(schedule, this.#step, steps);
    const { value, grads } = tf.valueAndGrads(() => lossOf(tf, this.#model.logits(batch), batch))([...trained.tensors]);
    try {
      const norm = this.#adam.step(grads, learningRate);
      this.#step++;
      return { loss: value as Scalar, norm, learningRate };
    } finally {
      tf.dispose(grads);
    }
  }
}

const defaultLoss = tokenCrossEntropy();
