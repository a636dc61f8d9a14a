import { z } from 'zod';

/** A number for the whole training, or one that falls linearly to 0 at its end, so that the policy settles. */
export type Schedule = number | { readonly linear: number };

/** The schema of a schedule; what it starts from must be positive. */
export const scheduleValue = z.union([z.number().positive(), z.strictObject({ linear: z.number().positive() })]);

/** The option of a schedule. */
export function scheduleOption(start: Schedule) {
  return scheduleValue.default(start);
}

/** The value of the moment. @param progress share of the training that is done */
export function scheduled(schedule: Schedule, progress: number): number {
  return typeof schedule === 'number' ? schedule : schedule.linear * (1 - progress);
}
