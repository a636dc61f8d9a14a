import { z } from 'zod';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';
import { toNormalised, toPhysical } from '../../core/space.ts';
import type { Intervals } from './intervals.ts';
import type { Rule, Setting } from './rule.ts';
import { rounding } from './intervals.ts';

export const circleConfig = z.strictObject({
  pairs: z.array(z.string().min(1)).min(1).optional().meta({
    title: 'Pairs',
    description: 'Calendar features without _cos and _sin (month, day_type, hour); empty: all that are observed.',
  }),
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .default(0.001)
    .meta({ title: 'Tolerance', description: 'How far √(cos² + sin²) may be from 1.' }),
  whole: z.boolean().default(false).meta({
    title: 'Whole',
    description: 'Only the points that the calendar has: whole months, days and hours. Else any point of the circle.',
  }),
});

interface Pair {
  readonly cos: number;
  readonly sin: number;
  /** [2×points] cosine and sine of whole months, days or hours. */
  readonly points: Float64Array;
}

/** Cycles of CityLearn's calendar. A day type has 7 or 8, told by the limits of its features. */
const cycles: Readonly<Record<string, readonly number[]>> = {
  month: [12],
  day_type: [7, 8],
  hour: [24],
  minutes: [60],
};

/**
 * `|√(c'² + s'²) − 1| ≤ τ` for cosine and sine of a calendar pair, physical (CityLearn codes them as (c + 1)/2, or by the limits of the
 * values that occur); the nearest point is nearest in the plane of cosine and sine. `whole`: (c', s') is a point that the calendar has.
 */
export function circleRule(options: z.output<typeof circleConfig>, { features }: Setting): Rule {
  const { tolerance, whole } = options;
  const pairs = pairsOf(options.pairs, features, whole);
  let clean: Float32Array = new Float32Array(0);
  let intervals: Intervals | undefined;
  let room = new Uint8Array(0);
  // The nearest so far: normalised cosine and sine.
  const best = { cos: 0, sin: 0, distance: Infinity };

  /** Radii that are allowed of a pair whose truth is (c, s). */
  const least = (radius: number): number => Math.min(1 - tolerance, radius);
  const most = (radius: number): number => Math.max(1 + tolerance, radius);
  const radiusOf = ({ cos, sin }: Pair, values: ArrayLike<number>, at: number): number =>
    Math.hypot(toPhysical(features[cos]!, values[at + cos]!), toPhysical(features[sin]!, values[at + sin]!));

  /** Takes a point, normalised, if it is in the box and nearer to (c, s) than the best. */
  function offer(pair: Pair, i: number, c: number, s: number, cos: number, sin: number): void {
    const { lower, upper } = intervals!;
    const a = Math.fround(cos);
    const b = Math.fround(sin);
    if (!(a >= lower[i + pair.cos]! && a <= upper[i + pair.cos]!)) return;
    if (!(b >= lower[i + pair.sin]! && b <= upper[i + pair.sin]!)) return;
    const distance = Math.hypot(toPhysical(features[pair.cos]!, a) - c, toPhysical(features[pair.sin]!, b) - s);
    if (!(distance < best.distance)) return;
    best.cos = a;
    best.sin = b;
    best.distance = distance;
  }

  /** The nearest to (c, s) on the edge where one coordinate is `edge`, physical: the other is held within its ends and the ring. */
  function offerEdge(
    pair: Pair,
    i: number,
    c: number,
    s: number,
    onCos: boolean,
    upperEnd: boolean,
    inner: number,
    outer: number,
  ): void {
    const { lower, upper } = intervals!;
    const [fixed, loose] = onCos ? [pair.cos, pair.sin] : [pair.sin, pair.cos];
    const end = (upperEnd ? upper : lower)[i + fixed]!;
    const edge = toPhysical(features[fixed]!, end);
    if (Math.abs(edge) > outer) return;
    const far = Math.sqrt(outer * outer - edge * edge);
    const near = Math.sqrt(Math.max(0, inner * inner - edge * edge));
    const feature = features[loose]!;
    const one = toPhysical(feature, lower[i + loose]!);
    const other = toPhysical(feature, upper[i + loose]!);
    const wanted = onCos ? s : c;
    for (let side = -1; side <= 1; side += 2) {
      const low = Math.max(Math.min(one, other), side < 0 ? -far : near);
      const high = Math.min(Math.max(one, other), side < 0 ? -near : far);
      if (low > high) continue;
      const value = toNormalised(feature, Math.min(Math.max(wanted, low), high));
      const held = Math.min(Math.max(value, lower[i + loose]!), upper[i + loose]!);
      if (onCos) offer(pair, i, c, s, end, held);
      else offer(pair, i, c, s, held, end);
    }
  }

  /** Finds the nearest allowed point of a pair to (c, s), physical, in `best`. */
  function search(pair: Pair, i: number, c: number, s: number): void {
    best.distance = Infinity;
    offer(pair, i, c, s, clean[i + pair.cos]!, clean[i + pair.sin]!);
    if (whole) {
      for (let k = 0; k < pair.points.length; k += 2) offer(pair, i, c, s, pair.points[k]!, pair.points[k + 1]!);
      return;
    }
    const truth = radiusOf(pair, clean, i);
    // A float32 pair that is put on the edge of the ring may come to lie a little outside.
    const margin = Math.min(tolerance, rounding / 2);
    const inner = Math.min(least(truth) + margin, 1);
    const outer = Math.max(most(truth) - margin, 1);
    const radius = Math.hypot(c, s);
    if (radius > 0) {
      const scale = Math.min(Math.max(radius, inner), outer) / radius;
      offer(pair, i, c, s, toNormalised(features[pair.cos]!, c * scale), toNormalised(features[pair.sin]!, s * scale));
    }
    for (let edge = 0; edge < 4; edge++) offerEdge(pair, i, c, s, edge < 2, edge % 2 === 1, inner, outer);
  }

  const fixed = (pair: Pair, i: number): boolean =>
    !(intervals!.lower[i + pair.cos]! < intervals!.upper[i + pair.cos]!) &&
    !(intervals!.lower[i + pair.sin]! < intervals!.upper[i + pair.sin]!);

  /** The box of a pair shrinks to that of the points in it. */
  function narrowToPoints(pair: Pair, i: number, ends: Intervals): void {
    const [cos, sin] = [i + pair.cos, i + pair.sin];
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let k = -2; k < pair.points.length; k += 2) {
      const a = k < 0 ? clean[cos]! : pair.points[k]!;
      const b = k < 0 ? clean[sin]! : pair.points[k + 1]!;
      if (a < ends.lower[cos]! || a > ends.upper[cos]! || b < ends.lower[sin]! || b > ends.upper[sin]!) continue;
      west = Math.min(west, a);
      east = Math.max(east, a);
      south = Math.min(south, b);
      north = Math.max(north, b);
    }
    if (west === Infinity) return;
    ends.keep(cos, west, east);
    ends.keep(sin, south, north);
  }

  /** Whether a pair is where it may be. */
  function allowed(
    pair: Pair,
    values: ArrayLike<number>,
    x: ArrayLike<number>,
    at: number,
    i: number,
    slack: number,
  ): boolean {
    if (values[at + pair.cos] === x[i + pair.cos] && values[at + pair.sin] === x[i + pair.sin]) return true;
    if (whole) {
      for (let k = 0; k < pair.points.length; k += 2) {
        const away = Math.max(
          Math.abs(values[at + pair.cos]! - pair.points[k]!),
          Math.abs(values[at + pair.sin]! - pair.points[k + 1]!),
        );
        if (away <= slack) return true;
      }
      return false;
    }
    const radius = radiusOf(pair, values, at);
    const truth = radiusOf(pair, x, i);
    return radius >= least(truth) - slack && radius <= most(truth) + slack;
  }

  return {
    phase: 'part',
    lag: 0,
    narrow({ x }, row, i, ends) {
      clean = x;
      intervals = ends;
      if (room.length * features.length !== x.length) room = new Uint8Array(x.length / features.length);
      room[row] = 0;
      for (let k = 0; k < pairs.length; k++) {
        const pair = pairs[k]!;
        if (fixed(pair, i)) {
          if (!allowed(pair, ends.lower, x, i, i, rounding)) ends.giveWay(row);
          continue;
        }
        room[row] = 1;
        if (whole) narrowToPoints(pair, i, ends);
        search(
          pair,
          i,
          toPhysical(features[pair.cos]!, x[i + pair.cos]!),
          toPhysical(features[pair.sin]!, x[i + pair.sin]!),
        );
        if (best.distance === Infinity) ends.giveWay(row);
      }
    },
    part: {
      features: pairs.flatMap(({ cos, sin }) => [cos, sin]),
      inBox: true,
      project(point, p, i) {
        const { lower, upper } = intervals!;
        for (let k = 0; k < pairs.length; k++) {
          const pair = pairs[k]!;
          if (fixed(pair, i)) continue;
          const a = Math.fround(point[p + pair.cos]!);
          const b = Math.fround(point[p + pair.sin]!);
          const inBox =
            a >= lower[i + pair.cos]! &&
            a <= upper[i + pair.cos]! &&
            b >= lower[i + pair.sin]! &&
            b <= upper[i + pair.sin]!;
          if (inBox && onRing(pair, point, p, i)) continue;
          search(
            pair,
            i,
            toPhysical(features[pair.cos]!, point[p + pair.cos]!),
            toPhysical(features[pair.sin]!, point[p + pair.sin]!),
          );
          if (best.distance === Infinity) continue;
          point[p + pair.cos] = best.cos;
          point[p + pair.sin] = best.sin;
        }
      },
    },
    broken: ({ x }, _row, i, out) => pairs.find((pair) => !allowed(pair, out, x, i, i, 2 * rounding))?.cos ?? -1,
    stopped: (row) => room[row] === 1,
  };

  /** Whether the numbers of a point, as the float32 that they will be, are on the ring already: then they stay. */
  function onRing(pair: Pair, point: Float32Array | Float64Array, p: number, i: number): boolean {
    return allowed(pair, point, clean, p, i, whole ? 0 : rounding);
  }
}

function pairsOf(wanted: readonly string[] | undefined, features: readonly Feature[], whole: boolean): Pair[] {
  const position = (name: string): number => features.findIndex((feature) => feature.name === name);
  const observed = features.flatMap(({ name }) => {
    const base = name.replace(/_cos$/, '');
    return base !== name && position(`${base}_sin`) >= 0 ? [base] : [];
  });
  if (observed.length === 0)
    throw new ConfigError('constraint circle: no pair of …_cos and …_sin is observed', {
      place: { path: '/threat/constraints/circle' },
    });
  return (wanted ?? observed).map((name) => {
    if (!observed.includes(name))
      throw new UnknownNameError('calendar pair', name, observed, { path: '/threat/constraints/circle/pairs' });
    const cos = position(`${name}_cos`);
    const sin = position(`${name}_sin`);
    const points = pointsOf(name, features[cos]!, features[sin]!);
    if (whole && points.length === 0)
      throw new ConfigError(
        `constraint circle: how many points '${name}' has is not known, so it cannot be held to whole ones; known: ${Object.keys(cycles).join(', ')}`,
        { place: { path: '/threat/constraints/circle/whole' } },
      );
    return { cos, sin, points };
  });
}

/** The whole points of a cycle, as the float32 numbers that the observation has for them. */
function pointsOf(name: string, cos: Feature, sin: Feature): Float64Array {
  const turns = (period: number): number[][] =>
    Array.from({ length: period }, (_, k) => [
      Math.cos((2 * Math.PI * (k + 1)) / period),
      Math.sin((2 * Math.PI * (k + 1)) / period),
    ]);
  const lowest = (period: number): number => Math.min(...turns(period).map(([c]) => c!));
  const periods = cycles[name] ?? [];
  const period = periods.find((count) => Math.abs(lowest(count) - Math.min(cos.low, cos.high)) < 1e-9) ?? periods[0];
  if (period === undefined) return new Float64Array(0);
  return Float64Array.from(
    turns(period).flatMap(([c, s]) => [Math.fround(toNormalised(cos, c!)), Math.fround(toNormalised(sin, s!))]),
  );
}
