/** Rows of logits: 32-bit in production, 64-bit where a test wants finite differences. */
export type Floats = Float32Array | Float64Array;

/** Index, from `at`, of the largest of `size` logits, `except` left out; the first of equals. −1 when nothing is left. */
export function argMax(logits: Floats, at: number, size: number, except = -1): number {
  let best = -1;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    const z = logits[at + i]!;
    if (i !== except && (z > bestValue || best < 0)) {
      best = i;
      bestValue = z;
    }
  }
  return best;
}
