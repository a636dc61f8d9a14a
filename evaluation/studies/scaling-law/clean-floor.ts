import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import type { Response } from '../../../logits/scaling-law/response.ts';
import { signs, signStep } from '../../../logits/scaling-law/sign-attack.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';
import { powerLawFit } from '../../../logits/statistic/power-law-fit.ts';
import { accuracyOf } from './accuracy.ts';

/** Slopes of the error against the labels on ε, under FGSM away from the labels. */
export interface CleanFloor {
  readonly clean: number;
  /** Of the error as it is, which has the clean error for a floor, and of what exceeds it. */
  readonly raw: number;
  readonly above: number;
}

/** What becomes of the law where the error is counted against the labels (specs/logit-methods.md 2.1, fitting procedure, 1). */
export async function cleanFloor(
  response: Response,
  { x, labels }: Labelled,
  epsilons: readonly number[],
): Promise<CleanFloor> {
  const rows = labels.length;
  const errorOf = async (shown: Float32Array): Promise<number> =>
    1 - accuracyOf(await logitsOf(response, shown), labels);
  const clean = await errorOf(x);
  const s = await signs(response, x, labels, crossEntropy);
  const shown = new Float32Array(x.length);
  const errors: number[] = [];
  for (const epsilon of epsilons) {
    signStep(x, s, epsilon, shown);
    errors.push(await errorOf(shown));
  }
  const within = { above: 10 / rows, below: 0.1 };
  const above = errors.map((error) => error - clean);
  return {
    clean,
    // Where the excess is fitted, the error itself is taken too.
    raw: powerLawFit(
      epsilons.filter((_, at) => above[at]! > within.above && above[at]! < within.below),
      errors.filter((_, at) => above[at]! > within.above && above[at]! < within.below),
    ).exponent,
    above: powerLawFit(epsilons, above, within).exponent,
  };
}
