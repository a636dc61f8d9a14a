import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { headActions } from '../../core/policy.ts';
import { toPhysical } from '../../core/space.ts';
import type { Feature } from '../../core/space.ts';
import { cleanAction } from './clean-action.ts';
import { onceFor } from './feature.ts';
import type { TargetSchedule } from './schedule.ts';

/** Limits beyond which a battery is not asked for more of the same. */
export const batteryFields = {
  empty: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .meta({ title: 'Empty', description: 'State of charge up to which a battery is not asked to discharge.' }),
  full: z
    .number()
    .min(0)
    .max(1)
    .default(0.95)
    .meta({ title: 'Full', description: 'State of charge from which it is not asked to charge.' }),
  otherwise: z.enum(['turn', 'idle']).default('turn').meta({
    title: 'Otherwise',
    description: 'turn: it is asked for the opposite; idle: to do nothing.',
  }),
};

const fields = z.strictObject(batteryFields);

/**
 * Another schedule's goals, but an empty battery is never asked to discharge nor a full one to charge: such a goal changes nothing, and
 * the step is lost. Where the schedule has no goal, it is the side opposite to the clean decision. Reads the clean observation's
 * `electrical_storage_soc`, one for each battery in their order.
 * @throws {ConfigError} when empty is not under full; at the first step, when the policy does not observe a state of charge for each battery
 */
export function batteryAware(
  base: TargetSchedule,
  { empty, full, otherwise }: z.output<typeof fields>,
): TargetSchedule {
  if (!(empty < full))
    throw new ConfigError(`target 'battery': empty is ${empty} and full ${full}, expected empty to be less`);
  const places = onceFor((features) => chargesOf(features));
  return {
    ...base,
    sided: true,
    aim(rows, context, goal, victim) {
      base.aim(rows, context, goal, victim);
      const { features } = context;
      const { head } = victim;
      const actions = headActions(head);
      const charges = places(features);
      if (charges.length !== actions)
        throw new ConfigError(
          `target 'battery' reads a state of charge for each of ${actions} batteries; the policy observes ${charges.length}`,
        );
      for (let r = 0, c = 0; r < rows; r++) {
        for (let b = 0; b < actions; b++, c++) {
          const at = charges[b]!;
          const charge = toPhysical(features[at]!, goal.x[r * features.length + at]!);
          const action = goal.action[c]!;
          const opposite = cleanAction(head, goal, rows, r, b) > 0 ? -1 : 1;
          const wanted = Number.isNaN(action) ? goal.side[c]! || opposite : Math.sign(action);
          const lost = (wanted < 0 && charge <= empty) || (wanted > 0 && charge >= full);
          if (lost) {
            goal.action[c] = otherwise === 'idle' ? 0 : Number.NaN;
            goal.side[c] = -wanted;
          } else if (Number.isNaN(action)) goal.side[c] = wanted;
        }
      }
    },
  };
}

/** Where the states of charge of the batteries stand. */
function chargesOf(features: readonly Feature[]): readonly number[] {
  const charges = [...features.keys()].filter((j) => features[j]!.name.endsWith('electrical_storage_soc'));
  if (charges.length === 0)
    throw new ConfigError(
      `target 'battery' reads 'electrical_storage_soc'; the policy observes ${features.map(({ name }) => name).join(', ')}`,
    );
  return charges;
}
