import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { energy, kurtosis, maxProb, topGap } from './confidence.ts';
import { entropy } from './entropy.ts';
import { logProbabilities } from './log-softmax.ts';
import { constant } from './own-gradient.ts';
import { alternatives, assertPositive } from './shape.ts';

export interface ConfidenceFactorOptions {
  /** ρ, how much confidence counts. */
  readonly power?: number;
  /** κ₀ of `kurtosis`, where the factor is 1. As published 250, which fits 1000 classes; the default scales it: a quarter of the largest κ. */
  readonly reference?: number;
  /** False: it passes the gradient to z, for whoever attacks a deployed model by its input. */
  readonly frozen?: boolean;
}

/** Gaps count as at least this, so that the factor of an undecided row is large and not infinite. */
const leastGap = 1e-6;

type Factor = (tf: Tensorflow, z: Tensor, k: number, power: number, reference?: number) => Tensor;

/** How each makes the factor of logits [...,K] with K alternatives; those of AMU-Tuning's released code, where gaps have no least. */
const factors = {
  /** `(κ/κ₀)^−ρ`, κ of p; not below the least that K numbers can have. */
  kurtosis: (tf, z, k, power, reference = largestKurtosis(k) / 4) => {
    const kappa = kurtosis(tf, logProbabilities(tf, z).exp());
    return kappa
      .maximum(((k - 1) / k) ** 2)
      .div(reference)
      .pow(-power);
  },
  /** `exp(ρ H/ln K)`. */
  entropy: (tf, z, k, power) =>
    entropy(tf, z)
      .mul(power / Math.log(k))
      .exp(),
  /** `p_(1)^−ρ`. */
  'max-prob': (tf, z, _k, power) => maxProb(tf, z).pow(-power),
  /** `(p_(1) − p_(K))^−ρ`. */
  range: (tf, z, k, power) => topGap(tf, z, k).maximum(leastGap).pow(-power),
  /** `(p_(1) − p_(5))^−ρ`. */
  'top-5': (tf, z, k, power) => topGap(tf, z, Math.min(5, k)).maximum(leastGap).pow(-power),
  /** `(2 log Σ exp(p/2))^−ρ`, of probabilities and thus above 0. */
  energy: (tf, z, _k, power) => energy(tf, logProbabilities(tf, z).exp(), 2).neg().pow(-power),
  /** The standard deviation of p, unbiased; unlike the others it grows with confidence, and ρ has no part in it. */
  std: (tf, z, k) => {
    const p = logProbabilities(tf, z).exp();
    return p
      .sub(1 / k)
      .square()
      .sum(-1, true)
      .div(k - 1)
      .sqrt();
  },
  /** 1. */
  none: (tf, z) => tf.onesLike(z.max(-1, true)),
} satisfies Readonly<Record<string, Factor>>;

/** What the factor is made of. */
export type ConfidenceKind = keyof typeof factors;

/**
 * `u(z)`, the weight that a bias gets beside logits z: small where z is sure. It passes no gradient to z, which is frozen where a bias is trained, unless `frozen` is false.
 *
 * Source: the uncertainty fusion of AMU-Tuning (arXiv 2404.08958).
 * @param z [...,K], K from 2  @returns [...,1]
 */
export const confidenceFactor = op(
  'confidenceFactor',
  (tf, z: Tensor, kind: ConfidenceKind = 'kurtosis', options: ConfidenceFactorOptions = {}): Tensor => {
    const k = alternatives('confidenceFactor', z, 2);
    const { power = 0.4, reference, frozen = true } = options;
    if (reference !== undefined) assertPositive('confidenceFactor', 'reference', reference);
    const factor = (): Tensor => factors[kind](tf, z, k, power, reference);
    return frozen ? constant(tf, z, factor) : factor();
  },
);

/** Kurtosis, std unbiased, of K numbers of which one is 1 and the others 0: `((K−1)⁴ + (K−1))/K³`. */
export function largestKurtosis(k: number): number {
  return ((k - 1) ** 4 + (k - 1)) / k ** 3;
}
