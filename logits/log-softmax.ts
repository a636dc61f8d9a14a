import type { Floats } from './row.ts';

/**
 * `out = z − log Σ exp z` over one row, shifted by its maximum so that nothing overflows.
 * @param logits [·] row at `at…at+size`  @param out same place, may alias logits
 */
export function logSoftmax(logits: Floats, at: number, size: number, out: Floats): void {
  const end = at + size;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = at; i < end; i++) if (logits[i]! > max) max = logits[i]!;
  let sum = 0;
  for (let i = at; i < end; i++) sum += Math.exp(logits[i]! - max);
  const shift = Math.log(sum);
  for (let i = at; i < end; i++) out[i] = logits[i]! - max - shift;
}
