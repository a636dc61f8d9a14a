import { meanInterval } from '../../interval.ts';
import { meanText } from '../seeds.ts';
import type { Claim } from '../study.ts';

/**
 * Whether a figure lies in a range, seeds being the unit, by the rule of `exceeds`: yes where the interval of its mean lies inside (with two to four
 * seeds: all of them), no where it lies outside to one side. One seed decides nothing.
 */
export function within(
  claim: string,
  values: readonly number[],
  [low, high]: readonly [number, number],
  what: string,
): Claim {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { claim, holds: null, evidence: 'nothing was measured for it' };
  const evidence = `${what}: ${meanText(finite, 2)}, to be within ${low.toFixed(2)} and ${high.toFixed(2)}`;
  if (finite.length < values.length)
    return { claim, holds: null, evidence: `${evidence}; ${values.length - finite.length} seeds have too few points` };
  if (finite.length === 1) return { claim, holds: null, evidence: `${evidence}; one seed decides nothing` };
  const interval = meanInterval(finite);
  const lowest = interval?.low ?? Math.min(...finite);
  const highest = interval?.high ?? Math.max(...finite);
  if (lowest >= low && highest <= high) return { claim, holds: true, evidence };
  if (highest < low || lowest > high) return { claim, holds: false, evidence };
  return {
    claim,
    holds: null,
    evidence: `${evidence}; a bound is ${interval === null ? 'between the seeds' : 'in the interval'}`,
  };
}

/** One claim of several: fails where one does, holds where all do, else is undecided; the evidence names those that do not hold. */
export function all(claim: string, parts: readonly Claim[]): Claim {
  if (parts.length === 0) return { claim, holds: null, evidence: 'nothing was measured for it' };
  const open = parts.filter(({ holds }) => holds !== true);
  const holds = open.length === 0 ? true : open.some((part) => part.holds === false) ? false : null;
  const evidence =
    open.length === 0
      ? parts.map((part) => `${part.claim}: ${part.evidence}`).join('; ')
      : `${parts.length - open.length} of ${parts.length} hold; not: ${open.map((part) => `${part.claim} (${part.evidence})`).join('; ')}`;
  return { claim, holds, evidence };
}
