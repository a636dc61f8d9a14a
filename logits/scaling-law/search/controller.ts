import { assertLength } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { adamCoefficients } from '../../../nn/adam.ts';
import { crossEntropy } from '../../cross-entropy.ts';
import { entropy } from '../../entropy.ts';
import { optionCounts } from './space.ts';

export interface ControllerOptions {
  readonly learningRate?: number;
  /** Of the policy, a decision, in nats. */
  readonly entropyBonus?: number;
  /** What the running mean of rewards, the baseline b, keeps. */
  readonly keep?: number;
}

/** Draws architectures, and learns from their rewards. */
export interface Controller {
  sample(rng: Rng): number[];
  /** One update from a batch of choices and their rewards. */
  learn(choices: readonly (readonly number[])[], rewards: readonly number[]): void;
  /** Probabilities of each decision's options. */
  probabilities(): number[][];
}

/**
 * A controller of independent decisions, learnt by REINFORCE: descends `E[(R − b) · −ln π(a)] − bonus · H(π)` by Adam, b the running mean
 * of rewards. Each decision is a row of logits; its loss is the cross-entropy of the option taken, weighted by the advantage.
 *
 * Sources: Williams (1992), "Simple statistical gradient-following algorithms"; Zoph and Le (2017), arXiv 1611.01578, section 3.2.
 */
export function controller({
  learningRate = 0.1,
  entropyBonus = 0.03,
  keep = 0.9,
}: ControllerOptions = {}): Controller {
  const starts = optionCounts.map((_, d) => optionCounts.slice(0, d).reduce((sum, count) => sum + count, 0));
  const size = optionCounts.reduce((sum, count) => sum + count, 0);
  const logits = new Float64Array(size);
  const gradient = new Float64Array(size);
  const slope = new Float64Array(size);
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  let baseline: number | null = null;
  let updates = 0;
  const probabilities = (): number[][] =>
    optionCounts.map((count, d) => {
      const row = logits.subarray(starts[d]!, starts[d]! + count);
      const largest = Math.max(...row);
      const shares = Array.from(row, (z) => Math.exp(z - largest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      return shares.map((share) => share / total);
    });
  return {
    probabilities,
    sample(rng) {
      return probabilities().map((p) => {
        let left = rng.uniform();
        const at = p.findIndex((share) => (left -= share) < 0);
        return at < 0 ? p.length - 1 : at;
      });
    },
    learn(choices, rewards) {
      assertLength(rewards, choices.length, 'rewards', 'controller.learn');
      const average = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
      baseline ??= average;
      gradient.fill(0);
      for (const [d, count] of optionCounts.entries()) {
        const at = starts[d]!;
        for (const [i, choice] of choices.entries()) {
          crossEntropy(logits, at, count, choice[d]!, slope);
          for (let k = at; k < at + count; k++) gradient[k]! += ((rewards[i]! - baseline) * slope[k]!) / choices.length;
        }
        entropy(logits, at, count, slope);
        for (let k = at; k < at + count; k++) gradient[k]! -= entropyBonus * slope[k]!;
      }
      updates += 1;
      const { rate, beta1, beta2, root, epsilon } = adamCoefficients({ learningRate }, updates, 0);
      for (let k = 0; k < size; k++) {
        const g = gradient[k]!;
        mean[k] = beta1 * mean[k]! + (1 - beta1) * g;
        square[k] = beta2 * square[k]! + (1 - beta2) * g * g;
        logits[k]! -= (rate * mean[k]!) / (Math.sqrt(square[k]!) * root + epsilon);
      }
      baseline = keep * baseline + (1 - keep) * average;
    },
  };
}
