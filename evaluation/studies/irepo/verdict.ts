import { exceeds } from '../seeds.ts';
import type { Claim } from '../study.ts';

/** `exceeds`, which also says how small the figure is on the seed where it is least: the specification asks for every seed. */
export function exceedsOnSeeds(claim: string, values: readonly number[], bound: number, what: string): Claim {
  const verdict = exceeds(claim, values, bound, what);
  if (values.length < 2) return verdict;
  const above = values.filter((value) => value > bound).length;
  return {
    ...verdict,
    evidence: `${verdict.evidence}; least over seeds ${Math.min(...values).toFixed(3)}, ${above} of ${values.length} above`,
  };
}

/** a − b, seed by seed; what one of them lacks is left out. */
export function less(a: readonly number[], b: readonly number[]): number[] {
  return a.flatMap((value, seed) => (b[seed] === undefined ? [] : [value - b[seed]]));
}
