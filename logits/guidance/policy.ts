import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel, LogitModule } from '../contract.ts';
import { entropy } from '../tensor/entropy.ts';
import { logSoftmax } from '../tensor/log-softmax.ts';
import { softKL } from '../tensor/soft-kl.ts';
import { steerScores } from './scores.ts';
import { assertSetting } from './setting.ts';
import type { SteerSetting } from './setting.ts';

export interface PolicyGuidance {
  readonly setting: SteerSetting;
  /** b: the nominal policy. What it is put around is the expert f, hardened from it. */
  readonly base: LogitModel<Tensor>;
  /** Recorded observations in which what the expert does was unsafe [N×O]; need not be there where η is 0. */
  readonly unsafe?: Float32Array | undefined;
  /** h, in the unit of the observations: how near an unsafe context has to be to count. Infinity: all count alike. */
  readonly bandwidth?: number | undefined;
}

/** On observations of one's choice; distances in nats, means over rows. */
export interface GuidanceReport {
  /** KL(expert‖steered). */
  readonly divergence: number;
  /** Share of rows whose most probable action has stayed. */
  readonly agreement: number;
  readonly entropy: { readonly expert: number; readonly steered: number };
  /** `Σ_a p(a|x)·p_f(a|unsafe)`: how often it does what the expert would have done in an unsafe context; null where there are none. */
  readonly unsafe: { readonly expert: number; readonly steered: number } | null;
}

/** What `report` measures on. */
interface GuidanceData {
  /** [B×O] */
  readonly x: Tensor2D;
  readonly expert: LogitModel<Tensor>;
}

/**
 * Guidance of a policy: `s = (1+γ)·log π_f(·|x) − γ·log π_b(·|x) − η·log π_f(·|U, x)`, which goes further along what hardening changed, and away from what the
 * expert would do in recorded unsafe contexts: `π_f(·|U, x) = Σ_u w_u π_f(·|u)`, w = softmax(−‖x − u‖²/2h²). Nothing is trained.
 * @throws {ConfigError} for a setting out of range, or η above 0 without unsafe contexts.
 */
export function policyGuidance(
  tf: Tensorflow,
  options: PolicyGuidance,
): LogitModule<Tensor, GuidanceData, { readonly learned: 'nothing' }, GuidanceReport> {
  return new Guidance(tf, options);
}

class Guidance implements LogitModule<Tensor, GuidanceData, { readonly learned: 'nothing' }, GuidanceReport> {
  readonly id = 'steer';
  readonly #tf: Tensorflow;
  readonly #options: PolicyGuidance;

  constructor(tf: Tensorflow, options: PolicyGuidance) {
    const { setting, unsafe, bandwidth = Infinity } = options;
    assertSetting(setting);
    if (setting.eta > 0 && (unsafe === undefined || unsafe.length === 0))
      throw new ConfigError(`guidance: eta is ${setting.eta} without unsafe contexts, expected some`);
    if (!(bandwidth > 0)) throw new ConfigError(`guidance: bandwidth is ${bandwidth}, expected above 0`);
    this.#tf = tf;
    this.#options = options;
  }

  get strength(): number {
    return Math.max(this.#options.setting.gamma, this.#options.setting.eta);
  }

  fit(): Promise<{ readonly learned: 'nothing' }> {
    return Promise.resolve({ learned: 'nothing' });
  }

  wrap(expert: LogitModel<Tensor>): LogitModel<Tensor> {
    const { setting, base } = this.#options;
    if (expert.k !== base.k)
      throw new ShapeError(`guidance: the base has ${base.k} actions, expected the expert's ${expert.k}`);
    if (this.strength === 0 && setting.rho === 0) return expert;
    const tf = this.#tf;
    return {
      k: expert.k,
      logits: (x) =>
        tf.tidy('guidance', () =>
          steerScores(
            tf,
            {
              expert: expert.logits(x),
              base: setting.gamma > 0 ? base.logits(x) : undefined,
              negative: setting.eta > 0 ? this.#inUnsafe(expert, x as Tensor2D) : undefined,
            },
            setting,
          ),
        ),
    };
  }

  async report({ x, expert }: GuidanceData): Promise<GuidanceReport> {
    const tf = this.#tf;
    const figures = tf.tidy(() => {
      const [before, after] = [expert.logits(x), this.wrap(expert).logits(x)];
      const unsafe = this.#options.unsafe === undefined ? undefined : this.#inUnsafe(expert, x).exp();
      const shared = (z: Tensor): Tensor =>
        unsafe === undefined ? tf.scalar(Number.NaN) : logSoftmax(tf, z).exp().mul(unsafe).sum(-1).mean();
      return tf.stack([
        softKL(tf, after, before),
        before.argMax(-1).equal(after.argMax(-1)).mean(),
        entropy(tf, before).mean(),
        entropy(tf, after).mean(),
        shared(before),
        shared(after),
      ]);
    });
    const [divergence, agreement, hBefore, hAfter, unsafeBefore, unsafeAfter] = await figures.data();
    figures.dispose();
    return {
      divergence: divergence!,
      agreement: agreement!,
      entropy: { expert: hBefore!, steered: hAfter! },
      unsafe: this.#options.unsafe === undefined ? null : { expert: unsafeBefore!, steered: unsafeAfter! },
    };
  }

  [Symbol.dispose](): void {
    // Nothing is kept on the device.
  }

  /** `log π_f(·|U, x)` [B×A]. */
  #inUnsafe(expert: LogitModel<Tensor>, x: Tensor2D): Tensor {
    const tf = this.#tf;
    const { unsafe, bandwidth = Infinity } = this.#options;
    const width = x.shape[1];
    if (unsafe!.length % width !== 0)
      throw new ShapeError(`guidance: ${unsafe!.length} values of unsafe contexts, expected rows of ${width}`);
    const contexts = tf.tensor2d(unsafe!, [unsafe!.length / width, width]);
    const p = logSoftmax(tf, expert.logits(contexts)).exp() as Tensor2D;
    const near = tf.softmax(
      x
        .expandDims(1)
        .sub(contexts.expandDims(0))
        .square()
        .sum(-1)
        .mul(-0.5 / bandwidth ** 2),
    );
    return tf
      .matMul(near as Tensor2D, p)
      .maximum(least)
      .log();
  }
}

/** A probability below this is 0 in float32's sums. */
const least = 1e-30;
