import { logSoftmax } from './log-softmax.ts';
import type { Floats } from './row.ts';

/**
 * `E = Σ_i softmax(z)_i · a_i`, the mean action of a policy that samples its bins. Returns the value and writes its gradient
 * `softmax_i · (a_i − E)`.
 * @param values [K] the bins' actions a  @param gradient same place as the row; may not alias logits
 */
export function expectedAction(logits: Floats, at: number, values: readonly number[], gradient: Floats): number {
  const size = values.length;
  logSoftmax(logits, at, size, gradient);
  let mean = 0;
  for (let i = 0; i < size; i++) {
    const p = Math.exp(gradient[at + i]!);
    gradient[at + i] = p;
    mean += p * values[i]!;
  }
  for (let i = 0; i < size; i++) gradient[at + i]! *= values[i]! - mean;
  return mean;
}
