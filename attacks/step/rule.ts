import type { Walk } from './walk.ts';
import { confine, stride } from './walk.ts';

/** How a search moves along its gradients; projection is part of the move. */
export interface StepRule {
  /**
   * A row that did not move in a box will not move again, whatever its step size: it may be left alone. So it is for a rule that reads
   * nothing but the gradient's signs.
   */
  readonly settles: boolean;
  /** Whether it reads more of a gradient than signs: it is then given in units of the epsilons, `ε ⊙ ∇L`, 0 where nothing may move. */
  readonly scaled: boolean;
  /** A run begins where the positions stand. */
  begin?(walk: Walk): void;
  /** Moves the rows, after gradient `k` of a run. Returns how many may have moved; of a rule that settles, `moved` tells which. */
  move(walk: Walk, k: number): number;
  /** Puts in `point` where the next gradient is taken, if that is not where the rows stand. */
  lookAhead?(walk: Walk): void;
}

/** `x ← Π(x + step ⊙ v(g))`, v the steepest ascent of the norm: the sign in L-inf. @param single in L1, all of a step on one feature */
export function steepest(single = false): StepRule {
  return { settles: true, scaled: false, move: (walk) => stride(walk, 'gradient', single) };
}

/**
 * APGD's step: `z = Π(x_k + η v(g))`, `x_{k+1} = Π(x_k + α(z − x_k) + (1 − α)(x_k − x_{k−1}))`, α = 0.75, the first time 1.
 * Source: Croce and Hein (2020), arXiv 2003.01690, algorithm 1.
 */
export function blended(alpha = 0.75): StepRule {
  return {
    settles: false,
    scaled: false,
    begin({ buffers }) {
      buffers.last.set(buffers.position);
    },
    move(walk, k) {
      const { buffers, ascent, rows } = walk;
      buffers.held.set(buffers.position);
      stride(walk, 'gradient', false);
      ascent.blend(rows, k === 0 ? 1 : alpha);
      confine(walk);
      return rows;
    },
  };
}

/** `m ← μ m + g / ‖g‖₁`, `x ← Π(x + step ⊙ v(m))`. Source: Dong et al. (2018), arXiv 1710.06081, algorithm 1. */
export function momentum(decay: number): StepRule {
  return {
    settles: false,
    scaled: true,
    begin({ buffers }) {
      buffers.direction.fill(0);
    },
    move(walk) {
      const { ascent, buffers, rows } = walk;
      normaliseL1(buffers.gradient, rows, buffers.size.length);
      buffers.beta.fill(decay);
      ascent.conjugate(rows);
      return stride(walk, 'direction', false);
    },
  };
}

/** Momentum, with the gradient taken ahead: at `Π(x + step · μ ⊙ m)`. Source: Lin et al. (2020), arXiv 1908.06281, equations 6 to 8. */
export function nesterov(decay: number): StepRule {
  return {
    ...momentum(decay),
    lookAhead({ buffers, set, rows }) {
      const { position, point, direction, rate, size, lower, upper } = buffers;
      const features = size.length;
      for (let r = 0, i = 0; r < rows; r++) {
        for (let j = 0; j < features; j++, i++) {
          const to = position[i]! + decay * rate[r]! * size[j]! * direction[i]!;
          // A feature that may not move keeps its bits.
          if (upper[i]! > lower[i]!) point[i] = Math.min(upper[i]!, Math.max(lower[i]!, to));
        }
      }
      if (!set.isBox) set.project(point, rows, buffers.row);
    },
  };
}

/** Which coefficient a conjugate direction carries on with. */
export interface ConjugateOptions {
  /** `code`: Hestenes–Stiefel with the sign that all public code has; `textbook`: its opposite, the coefficient for ascent; `zero`: none. */
  readonly beta: 'code' | 'textbook' | 'zero';
  /** No coefficient below 0. */
  readonly clamp: boolean;
  /** ReACG: a coefficient with which the old direction would prevail gives way to that of the normalised gradients, if that is smaller. */
  readonly rescale: boolean;
}

/**
 * `s_k = g_k + β_k s_{k−1}`, `x ← Π(x + η v(s_k))` with `β = ±⟨g_k, g_k − g_{k−1}⟩ / ⟨s_{k−1}, g_k − g_{k−1}⟩`; 0 where that is no finite
 * number, as where a gradient repeats. Sources: Yamamura et al. (2022), arXiv 2206.09628; ReACG: Yamamura et al. (2024), "Enhancing Output
 * Diversity Improves Conjugate Gradient-based Adversarial Attacks".
 */
export function conjugate({ beta: mode, clamp, rescale }: ConjugateOptions): StepRule {
  let above = new Float64Array(0);
  let below = above;
  const sign = mode === 'textbook' ? -1 : 1;
  const coefficient = (over: number, under: number): number => {
    const value = (sign * over) / under;
    return Number.isFinite(value) && !(clamp && value < 0) ? value : 0;
  };
  return {
    settles: false,
    scaled: true,
    begin({ buffers }) {
      buffers.direction.fill(0);
      buffers.lastGradient.fill(0);
    },
    move(walk) {
      const { ascent, buffers, rows } = walk;
      const { beta, gradient, lastGradient, direction } = buffers;
      if (mode === 'zero') beta.fill(0);
      else {
        if (above.length !== beta.length) {
          above = new Float64Array(beta.length);
          below = new Float64Array(beta.length);
        }
        ascent.differenceProducts(rows, 'gradient', above);
        ascent.differenceProducts(rows, 'direction', below);
        for (let r = 0; r < rows; r++) {
          beta[r] = coefficient(above[r]!, below[r]!);
          if (rescale) beta[r] = rescaled(buffers, r, beta[r]!, coefficient);
        }
      }
      ascent.conjugate(rows);
      lastGradient.set(gradient);
      // A direction that overflowed starts anew.
      for (let i = 0; i < direction.length; i++) if (!Number.isFinite(direction[i]!)) direction[i] = gradient[i]!;
      return stride(walk, 'direction', false);
    },
  };
}

/**
 * ReACG's coefficient of row `r`. That of the normalised gradients is no ratio of like things, `⟨ĝ, Δĝ⟩ / ⟨s, Δĝ⟩`: it falls as gradients grow.
 * It is taken where they are measured in units of the largest epsilon: with equal epsilons it is the one that is published.
 */
function rescaled(
  { gradient, lastGradient, direction, lower, upper, size }: Walk['buffers'],
  r: number,
  beta: number,
  coefficient: (over: number, under: number) => number,
): number {
  const features = size.length;
  const from = r * features;
  const to = from + features;
  let now = 0;
  let before = 0;
  let free = 0;
  let ratio = 0;
  let widest = 0;
  for (let i = from; i < to; i++) {
    widest = Math.max(widest, size[i - from]!);
    now += gradient[i]! * gradient[i]!;
    before += lastGradient[i]! * lastGradient[i]!;
    if (!(upper[i]! > lower[i]!)) continue;
    free++;
    ratio += Math.abs(gradient[i]! / direction[i]!);
  }
  if (!(Math.abs(beta) > ratio / free)) return beta;
  const unit = 1 / (Math.sqrt(now) + 1e-12);
  const lastUnit = 1 / (Math.sqrt(before) + 1e-12);
  let over = 0;
  let under = 0;
  for (let i = from; i < to; i++) {
    const difference = gradient[i]! * unit - lastGradient[i]! * lastUnit;
    over += gradient[i]! * unit * difference;
    under += direction[i]! * difference;
  }
  const normalised = coefficient(widest * over, under);
  return Math.abs(normalised) < Math.abs(beta) ? normalised : beta;
}

function normaliseL1(gradient: Float32Array, rows: number, features: number): void {
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * features; i < (r + 1) * features; i++) sum += Math.abs(gradient[i]!);
    if (sum > 0 && sum < Number.POSITIVE_INFINITY)
      for (let i = r * features; i < (r + 1) * features; i++) gradient[i]! /= sum;
  }
}
