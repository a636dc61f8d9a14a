import { fixedSide } from './fixed-side.ts';
import type { TargetSchedule } from './schedule.ts';
import { toggle } from './toggle.ts';
import { untargeted } from './untargeted.ts';

/** Target schedules by name. */
export const targets = {
  untargeted,
  charge: fixedSide(1),
  discharge: fixedSide(-1),
  toggle,
} satisfies Record<string, TargetSchedule>;

export type TargetName = keyof typeof targets;
