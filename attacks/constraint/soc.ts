import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toNormalised, toPhysical } from '../../core/space.ts';
import { socFeature } from './battery-estimate.ts';
import type { Rule, Setting } from './rule.ts';
import { rounding } from './intervals.ts';

export const socConfig = z.strictObject({
  tolerance: z.number().min(0).max(1).default(0.01).meta({
    title: 'Tolerance',
    description: 'How far the state of charge may miss the battery model, as a fraction.',
  }),
});

/**
 * The state of charge follows from the one shown last and the action taken: with f the building's battery and a the action,
 * `min(−τ, e) ≤ s'_t − f(s'_{t−1}, a) ≤ max(τ, e)`, e = s_t − f(s_{t−1}, a) being what the truth misses the model by (an outage, say).
 */
export function socRule({ tolerance }: z.output<typeof socConfig>, { features, plant }: Setting): Rule {
  const j = features.findIndex(({ name }) => name === socFeature);
  const feature = features[j];
  if (feature === undefined)
    throw new ConfigError(`constraint soc: '${socFeature}' is not observed`, {
      place: { path: '/threat/constraints/soc' },
    });
  if (plant?.battery() === undefined)
    throw new ConfigError('constraint soc: there is no battery, or it is not known here', {
      place: { path: '/threat/constraints/soc' },
    });
  return {
    phase: 'interval',
    lag: 1,
    battery: true,
    narrow({ x, battery }, row, i, intervals) {
      if (battery.known[row] !== 1) return;
      const error = toPhysical(feature, x[i + j]!) - battery.trueSoc[row]!;
      const expected = battery.soc[row]!;
      intervals.keep(
        i + j,
        toNormalised(feature, expected + Math.min(-tolerance, error)),
        toNormalised(feature, expected + Math.max(tolerance, error)),
      );
    },
    broken({ x, battery }, row, i, out) {
      if (battery.known[row] !== 1) return -1;
      const shown = toPhysical(feature, out[i + j]!) - battery.soc[row]!;
      const error = toPhysical(feature, x[i + j]!) - battery.trueSoc[row]!;
      const inside = shown >= Math.min(-tolerance, error) - rounding && shown <= Math.max(tolerance, error) + rounding;
      return inside ? -1 : j;
    },
  };
}
