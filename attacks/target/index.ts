import { z } from 'zod';
import { fixedSide } from './fixed-side.ts';
import type { TargetSchedule } from './schedule.ts';
import { sides, sidesSpec } from './sides.ts';
import { toggle } from './toggle.ts';
import { untargeted } from './untargeted.ts';

/** Target schedules by name. */
export const targets = {
  untargeted,
  charge: fixedSide(1),
  discharge: fixedSide(-1),
  toggle,
  'toggle-opposed': sides({ sides: ['discharge', 'charge'], toggle: true }),
} satisfies Record<string, TargetSchedule>;

export type TargetName = keyof typeof targets;

/** A schedule by its name, or one with options of its own. */
export const targetSpec = z.union([z.enum(Object.keys(targets) as [TargetName, ...TargetName[]]), sidesSpec]);

/** The schedule that a specification stands for. */
export function targetOf(spec: z.output<typeof targetSpec>): TargetSchedule {
  if (typeof spec === 'string') return targets[spec];
  return sides(spec);
}
