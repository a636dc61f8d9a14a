import { ShapeError } from '../../core/errors.ts';

/**
 * `n / Σ 1/x`: near the least of the values, 0 if one of them is.
 * @throws {ShapeError} for no values, or one below 0.
 */
export function harmonicMean(values: readonly number[]): number {
  const negative = values.find((value) => value < 0);
  if (values.length === 0 || negative !== undefined)
    throw new ShapeError(`harmonicMean: got ${negative ?? 'no values'}, expected at least one value, all from 0`);
  if (values.includes(0)) return 0;
  return values.length / values.reduce((sum, value) => sum + 1 / value, 0);
}
