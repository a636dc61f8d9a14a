import { meanInterval } from '../interval.ts';
import type { Claim } from './study.ts';

/** Mean of one figure over training seeds, with its interval where there are seeds enough for one. */
export function meanText(values: readonly number[], digits = 4): string {
  if (values.length === 0) return '–';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const interval = meanInterval(values);
  const shown = signed(mean, digits);
  if (interval !== null) return `${shown} [${signed(interval.low, digits)}, ${signed(interval.high, digits)}]`;
  return values.length === 1 ? shown : `${shown} (${values.map((value) => signed(value, digits)).join(', ')})`;
}

function signed(value: number, digits: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
}

/**
 * Whether a figure is above a bound, seeds being the unit: yes where the interval of its mean lies above, no where it lies below; with too
 * few seeds for an interval, where all of them agree. One seed decides nothing.
 * @param values one a seed  @param what the figure, for the evidence
 */
export function exceeds(claim: string, values: readonly number[], bound: number, what: string): Claim {
  if (values.length === 0) return { claim, holds: null, evidence: 'nothing was measured for it' };
  const evidence = `${what}: ${meanText(values)}, to be above ${bound}`;
  if (values.length === 1) return { claim, holds: null, evidence: `${evidence}; one seed decides nothing` };
  const interval = meanInterval(values);
  const low = interval?.low ?? Math.min(...values);
  const high = interval?.high ?? Math.max(...values);
  if (low > bound) return { claim, holds: true, evidence };
  if (high < bound) return { claim, holds: false, evidence };
  return {
    claim,
    holds: null,
    evidence: `${evidence}; ${interval === null ? 'the seeds differ' : 'the bound is in the interval'}`,
  };
}

/** Spearman's rank correlation; ties share their mean rank. NaN for fewer than three pairs. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  if (a.length < 3) return Number.NaN;
  const [p, q] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  let product = 0;
  let squaresP = 0;
  let squaresQ = 0;
  for (let i = 0; i < a.length; i++) {
    product += (p[i]! - mean) * (q[i]! - mean);
    squaresP += (p[i]! - mean) ** 2;
    squaresQ += (q[i]! - mean) ** 2;
  }
  return product / Math.sqrt(squaresP * squaresQ);
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}
