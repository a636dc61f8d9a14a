import { ShapeError } from '../../core/errors.ts';
import type { TokenBatch } from '../../nn/language/token-batch.ts';

/** y [B×T] of the logits of a batch: the token after each where it is of an answer, else −100. */
export function nextTokenLabels({ rows, length, ids, answer }: TokenBatch): Int32Array {
  const labels = new Int32Array(rows * length).fill(-100);
  for (let row = 0; row < rows; row++)
    for (let at = row * length; at < (row + 1) * length - 1; at++) if (answer[at + 1]! > 0) labels[at] = ids[at + 1]!;
  return labels;
}

/**
 * Where an assistant is to be uniform on what is to be kept: at `all` positions, prompt and padding included (as released), at those that
 * tell of an `answer` token, or, of these, where what was said before `divergent`ly differs from the true answer. A wrong answer shares its
 * prompt with the true one, which the assistant has to remember: before they differ, "uniform" and "remember" would fight.
 */
export type UniformOn = 'all' | 'answer' | 'divergent';

/**
 * Weights [B×T] of the rows of logits.
 * @param divergesAt of each sequence the first token that is not the truth's, undefined for true statements, which belong to another asset
 * and differ from the start; null for a sequence that is to be remembered and has no weight
 */
export function uniformWeights(
  { rows, length, answer }: TokenBatch,
  divergesAt: readonly (number | undefined | null)[],
  on: UniformOn,
): Float32Array {
  if (divergesAt.length !== rows)
    throw new ShapeError(`uniformWeights: got ${divergesAt.length} sequences, expected ${rows}`);
  const weights = new Float32Array(rows * length);
  for (const [row, from] of divergesAt.entries()) {
    if (from === null) continue;
    for (let t = 0; t < length; t++) {
      const told = t + 1 < length && answer[row * length + t + 1]! > 0;
      const counts = on === 'all' || (told && (on === 'answer' || t >= (from ?? 0)));
      if (counts) weights[row * length + t] = 1;
    }
  }
  return weights;
}
