import { z } from 'zod';
import { headActions } from '../../core/policy.ts';
import type { TargetSchedule } from './schedule.ts';

/** What a side is called. */
export const signs = { discharge: -1, charge: 1, none: 0 } as const;

export const sideNames = Object.keys(signs) as [keyof typeof signs, ...(keyof typeof signs)[]];

/** A side for each battery. */
export const sidesSpec = z
  .strictObject({
    sides: z
      .array(z.enum(sideNames))
      .min(1)
      .max(256)
      .meta({ title: 'Sides', description: 'The side of each battery, repeated where there are more of them.' }),
    toggle: z
      .boolean()
      .default(false)
      .meta({ title: 'Toggle', description: 'Turn every side around on odd steps of the episode.' }),
  })
  .meta({ title: 'Sides', description: 'Batteries that are pushed the same way, or against each other.' });

/**
 * Component b is pushed to side b, turned around on odd steps where it toggles: `[discharge]` moves all batteries together, which adds up
 * at the feeder, `[discharge, charge]` one against the next, which its sum does not show.
 */
export function sides({ sides: names, toggle }: z.output<typeof sidesSpec>): TargetSchedule {
  return {
    sided: true,
    aim(rows, context, { side }, { head }) {
      const actions = headActions(head);
      const turn = toggle && context.step % 2 === 1 ? -1 : 1;
      for (let c = 0; c < rows * actions; c++) side[c] = turn * signs[names[(c % actions) % names.length]!];
    },
  };
}
