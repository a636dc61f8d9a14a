import type { TargetSchedule } from './schedule.ts';

/** Always towards one side: −1 discharge, +1 charge. */
export function fixedSide(towards: -1 | 1): TargetSchedule {
  return {
    sided: true,
    aim(_rows, _context, goal) {
      goal.side.fill(towards);
    },
  };
}
