import { meanInterval } from './interval.ts';
import type { Interval } from './interval.ts';

/** Figures of all values there are; null where there are too few for one. */
export interface Spread {
  readonly count: number;
  readonly mean: number | null;
  /** Of a sample: over n − 1. */
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Student's interval of the mean, from five values on. */
  readonly ci95: Interval | null;
}

/** Count, mean, spread and interval of the values that are not null, summed in their order. */
export function spreadOf(all: readonly (number | null)[]): Spread {
  const values = all.filter((value) => value !== null);
  const count = values.length;
  if (count === 0) return { count, mean: null, std: null, min: null, max: null, ci95: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count,
    mean,
    std: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    min: values.reduce((least, value) => Math.min(least, value)),
    max: values.reduce((most, value) => Math.max(most, value)),
    ci95: meanInterval(values),
  };
}
