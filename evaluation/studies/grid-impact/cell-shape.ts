import { z } from 'zod';
import type { Invisibility } from './invisibility.ts';

/** Null stands in JSON for what is no number. */
const figure = z.number().nullable();
const alarm = { shift: figure, linear: figure, exact: figure, linearJ: figure, exactJ: figure };

/** What a cell returns, as JSON has it. */
export const cellShape = z.strictObject({
  falseAlarms: z.strictObject({ dc: figure, ac: figure }),
  dcGrowth: figure,
  ac: z.array(z.strictObject(alarm satisfies Record<keyof Invisibility['ac'][number], z.ZodType>)),
} satisfies Record<keyof Invisibility, z.ZodType>);
