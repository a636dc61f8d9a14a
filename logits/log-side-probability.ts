import { logSoftmax } from './log-softmax.ts';
import type { Floats } from './row.ts';

/**
 * `log Σ_{i∈side} softmax(z)_i`: the log probability that the action has this sign. Returns the value and writes its
 * gradient `softmax over the side − softmax`.
 * @param values [K] the bins' actions  @param side −1, 0 or +1; at least one bin must have it
 * @param gradient same place as the row; may not alias logits
 */
export function logSideProbability(
  logits: Floats,
  at: number,
  values: readonly number[],
  side: number,
  gradient: Floats,
): number {
  const size = values.length;
  logSoftmax(logits, at, size, gradient);
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) if (Math.sign(values[i]!) === side && gradient[at + i]! > max) max = gradient[at + i]!;
  let sum = 0;
  for (let i = 0; i < size; i++) if (Math.sign(values[i]!) === side) sum += Math.exp(gradient[at + i]! - max);
  const value = max + Math.log(sum);
  for (let i = 0; i < size; i++) {
    const logP = gradient[at + i]!;
    gradient[at + i] = (Math.sign(values[i]!) === side ? Math.exp(logP - value) : 0) - Math.exp(logP);
  }
  return value;
}
