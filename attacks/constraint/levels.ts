import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toNormalised } from '../../core/space.ts';
import { featureGroups } from '../presets.ts';
import { featuresField } from './fields.ts';
import type { Rule, Setting } from './rule.ts';
import { positionsOf, span } from './selection.ts';

export const levelsConfig = z.strictObject({
  features: featuresField('prices and their forecasts'),
  values: z.array(z.number()).min(1).max(10_000).optional().meta({
    title: 'Values',
    description: 'The levels, physical units; empty: the values that each feature takes in the data.',
  }),
});

const price = featureGroups['price']!;

/** More levels than this are no tariff. */
const mostLevels = 1000;

/** Whether prices are observed that take few values in the data. */
export function isTariff({ features, plant }: Setting): boolean {
  return (
    features.every(({ name }) => {
      if (!price(name)) return true;
      const series = plant?.series(name);
      return series !== undefined && new Set(series).size <= mostLevels;
    }) && features.some(({ name }) => price(name))
  );
}

/**
 * `x'_j ∈ {levels} ∪ {x_j}`: a tariff has few prices, and any other one is known to be false. The levels are the float32 numbers that the
 * observation of such a price is.
 */
export function levelsRule(options: z.output<typeof levelsConfig>, { features, plant }: Setting): Rule {
  const places = [...new Set((options.features ?? ['price']).flatMap((name) => positionsOf(name, features, 'levels')))];
  const levels = places.map((j): Float32Array => {
    const feature = features[j]!;
    const values = options.values ?? plant?.series(feature.name);
    if (values === undefined)
      throw new ConfigError(
        plant === undefined
          ? `constraint levels: the data behind '${feature.name}' are not known here, so give its values`
          : `constraint levels: '${feature.name}' is no series of the data, so give its values`,
        { place: { path: '/threat/constraints/levels/values' } },
      );
    if (span(feature) === 0) return new Float32Array(0);
    const numbers = [...values].filter((value) => !Number.isNaN(value)).map((value) => toNormalised(feature, value));
    const distinct = Float32Array.from(new Set(Float32Array.from(numbers))).sort();
    if (distinct.length > mostLevels)
      throw new ConfigError(
        `constraint levels: '${feature.name}' takes ${distinct.length} values, expected at most ${mostLevels}`,
        { place: { path: '/threat/constraints/levels' } },
      );
    return distinct;
  });
  let clean: Float32Array = new Float32Array(0);
  let lower = clean;
  let upper = clean;
  /** [rows] 1 where a price could have moved but for its levels. */
  let room = new Uint8Array(0);

  return {
    phase: 'part',
    lag: 0,
    narrow({ x }, row, i, intervals) {
      clean = x;
      lower = intervals.lower;
      upper = intervals.upper;
      if (room.length * features.length !== x.length) room = new Uint8Array(x.length / features.length);
      room[row] = 0;
      for (let k = 0; k < places.length; k++) {
        const at = i + places[k]!;
        const low = lower[at]!;
        const high = upper[at]!;
        if (!(low < high)) {
          // What the rules before left is one number, the truth or not.
          if (low === high && low !== x[at] && !levels[k]!.includes(low)) intervals.giveWay(row);
          continue;
        }
        room[row] = 1;
        let least = Infinity;
        let most = -Infinity;
        for (let l = -1; l < levels[k]!.length; l++) {
          const level = l < 0 ? x[at]! : levels[k]![l]!;
          if (level < low || level > high) continue;
          if (level < least) least = level;
          if (level > most) most = level;
        }
        if (least === Infinity) intervals.giveWay(row);
        else intervals.keep(at, least, most);
      }
    },
    part: {
      features: places,
      inBox: true,
      project(point, p, i) {
        for (let k = 0; k < places.length; k++) {
          const j = places[k]!;
          const low = lower[i + j]!;
          const high = upper[i + j]!;
          if (!(low < high)) continue;
          const value = point[p + j]!;
          let best = Number.NaN;
          let distance = Infinity;
          for (let l = -1; l < levels[k]!.length; l++) {
            const level = l < 0 ? clean[i + j]! : levels[k]![l]!;
            const away = Math.abs(level - value);
            if (level < low || level > high || !(away < distance)) continue;
            best = level;
            distance = away;
          }
          if (distance < Infinity) point[p + j] = best;
        }
      },
    },
    broken({ x }, _row, i, out) {
      return (
        places.find(
          (j, k) => span(features[j]!) !== 0 && out[i + j] !== x[i + j] && !levels[k]!.includes(out[i + j]!),
        ) ?? -1
      );
    },
    stopped: (row) => room[row] === 1,
  };
}
