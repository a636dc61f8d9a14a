import { z } from 'zod';
import type { Moment } from './moment.ts';

/** Strikes at random. */
export const dutySpec = z
  .strictObject({
    duty: z.number().min(0).max(1).meta({ title: 'Duty', description: 'The probability that a step is attacked.' }),
  })
  .meta({ title: 'Random', description: 'At random steps.' });

/** Each row strikes with this probability, by its own stream. Source: random timing of arXiv 2407.05182, duty 0.5. */
export function randomDuty({ duty }: z.output<typeof dutySpec>): Moment {
  return {
    access: 'none',
    asks: 0,
    choose(_x, rows, _victim, { rngs }, mark) {
      for (let r = 0; r < rows; r++) mark[r] = rngs[r]!.uniform() < duty ? 1 : 0;
    },
  };
}

/** Strikes at listed steps. */
export const listSpec = z
  .strictObject({
    steps: z
      .array(z.int().min(0))
      .max(100_000)
      .meta({ title: 'Steps', description: 'Steps of the episode, from 0, that are attacked.' }),
  })
  .meta({ title: 'Listed', description: 'At these steps and no others.' });

/** All rows strike at the listed steps. */
export function listed({ steps }: z.output<typeof listSpec>): Moment {
  const known = new Set(steps);
  return {
    ordered: true,
    access: 'none',
    asks: 0,
    choose(_x, rows, _victim, { step }, mark) {
      mark.fill(known.has(step) ? 1 : 0, 0, rows);
    },
  };
}
