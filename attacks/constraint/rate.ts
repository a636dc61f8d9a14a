import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toPhysical } from '../../core/space.ts';
import { featureGroups } from '../presets.ts';
import { unitsField } from './fields.ts';
import type { Rule, Setting } from './rule.ts';
import { rounding } from './intervals.ts';
import { positionsOf, span } from './selection.ts';

export const rateConfig = z.strictObject({
  limits: z.record(z.string(), z.number().min(0)).optional().meta({
    title: 'Limits',
    description:
      'Largest change a step by feature or group; empty: the largest change of each series in the data, but for prices and calendar.',
  }),
  units: unitsField('Of the limits.'),
});

/** Prices and calendar jump by nature, from level to level and from hour to hour: other rules are about them. */
const jumps = (name: string): boolean => featureGroups['price']!(name) || featureGroups['time']!(name);

/**
 * `min(−r, Δ) ≤ x'_t − x'_{t−1} ≤ max(r, Δ)` against what was shown last; Δ is the true change. What was shown at the edge of its
 * epsilon can always follow the truth, so that the rule does not give way.
 */
export function rateRule({ limits, units }: z.output<typeof rateConfig>, { features, plant }: Setting): Rule {
  /** [O] normalised, ∞ where there is no limit */
  const rate = new Float64Array(features.length).fill(Infinity);
  if (limits === undefined) {
    if (plant === undefined)
      throw new ConfigError(
        'constraint rate: the data behind the observations are not known here, so give limits by feature',
        { place: { path: '/threat/constraints/rate/limits' } },
      );
    features.forEach((feature, j) => {
      const series = jumps(feature.name) ? undefined : plant.series(feature.name);
      if (series !== undefined && span(feature) !== 0) rate[j] = largestChange(series) / Math.abs(span(feature));
    });
  }
  for (const [name, limit] of Object.entries(limits ?? {})) {
    for (const j of positionsOf(name, features, 'rate')) {
      const range = Math.abs(span(features[j]!));
      if (range !== 0) rate[j] = Math.min(rate[j]!, units === 'physical' ? limit / range : limit);
    }
  }
  return {
    phase: 'interval',
    lag: 1,
    narrow({ x, history }, row, i, intervals) {
      const before = history.at(row, 1);
      if (before < 0) return;
      const { truth, shown } = history;
      for (let j = 0; j < rate.length; j++) {
        if (rate[j] === Infinity) continue;
        const change = x[i + j]! - truth[before + j]!;
        const last = shown[before + j]!;
        intervals.keep(i + j, last + Math.min(-rate[j]!, change), last + Math.max(rate[j]!, change));
      }
    },
    broken({ x, history }, row, i, out) {
      const before = history.at(row, 1);
      if (before < 0) return -1;
      return features.findIndex((feature, j) => {
        if (rate[j] === Infinity) return false;
        const most = rate[j]! * Math.abs(span(feature));
        const slack = rounding * Math.abs(span(feature));
        const change = toPhysical(feature, x[i + j]!) - toPhysical(feature, history.truth[before + j]!);
        const shown = toPhysical(feature, out[i + j]!) - toPhysical(feature, history.shown[before + j]!);
        return shown < Math.min(-most, change) - slack || shown > Math.max(most, change) + slack;
      });
    },
  };
}

function largestChange(series: Float64Array): number {
  let most = 0;
  for (let row = 1; row < series.length; row++) {
    const change = Math.abs(series[row]! - series[row - 1]!);
    if (change > most) most = change;
  }
  return most;
}
