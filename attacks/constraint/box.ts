import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toNormalised, toPhysical } from '../../core/space.ts';
import { unitsField } from './fields.ts';
import type { Rule, Setting } from './rule.ts';
import { rounding } from './intervals.ts';
import { positionsOf, span } from './selection.ts';

export const boxConfig = z.strictObject({
  limits: z
    .record(z.string(), z.strictObject({ low: z.number().optional(), high: z.number().optional() }))
    .meta({ title: 'Limits', description: 'Lowest and highest value by feature or group; either may be left out.' }),
  units: unitsField('Of the limits.'),
});

/** `low_j ≤ x'_j ≤ high_j`; a clean value outside may move inwards. */
export function boxRule({ limits, units }: z.output<typeof boxConfig>, { features }: Setting): Rule {
  const kept = Object.entries(limits).flatMap(([name, { low = -Infinity, high = Infinity }]) =>
    positionsOf(name, features, 'box')
      .filter((j) => span(features[j]!) !== 0)
      .map((j) => {
        const ends = units === 'physical' ? [low, high].map((end) => toNormalised(features[j]!, end)) : [low, high];
        // A range that runs down turns the ends round.
        return { j, low, high, from: Math.min(...ends), to: Math.max(...ends) };
      }),
  );
  const empty = Object.entries(limits).find(([, { low = -Infinity, high = Infinity }]) => low > high);
  if (empty !== undefined)
    throw new ConfigError(`constraint box: '${empty[0]}' has low ${empty[1].low} above high ${empty[1].high}`, {
      place: { path: '/threat/constraints/box/limits' },
    });
  return {
    phase: 'hard',
    lag: 0,
    narrow({ x }, _row, i, intervals) {
      for (let k = 0; k < kept.length; k++) {
        const { j, from, to } = kept[k]!;
        intervals.keep(i + j, Math.min(from, x[i + j]!), Math.max(to, x[i + j]!));
      }
    },
    broken({ x }, _row, i, out) {
      const broken = kept.find(({ j, low, high }) => {
        const feature = features[j]!;
        const physical = units === 'physical';
        const value = physical ? toPhysical(feature, out[i + j]!) : out[i + j]!;
        const clean = physical ? toPhysical(feature, x[i + j]!) : x[i + j]!;
        const slack = rounding * (physical ? Math.abs(span(feature)) : 1);
        return value < Math.min(low, clean) - slack || value > Math.max(high, clean) + slack;
      });
      return broken?.j ?? -1;
    },
  };
}
