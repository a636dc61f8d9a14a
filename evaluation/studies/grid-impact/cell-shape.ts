import { z } from 'zod';
import { figure, listOf, shapeOf } from '../json-shape.ts';
import { shifts } from './invisibility.ts';
import type { Invisibility } from './invisibility.ts';

const alarm = z.strictObject({ shift: figure, linear: figure, exact: figure, linearJ: figure, exactJ: figure });

/** What a cell returns, as JSON has it. */
export const cellShape = shapeOf<Invisibility>()(
  z.strictObject({
    falseAlarms: z.strictObject({ dc: figure, ac: figure }),
    dcGrowth: figure,
    ac: listOf(alarm, shifts.map(String), ({ shift }) => String(shift)),
  }),
);
