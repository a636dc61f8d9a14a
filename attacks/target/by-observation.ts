import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { headActions } from '../../core/policy.ts';
import { toPhysical } from '../../core/space.ts';
import { featureAt, onceFor } from './feature.ts';
import type { TargetSchedule } from './schedule.ts';

/** Charge when what is observed is high, discharge when it is low. */
export const observedSpec = z
  .strictObject({
    observed: z
      .string()
      .min(1)
      .meta({ title: 'Observed', description: 'A feature: net_electricity_consumption, electricity_pricing, …' }),
    above: z.number().meta({ title: 'Above', description: 'From here on batteries are to charge, in its unit.' }),
    below: z.number().meta({ title: 'Below', description: 'Up to here they are to discharge.' }),
  })
  .meta({
    title: 'Observed load or price',
    description: 'Adds to the observed peak, takes from the valley; in between, away from the clean decision.',
  });

/**
 * Charge where the clean observation's feature is at least `above`, discharge where it is at most `below`, physical units.
 * @throws {ConfigError} when `below` is not under `above`; at the first step, when the policy does not observe it
 */
export function byObservation({ observed, above, below }: z.output<typeof observedSpec>): TargetSchedule {
  if (!(below < above))
    throw new ConfigError(`target 'observed': below is ${below} and above ${above}, expected below to be less`);
  const place = onceFor((features) => featureAt(features, observed, 'observed'));
  return {
    sided: true,
    aim(rows, { features }, goal, { head }) {
      const at = place(features);
      const actions = headActions(head);
      for (let r = 0; r < rows; r++) {
        const value = toPhysical(features[at]!, goal.x[r * features.length + at]!);
        goal.side.fill(value >= above ? 1 : value <= below ? -1 : 0, r * actions, (r + 1) * actions);
      }
    },
  };
}
