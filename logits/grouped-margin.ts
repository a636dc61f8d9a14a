import type { Floats } from './row.ts';

/**
 * `max_{i∈side} z_i − max_{j∉side} z_j` over bins grouped by the sign of their action: positive once the side wins.
 * Returns the value and writes its gradient `e_i* − e_j*`.
 *
 * With bins of two signs this is the difference of group logits of the bifurcation attack (arXiv 2407.05182); groups are
 * taken from the sign of `values`, never from a bin's position, and a bin whose action is 0 is a third group.
 * @param values [K] the bins' actions  @param side −1, 0 or +1; at least one bin must have it and one must not
 * @param gradient same place as the row; may not alias logits
 */
export function groupedMargin(
  logits: Floats,
  at: number,
  values: readonly number[],
  side: number,
  gradient: Floats,
): number {
  let inside = -1;
  let outside = -1;
  for (let i = 0; i < values.length; i++) {
    if (Math.sign(values[i]!) === side) {
      if (inside < 0 || logits[at + i]! > logits[at + inside]!) inside = i;
    } else if (outside < 0 || logits[at + i]! > logits[at + outside]!) outside = i;
  }
  gradient.fill(0, at, at + values.length);
  gradient[at + inside] = 1;
  gradient[at + outside] = -1;
  return logits[at + inside]! - logits[at + outside]!;
}
