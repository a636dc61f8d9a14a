import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { LogitModel, LogitModule, Logits } from '../contract.ts';
import { combine } from '../tensor/combine.ts';
import { align } from './align.ts';
import type { Alignment, PreferenceData } from './align.ts';
import { winMatrix } from './annotator.ts';
import { lineFit } from './line-fit.ts';
import { compare } from './pairs.ts';
import type { Answer, ResponsePolicy } from './policy.ts';

/** A policy of responses whose next decision is a row of logits, so that a module can be put around others. */
export interface DecidingPolicy<X, Y> extends ResponsePolicy<X, Y>, LogitModel<Tensor> {
  copy(): DecidingPolicy<X, Y>;
}

/** What alignment came to, on prompts of one's choice. */
export interface PreferenceReport {
  /** Share of votes for a response of the aligned policy against one of the reference to the same prompt. */
  readonly winRate: number;
  /** `mean ln π_θ/π_ref` of the aligned policy's responses: an estimate of KL(π_θ ‖ π_ref). */
  readonly kl: number;
  /** Of Δr_θ on t over the strongest and weakest of the reference's responses: 1 and 1 where the regression is perfect. */
  readonly slope: number;
  readonly correlation: number;
}

/**
 * iREPO as a logit module of strength s: `z = z_base + s (ln π_θ − ln π_ref)`, the implicit reward over β added to the logits of any model with
 * the same alternatives. Around its own reference s = 1 is the aligned policy, 0 the reference; s between and beyond is the optimum of β/s.
 *
 * Source: iREPO (arXiv 2405.15230); Liu et al. (2024), "Decoding-time Realignment of Language Models", for s.
 */
export class Preference<X, Y> implements LogitModule<
  Tensor,
  PreferenceData<X, Y>,
  { readonly loss: number },
  PreferenceReport
> {
  readonly id = 'irepo';
  readonly strength: number;
  readonly #tf: Tensorflow;
  readonly #options: Alignment;
  readonly #policy: DecidingPolicy<X, Y>;
  readonly #reference: DecidingPolicy<X, Y>;
  readonly #rng: Rng;

  /** @param policy what is aligned, from what it is now; the module's to dispose  @param rng of the responses and votes of its reports */
  constructor(tf: Tensorflow, policy: DecidingPolicy<X, Y>, options: Alignment, strength: number, rng: Rng) {
    this.#tf = tf;
    this.#policy = policy;
    this.#reference = policy.copy();
    this.#options = options;
    this.strength = strength;
    this.#rng = rng;
  }

  fit(data: PreferenceData<X, Y>, rng: Rng): Promise<{ readonly loss: number }> {
    return align(this.#tf, this.#policy, data, this.#options, rng);
  }

  wrap(base: LogitModel<Tensor>): LogitModel<Tensor> {
    if (base.k !== this.#policy.k)
      throw new ShapeError(`preference: the model has ${base.k} alternatives, expected ${this.#policy.k}`);
    if (this.strength === 0) return base;
    const tf = this.#tf;
    return {
      k: base.k,
      logits: (x): Logits =>
        tf.tidy(() =>
          combine(tf, [
            { z: base.logits(x), w: 1 },
            { z: this.#policy.logits(x), w: this.strength, space: 'logp' },
            { z: this.#reference.logits(x), w: -this.strength, space: 'logp' },
          ]),
        ),
    };
  }

  async report({ prompts, panel }: PreferenceData<X, Y>): Promise<PreferenceReport> {
    const rng = this.#rng;
    const { responses, annotators } = this.#options;
    const own = await this.#policy.sample(prompts, 1, rng.split('own'));
    const theirs = await this.#reference.sample(prompts, responses, rng.split('reference'));
    const won = prompts.map((x, n) => {
      const votes = winMatrix(panel, x, [own[n]![0]!, theirs[n]![0]!], annotators, rng.split('votes').split(n));
      return votes[0]![1]! / annotators;
    });
    const labels = prompts.map((x, n) =>
      compare(panel, x, theirs[n]!, { ...this.#options, pairs: 'extremes' }, rng.split('pairs').split(n)),
    );
    const rewards = await this.#rewards(labels.flatMap(({ x, responses }) => responses.map((y) => ({ x, y }))));
    const ofOwn = await this.#rewards(prompts.map((x, n) => ({ x, y: own[n]![0]! })));
    return {
      winRate: meanOf(won),
      kl: meanOf([...ofOwn]) / this.#options.beta,
      ...lineFit(
        labels.map(({ pairs }) => pairs[0]!.target),
        labels.map((_, n) => rewards[2 * n]! - rewards[2 * n + 1]!),
      ),
    };
  }

  /** r_θ [B] */
  async #rewards(answers: readonly Answer<X, Y>[]): Promise<Float32Array> {
    const own = await this.#policy.logProbs(answers);
    const base = await this.#reference.logProbs(answers);
    return own.map((value, n) => this.#options.beta * (value - base[n]!));
  }

  [Symbol.dispose](): void {
    this.#policy[Symbol.dispose]();
    this.#reference[Symbol.dispose]();
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
