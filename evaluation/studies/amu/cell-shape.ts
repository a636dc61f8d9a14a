import { z } from 'zod';
import { count, figure, name, shapeOf } from '../json-shape.ts';
import type { ShotFigures } from './shot-figures.ts';

const score = z.strictObject({ accuracy: figure, crossEntropy: figure });

/** What a cell returns, as JSON has it. */
export const cellShape = shapeOf<ShotFigures>()(
  z.strictObject({
    results: z.array(
      z.strictObject({
        shots: count,
        methods: z.array(
          z.strictObject({
            method: name,
            settings: z.array(z.strictObject({ setting: name, validation: score, test: score })),
          }),
        ),
      }),
    ),
  }),
);
