import { z } from 'zod';
import { figure, name, shapeOf } from '../json-shape.ts';
import type { TaskFigures } from './cell.ts';

const likeness = z.strictObject({
  mauve: figure,
  similarity: figure,
  precision: figure,
  recall: figure,
  authenticity: figure,
  auroc: figure,
});
const set = z.strictObject({
  decoder: name,
  format: figure,
  coherent: figure,
  novel: figure,
  distinct: figure,
  entropy: figure,
  normalisedNgrams: figure,
  diversity: figure,
  duplicates: figure,
  likeness: likeness.nullable(),
  sample: z.array(z.string().max(10_000)).max(100),
});

/** What a cell returns, as JSON has it: its tasks. */
export const cellShape = shapeOf<TaskFigures[]>()(z.array(z.strictObject({ id: name, sets: z.array(set) })));
