import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { ConfigError } from '../../core/errors.ts';
import { crossEntropy } from '../tensor/cross-entropy.ts';
import { labelLogProb } from '../tensor/label-log-prob.ts';
import { dpoLoss, npoLoss } from '../tensor/pair-loss.ts';
import { softKL } from '../tensor/soft-kl.ts';
import type { KLDirection } from '../tensor/soft-kl.ts';

/** Logits of some questions by the model that is being changed and by the one it was. */
export interface Judged {
  /** Of θ' [...,K]. */
  readonly z: Tensor;
  /** Of θ, constant [...,K]. */
  readonly reference: Tensor;
  /** y int32 [...], −100 where nothing is asked. */
  readonly labels: Tensor;
}

/** The questions of one step. */
export interface UnlearningBatch {
  /** Of D_f, with the answers that are to be forgotten. */
  readonly forget: Judged;
  /** The same questions with "I don't know" for an answer; only DPO needs it. */
  readonly refusal?: Judged | undefined;
  /** Of D_r; only a retain loss needs it. */
  readonly retain?:
    (Judged & { /** Of the rows [...]: those that the KL is taken over. */ readonly rows: Tensor }) | undefined;
}

/** β of DPO and NPO, as published. */
const publishedBeta = 0.1;

/**
 * Losses that make θ' forget. `s = Σ log p(y|x)` over the answer; `s_idk` is that of the refusal.
 *
 * Source: Ji et al. (2024), arXiv 2406.08607, appendix A. Of DPO the paper prints 1/β and the released code has 2/β, which is taken.
 */
const forgetLosses = {
  /** `−CE`: gradient ascent, unbounded. */
  ga: (tf, { forget }) => crossEntropy(tf, forget.z, forget.labels).neg(),
  /** `−(2/β) E ln σ(β [(s_idk − s_idk^ref) − (s − s^ref)])`. */
  dpo: (tf, { forget, refusal }, beta) => {
    if (refusal === undefined) throw new ConfigError('dpo: the batch has no refusals, expected one for each question');
    return dpoLoss(tf, logRatio(tf, refusal).sub(logRatio(tf, forget)).mul(beta)).mul(2 / beta);
  },
  /** `−(2/β) E ln σ(−β (s − s^ref))`. */
  npo: (tf, { forget }, beta) => npoLoss(tf, logRatio(tf, forget), beta),
} satisfies Record<string, (tf: Tensorflow, batch: UnlearningBatch, beta: number) => Tensor>;

/** What holds θ' back on D_r. */
const retainLosses = {
  none: undefined,
  /** Gradient descent: CE on the answers. */
  gd: (tf, { z, labels }) => crossEntropy(tf, z, labels),
  /** KL to what θ said: `KL(p_θ ‖ p_θ')` as released (`forward`), or `KL(p_θ' ‖ p_θ)` as the paper writes. */
  kl: (tf, { z, reference, rows }, direction) => softKL(tf, z, reference, { weights: rows, direction }),
} satisfies Record<
  string,
  ((tf: Tensorflow, retain: NonNullable<UnlearningBatch['retain']>, direction: KLDirection) => Tensor) | undefined
>;

/** A conventional unlearning objective `−L_f(θ') + λ L_r(θ')` (equation 1), by the names of its parts. */
export interface Baseline {
  readonly forget: keyof typeof forgetLosses;
  readonly retain: keyof typeof retainLosses;
  /** λ: 1, as published. */
  readonly weight?: number;
  /** β of DPO and NPO: 0.1. */
  readonly beta?: number;
  readonly direction?: KLDirection;
}

/** The paper's baselines. */
export const baselines = {
  GA: { forget: 'ga', retain: 'none' },
  'GA+GD': { forget: 'ga', retain: 'gd' },
  'GA+KL': { forget: 'ga', retain: 'kl' },
  DPO: { forget: 'dpo', retain: 'none' },
  'DPO+GD': { forget: 'dpo', retain: 'gd' },
  'DPO+KL': { forget: 'dpo', retain: 'kl' },
  NPO: { forget: 'npo', retain: 'none' },
  'NPO+GD': { forget: 'npo', retain: 'gd' },
  'NPO+KL': { forget: 'npo', retain: 'kl' },
} as const satisfies Record<string, Baseline>;

export type BaselineName = keyof typeof baselines;

/**
 * The loss of one step, a scalar.
 * @throws {ConfigError} when the batch lacks what the objective needs.
 */
export function baselineLoss(tf: Tensorflow, baseline: Baseline, batch: UnlearningBatch): Tensor {
  const { forget, retain, weight = 1, beta = publishedBeta, direction = 'forward' } = baseline;
  return tf.tidy('baselineLoss', () => {
    const forgetting = forgetLosses[forget](tf, batch, beta);
    const held = retainLosses[retain];
    if (held === undefined || weight === 0) return forgetting;
    if (batch.retain === undefined)
      throw new ConfigError(`${forget}+${retain}: the batch has nothing to retain, expected some questions`);
    return forgetting.add(held(tf, batch.retain, direction).mul(weight));
  });
}

/** `s − s^ref` of every question [B]: of logits [B,K] as of [B,T,K], of which the labelled ones are summed. */
function logRatio(tf: Tensorflow, { z, reference, labels }: Judged): Tensor {
  const ratio = labelLogProb(tf, z, labels).sub(labelLogProb(tf, reference, labels));
  return ratio.rank === 1 ? ratio : ratio.sum(Array.from({ length: ratio.rank - 1 }, (_, axis) => axis + 1));
}
