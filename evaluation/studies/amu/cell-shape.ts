import { z } from 'zod';
import type { MethodScores, ShotFigures } from './shot-figures.ts';

/** Null stands in JSON for what is no number. */
const figure = z.number().nullable();
const name = z.string().max(200);
const score = z.strictObject({ accuracy: figure, crossEntropy: figure } satisfies Record<
  keyof MethodScores['settings'][number]['test'],
  z.ZodType
>);

/** What a cell returns, as JSON has it. */
export const cellShape = z.strictObject({
  results: z.array(
    z.strictObject({
      shots: z.int().min(0),
      methods: z.array(
        z.strictObject({
          method: name,
          settings: z.array(z.strictObject({ setting: name, validation: score, test: score })),
        }),
      ),
    }),
  ),
} satisfies Record<keyof ShotFigures, z.ZodType>);
