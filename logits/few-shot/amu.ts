import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel, LogitModule } from '../contract.ts';
import { logitBias } from './auxiliary-head.ts';
import { publishedSchedule } from './descent.ts';
import type { Schedule } from './descent.ts';
import { fuse } from './fusion.ts';
import { publishedSetting, trainHeads } from './trials.ts';
import type { AmuSetting } from './trials.ts';
import { unitRows } from './unit-rows.ts';

/** Labelled inputs of a model that is to be adapted. */
export interface AmuData<X> {
  /** Gives the zero-shot logits. */
  readonly base: LogitModel<X>;
  readonly x: X;
  /** int32 [N] */
  readonly labels: Tensor1D;
}

/** Shares of inputs whose class is told. */
export interface AmuReport {
  readonly zeroShot: number;
  /** By the bias alone. */
  readonly auxiliary: number;
  /** With the same head and u = 1: the ablation of the uncertainty. */
  readonly unweighted: number;
  readonly fused: number;
}

/**
 * AMU-Tuning: `z = z₀ + α·u(z₀)·standardize(f₁·W₁)`, W₁ learned from a few labelled inputs.
 *
 * Source: Tang et al. (2024), arXiv 2404.08958.
 */
export class Amu<X> implements LogitModule<X, AmuData<X>, { readonly shots: number }, AmuReport> {
  readonly id = 'amu';
  readonly #tf: Tensorflow;
  readonly #auxiliary: (x: X) => Tensor2D;
  readonly #setting: AmuSetting;
  readonly #schedule: Schedule;
  #head: Tensor2D | undefined;

  /** @param auxiliary features [B×D] of another encoder than the base's; brought to length 1 here */
  constructor(
    tf: Tensorflow,
    auxiliary: (x: X) => Tensor2D,
    setting: Partial<AmuSetting> = {},
    schedule: Partial<Schedule> = {},
  ) {
    this.#tf = tf;
    this.#auxiliary = auxiliary;
    this.#setting = { ...publishedSetting, ...setting };
    this.#schedule = { ...publishedSchedule, ...schedule };
  }

  /** α. */
  get strength(): number {
    return this.#setting.alpha;
  }

  async fit({ base, x, labels }: AmuData<X>, rng: Rng): Promise<{ readonly shots: number }> {
    const tf = this.#tf;
    const { z0, f1 } = tf.tidy(() => ({ z0: base.logits(x) as Tensor2D, f1: this.#features(x) }));
    const heads = trainHeads(tf, { z0, f1, labels }, [this.#setting], rng, this.#schedule);
    this.#head?.dispose();
    this.#head = heads.squeeze([0]);
    tf.dispose([z0, f1, heads]);
    return { shots: labels.size };
  }

  /** @throws {StateError} when it is asked before `fit`. */
  wrap(base: LogitModel<X>): LogitModel<X> {
    return {
      k: base.k,
      logits: (x) => this.#tf.tidy(() => fuse(this.#tf, base.logits(x), this.#bias(x), this.#setting)),
    };
  }

  /** W₁ [D×C] and how its bias counts, for `RowBias`. @throws {StateError} when it is asked before `fit` */
  trained(): { readonly head: Float32Array; readonly setting: AmuSetting } {
    return { head: this.#fitted().dataSync<'float32'>(), setting: this.#setting };
  }

  async report({ base, x, labels }: AmuData<X>): Promise<AmuReport> {
    const tf = this.#tf;
    const shares = tf.tidy(() => {
      const told = (logits: Tensor): Tensor => logits.argMax(-1).equal(labels).mean();
      const [z0, bias] = [base.logits(x), this.#bias(x)];
      const unweighted = fuse(tf, z0, bias, { ...this.#setting, uncertainty: 'none' });
      return tf.stack([z0, bias, unweighted, fuse(tf, z0, bias, this.#setting)].map(told));
    });
    const [zeroShot, auxiliary, unweighted, fused] = await shares.data();
    shares.dispose();
    return { zeroShot: zeroShot!, auxiliary: auxiliary!, unweighted: unweighted!, fused: fused! };
  }

  #bias(x: X): Tensor {
    return logitBias(this.#tf, this.#features(x), this.#fitted());
  }

  #fitted(): Tensor2D {
    if (this.#head === undefined) throw new StateError('AMU-Tuning: asked before it was fitted; call fit first');
    return this.#head;
  }

  #features(x: X): Tensor2D {
    return unitRows(this.#tf, this.#auxiliary(x)) as Tensor2D;
  }

  [Symbol.dispose](): void {
    this.#head?.dispose();
    this.#head = undefined;
  }
}
