import { ConfigError } from '../core/errors.ts';
import type { AdamStep } from './network.ts';

/** What one Adam step needs of its hyperparameters, the step count and the gradient norm. */
export interface AdamCoefficients {
  /** Bias-corrected learning rate `α / (1 − β₁ᵗ)`. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** `1 / √(1 − β₂ᵗ)`, the bias correction of the second moment's root. */
  readonly root: number;
  readonly epsilon: number;
  /** Factor on the gradient that brings its global norm down to the limit. */
  readonly scale: number;
}

/**
 * `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `θ ← θ − rate·m / (√v·root + ε)` with `g` clipped by the global norm.
 *
 * Source: Kingma and Ba (2015), algorithm 1; clipping as in PyTorch's `clip_grad_norm_` (`c / (‖g‖ + 1e-6)`, at most 1).
 * @param t the step being made, from 1
 * @throws {ConfigError} when ε is not positive or a rate is not a number.
 */
export function adamCoefficients(step: AdamStep, t: number, norm: number): AdamCoefficients {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, maxGradientNorm = 0, gradientScale = 1 } = step;
  if (!(epsilon > 0)) throw new ConfigError(`adam: epsilon is ${epsilon}, expected a positive number`);
  if (!Number.isFinite(learningRate)) throw new ConfigError(`adam: learningRate is ${learningRate}, expected a number`);
  return {
    rate: learningRate / (1 - beta1 ** t),
    beta1,
    beta2,
    root: 1 / Math.sqrt(1 - beta2 ** t),
    epsilon,
    scale: maxGradientNorm > 0 ? Math.min(1, maxGradientNorm / (norm + 1e-6)) : gradientScale,
  };
}
