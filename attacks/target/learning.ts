import type { ObservationAttack } from '../../core/attack.ts';
import type { Objective } from '../../core/victim.ts';
import type { TargetSchedule } from './schedule.ts';

type Given = Pick<ObservationAttack<'gradient'>, 'policies' | 'prepare'>;

/** What an attack with this target has to be given before it begins: to be spread into the attack. */
export function given(target: TargetSchedule): Given {
  if (target.prepare === undefined) return {};
  return {
    policies: target.policies ?? [],
    // oxlint-disable-next-line require-yield -- there is nothing to wait for
    *prepare(rehearsal) {
      target.prepare!(rehearsal);
    },
  };
}

/** The same, and what the attack says of this objective. */
export function learning(
  target: TargetSchedule,
  objective: Objective,
): Given & Pick<ObservationAttack<'gradient'>, 'notes'> {
  return { notes: (head) => objective.notes?.(head) ?? [], ...given(target) };
}
