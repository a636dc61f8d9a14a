import { z } from 'zod';
import { toNormalised } from '../../core/space.ts';
import { featuresField } from './fields.ts';
import type { Rule, Setting } from './rule.ts';
import { positionsOf, span } from './selection.ts';

export const nightConfig = z.strictObject({
  features: featuresField('irradiance, its forecasts and solar generation'),
});

const sunlit = /^(diffuse|direct)_solar_irradiance(_predicted_\w+)?$|^solar_generation$/;

/** The features that are 0 at night, unless they are named. */
export function sunlitFeatures({ features }: Pick<Setting, 'features'>): number[] {
  return features.flatMap(({ name }, j) => (sunlit.test(name) ? [j] : []));
}

/** `x_j = 0 ⇒ x'_j = 0`, and never `x'_j < 0`, physical: panels and pyranometers show nothing at night. */
export function nightRule(options: z.output<typeof nightConfig>, { features }: Setting): Rule {
  const places = (
    options.features?.flatMap((name) => positionsOf(name, features, 'night')) ?? sunlitFeatures({ features })
  ).filter((j) => span(features[j]!) !== 0);
  const zero = Float64Array.from(places, (j) => toNormalised(features[j]!, 0));
  const dark = (clean: number, k: number): boolean => clean === Math.fround(zero[k]!);
  return {
    phase: 'hard',
    lag: 0,
    narrow({ x }, _row, i, intervals) {
      for (let k = 0; k < places.length; k++) {
        const at = i + places[k]!;
        const clean = x[at]!;
        const up = span(features[places[k]!]!) > 0;
        if (dark(clean, k)) intervals.keep(at, clean, clean);
        else if (up) intervals.keep(at, Math.min(zero[k]!, clean), Infinity);
        else intervals.keep(at, -Infinity, Math.max(zero[k]!, clean));
      }
    },
    broken({ x }, _row, i, out) {
      const broken = places.find((j, k) => {
        const value = out[i + j]!;
        const clean = x[i + j]!;
        if (dark(clean, k)) return !Object.is(value, clean) && value !== clean;
        const sign = Math.sign(span(features[j]!));
        return sign * value < Math.min(sign * zero[k]!, sign * clean) - 1e-7;
      });
      return broken ?? -1;
    },
  };
}
