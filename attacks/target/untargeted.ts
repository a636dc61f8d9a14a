import type { TargetSchedule } from './schedule.ts';

/** Away from the clean decision; under `grouped-margin`, to the side opposite to it. */
export const untargeted: TargetSchedule = {
  sided: false,
  aim() {},
};
