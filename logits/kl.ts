import { logSoftmax } from './log-softmax.ts';
import type { Floats } from './row.ts';

/**
 * `KL(softmax(c) ‖ softmax(z)) = Σ_i p_i (log p_i − log q_i)`; returns the value and writes its gradient by z, `q − p`, which is exactly 0
 * where z is c.
 * @param clean c, at the same place  @param p [≥ size] scratch  @param gradient same place as the row; may not alias logits
 */
export function kl(logits: Floats, clean: Floats, at: number, size: number, p: Float64Array, gradient: Floats): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) max = Math.max(max, clean[at + i]!);
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.exp(clean[at + i]! - max);
  for (let i = 0; i < size; i++) p[i] = clean[at + i]! - max - Math.log(sum);
  logSoftmax(logits, at, size, gradient);
  let value = 0;
  for (let i = 0; i < size; i++) {
    // Both rounded alike, so that the gradient at the clean logits is 0 and not the rounding of p.
    const logP = Math.fround(p[i]!);
    const logQ = Math.fround(gradient[at + i]!);
    const share = Math.exp(logP);
    value += share * (logP - logQ);
    gradient[at + i] = Math.exp(logQ) - share;
  }
  return value;
}
