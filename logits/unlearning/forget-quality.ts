import { harmonicMean } from '../statistic/harmonic-mean.ts';
import { ks2 } from '../statistic/ks2.ts';

/**
 * p-value of the hypothesis that truth ratios on the forget questions are those of a model that was never taught them: 1 where no test tells
 * the two apart, small where something is left, or where too much was done.
 *
 * Source: arXiv 2406.08607, appendix B.3, after TOFU (Maini et al., 2024).
 */
export function forgetQuality(truthRatios: readonly number[], ofRetrained: readonly number[]): number {
  return ks2(truthRatios, ofRetrained).pValue;
}

/** How well a model knows a set of questions that it should know. */
export interface Knowledge {
  /** Share answered exactly: ROUGE-L says no more of answers of two words. */
  readonly accuracy: number;
  /** Mean probability of the right answer. */
  readonly probability: number;
  readonly truthRatios: readonly number[];
}

/**
 * Model utility: harmonic mean of accuracy, probability and `mean max(0, 1 − 1/R)` of every set; 0 if one of them is.
 *
 * Source: arXiv 2406.08607, appendix B.3, after TOFU.
 */
export function modelUtility(sets: readonly Knowledge[]): number {
  return harmonicMean(
    sets.flatMap(({ accuracy, probability, truthRatios }) => [
      accuracy,
      probability,
      truthRatios.reduce((sum, ratio) => sum + Math.max(0, 1 - 1 / ratio), 0) / truthRatios.length,
    ]),
  );
}
