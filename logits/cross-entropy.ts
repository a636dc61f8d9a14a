import { logSoftmax } from './log-softmax.ts';
import type { Floats } from './row.ts';

/**
 * `−log softmax(z)_y`; returns the value and writes its gradient `softmax(z) − e_y`.
 * @param gradient same place as the row; may not alias logits
 */
export function crossEntropy(logits: Floats, at: number, size: number, label: number, gradient: Floats): number {
  logSoftmax(logits, at, size, gradient);
  const value = -gradient[at + label]!;
  for (let i = at; i < at + size; i++) gradient[i] = Math.exp(gradient[i]!);
  gradient[at + label]! -= 1;
  return value;
}
