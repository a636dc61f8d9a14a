import type { ObservationAttack } from '../../core/attack.ts';
import type { TargetSchedule } from './schedule.ts';

/** What an attack with this target has to be given before it begins: to be spread into the attack. */
export function learning(target: TargetSchedule): Pick<ObservationAttack<'gradient'>, 'policies' | 'prepare'> {
  if (target.prepare === undefined) return {};
  return {
    policies: target.policies ?? [],
    // oxlint-disable-next-line require-yield -- there is nothing to wait for
    *prepare(rehearsal) {
      target.prepare!(rehearsal);
    },
  };
}
