import { z } from 'zod';
import type { Lesson, Lessons } from './lesson.ts';

/** Null stands in JSON for what is no number. */
const figure = z.number().nullable();
const lesson = {
  arm: z.string().max(100),
  alpha: figure,
  validation: figure,
  test: figure,
  agreement: figure,
  diverged: z.boolean(),
  conflicts: z.array(z.strictObject({ at: figure, head: figure, backbone: figure })),
  collapse: z.record(z.string().max(100), figure).nullable(),
} satisfies Record<keyof Lesson, z.ZodType>;

/** What a cell of lessons returns, as JSON has it. */
export const lessonsShape = z.strictObject({
  teacher: figure,
  lessons: z.array(z.strictObject(lesson)),
} satisfies Record<keyof Lessons, z.ZodType>);
