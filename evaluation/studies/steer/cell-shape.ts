import { z } from 'zod';
import type { SetFigures } from './cell.ts';
import type { Likeness } from './likeness.ts';

/** Null stands in JSON for what is no number. */
const figure = z.number().nullable();
const likeness = {
  mauve: figure,
  similarity: figure,
  precision: figure,
  recall: figure,
  authenticity: figure,
  auroc: figure,
} satisfies Record<keyof Likeness, z.ZodType>;
const set = {
  decoder: z.string().max(200),
  format: figure,
  coherent: figure,
  novel: figure,
  distinct: figure,
  entropy: figure,
  normalisedNgrams: figure,
  diversity: figure,
  duplicates: figure,
  likeness: z.strictObject(likeness).nullable(),
  sample: z.array(z.string().max(10_000)).max(100),
} satisfies Record<keyof SetFigures, z.ZodType>;

/** What a cell returns, as JSON has it: its tasks. */
export const cellShape = z.array(z.strictObject({ id: z.string().max(200), sets: z.array(z.strictObject(set)) }));
