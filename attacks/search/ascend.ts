import type { z } from 'zod';
import type { ObservationAttack } from '../../core/attack.ts';
import type { Objective } from '../../core/victim.ts';
import { stepSchedules } from '../options.ts';
import type { searchFields } from '../options.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import { gradientSearch } from './gradient-loop.ts';

type SearchOptions = z.output<z.ZodObject<typeof searchFields>>;

/** Projected gradient ascent of an objective, as the options that searches share say. */
export function ascend(
  objective: Objective,
  target: TargetSchedule,
  { schedule, stepSize, steps, restarts, start, keep }: SearchOptions,
): ObservationAttack<'gradient'> {
  return gradientSearch({
    objective,
    target,
    schedule: stepSchedules[schedule](stepSize),
    steps,
    restarts,
    start,
    keep,
    plateau: 'jump',
    box: 'inside',
  });
}
