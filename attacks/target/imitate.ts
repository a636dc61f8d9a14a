import { z } from 'zod';
import { ShapeError, StateError } from '../../core/errors.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import type { TargetSchedule } from './schedule.ts';

/** Another controller, whose actions are forced on the victim. */
export const imitateSpec = z
  .strictObject({
    imitate: z
      .string()
      .min(1)
      .meta({ title: 'Imitate', description: 'A shipped model, a policy folder or a rule: its action is forced.' }),
  })
  .meta({
    title: 'Imitate',
    description: 'Makes the victim do what another controller would: a learned adversary, a rule.',
  });

/** Forces what another controller does on the clean observation. It is asked for once a step, and not metered: it is the attacker's own. */
export function imitate({ imitate: name }: z.output<typeof imitateSpec>): TargetSchedule {
  let other: DecisionAccess | undefined;
  return {
    sided: false,
    policies: [name],
    prepare(rehearsal) {
      other = rehearsal.policy?.(name);
    },
    aim(rows, _context, goal) {
      if (other === undefined)
        throw new StateError(`target 'imitate': '${name}' was not given; an attack is prepared first`);
      if (other.actionSize * rows !== goal.action.length)
        throw new ShapeError(
          `target 'imitate': '${name}' has ${other.actionSize} actions, the victim ${goal.action.length / rows}`,
        );
      other.decide(goal.x, rows, goal.action);
    },
  };
}
