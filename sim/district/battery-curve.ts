import { ConfigError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { CurvePoints } from '../data/dataset.ts';
import type { Curve } from './model.ts';

/** A curve's look-up of one release: `interpolate` or `interpolateClamped` of battery.ts. */
type Lookup = (curve: Curve, at: number) => number;

/** @throws {ConfigError} for fewer than two points, or x that do not ascend. */
export function curveOf(points: CurvePoints, name: string, place: Place): Curve {
  const x = Float64Array.from(points, (point) => point[0]);
  const y = Float64Array.from(points, (point) => point[1]);
  const ascends = x.every((value, i) => Number.isFinite(value) && (i === 0 || value > x[i - 1]!));
  if (points.length < 2 || !ascends || !y.every((value) => Number.isFinite(value)))
    throw new ConfigError(
      `${name} is ${JSON.stringify(points)}, expected at least two points [x, y] with ascending x`,
      { place },
    );
  return { x, y };
}

/**
 * Where a look-up over [0, end] can be lowest or highest: at its ends, its knots, and just beyond the last knot, where some releases jump back to the first
 * segment.
 */
function extremes({ x }: Curve, end: number): number[] {
  const last = x.at(-1)!;
  return [0, end, ...x, last + Math.max(last, 1) * Number.EPSILON].filter((at) => at >= 0 && at <= end);
}

/**
 * The largest power that a battery can ask for, over its nominal one.
 * @throws {ConfigError} where the curve gives a negative power at a state of charge.
 */
export function highestPower(curve: Curve, lookup: Lookup, place: Place): number {
  const powers = extremes(curve, 1).map((soc) => ({ soc, power: lookup(curve, soc) }));
  const wrong = powers.find(({ power }) => !(power >= 0));
  if (wrong !== undefined)
    throw new ConfigError(
      `capacity_power_curve gives ${wrong.power} of the nominal power at a state of charge of ${wrong.soc}, expected a number ≥ 0`,
      { place },
    );
  return Math.max(...powers.map(({ power }) => power));
}

/** @throws {ConfigError} where the curve gives an efficiency outside (0, 1] at a power fraction from 0 to `end`. */
export function checkEfficiency(curve: Curve, lookup: Lookup, end: number, place: Place): void {
  for (const at of extremes(curve, end)) {
    const efficiency = lookup(curve, at);
    if (!(efficiency > 0 && efficiency <= 1))
      throw new ConfigError(
        `power_efficiency_curve gives an efficiency of ${efficiency} at ${at} of the nominal power, expected a number in (0, 1]`,
        { place },
      );
  }
}
