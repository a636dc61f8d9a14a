import type { Floats } from './row.ts';

/**
 * `sign · (R_{i∈g} z_i − R_{j∉g} z_j)`, R the maximum or, soft, the log of the sum of exponentials; both groups need a bin. Returns the
 * value and writes its gradient. The soft one is the log odds `log P(g) − log(1 − P(g))` of the group.
 * @param groupOf [K] the group of each bin  @param group g  @param gradient same place as the row; may not alias logits
 */
export function groupMargin(
  logits: Floats,
  at: number,
  groupOf: Int32Array,
  group: number,
  soft: boolean,
  gradient: Floats,
  sign: 1 | -1,
): number {
  const size = groupOf.length;
  let inside = -1;
  let outside = -1;
  for (let i = 0; i < size; i++) {
    if (groupOf[i] === group) {
      if (inside < 0 || logits[at + i]! > logits[at + inside]!) inside = i;
    } else if (outside < 0 || logits[at + i]! > logits[at + outside]!) outside = i;
  }
  const most = logits[at + inside]!;
  const mostOther = logits[at + outside]!;
  if (!soft) {
    gradient.fill(0, at, at + size);
    gradient[at + inside] = sign;
    gradient[at + outside] = -sign;
    return sign * (most - mostOther);
  }
  let own = 0;
  let others = 0;
  for (let i = 0; i < size; i++) {
    if (groupOf[i] === group) own += Math.exp(logits[at + i]! - most);
    else others += Math.exp(logits[at + i]! - mostOther);
  }
  for (let i = 0; i < size; i++) {
    gradient[at + i] =
      groupOf[i] === group
        ? (sign * Math.exp(logits[at + i]! - most)) / own
        : (-sign * Math.exp(logits[at + i]! - mostOther)) / others;
  }
  return sign * (most - mostOther + Math.log(own) - Math.log(others));
}
