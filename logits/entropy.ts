import { logSoftmax } from './log-softmax.ts';
import type { Floats } from './row.ts';

/**
 * `H = −Σ p ln p` of softmax(z), in nats; returns the value and writes its gradient `−p (ln p + H)`. 0 ln 0 is 0.
 * @param gradient same place as the row; may not alias logits
 */
export function entropy(logits: Floats, at: number, size: number, gradient: Floats): number {
  logSoftmax(logits, at, size, gradient);
  let value = 0;
  for (let i = at; i < at + size; i++) {
    const p = Math.exp(gradient[i]!);
    if (p > 0) value -= p * gradient[i]!;
  }
  for (let i = at; i < at + size; i++) {
    const p = Math.exp(gradient[i]!);
    gradient[i] = p > 0 ? -p * (gradient[i]! + value) : 0;
  }
  return value;
}
