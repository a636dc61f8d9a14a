import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { margin } from '../../../logits/margin.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import type { Response } from '../../../logits/scaling-law/response.ts';
import { pgd, signs, signStep } from '../../../logits/scaling-law/sign-attack.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';
import { accuracyOf } from './accuracy.ts';

/** Accuracy on the true labels, clean and under attacks away from them. */
export interface Robustness {
  readonly clean: number;
  readonly fgsm: number;
  readonly pgd: number;
  /** PGD on the margin of logits, which no sure softmax can hide. */
  readonly marginPgd: number;
  /** Margin PGD on another network, carried over: the black box. One a surrogate. */
  readonly transfers: readonly number[];
}

/** @param surrogates what the black-box attacker has, at least one  @param rows attacked, the first of those given */
export async function robustness(
  response: Response,
  surrogates: readonly Response[],
  { x, labels }: Labelled,
  epsilon: number,
  rows: number,
): Promise<Robustness> {
  const some = x.subarray(0, rows * response.inputs);
  const y = labels.subarray(0, rows);
  const accuracy = async (shown: Float32Array): Promise<number> => accuracyOf(await logitsOf(response, shown), y);
  const fast = new Float32Array(some.length);
  signStep(some, await signs(response, some, y, crossEntropy), epsilon, fast);
  const carried: number[] = [];
  for (const surrogate of surrogates) carried.push(await accuracy(await pgd(surrogate, some, y, margin, epsilon)));
  return {
    clean: await accuracy(some),
    fgsm: await accuracy(fast),
    pgd: await accuracy(await pgd(response, some, y, crossEntropy, epsilon)),
    marginPgd: await accuracy(await pgd(response, some, y, margin, epsilon)),
    transfers: carried,
  };
}
