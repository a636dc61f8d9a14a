import { z } from 'zod';
import type { Vocabulary } from './vocabulary.ts';

/** A control task as a world, of every kind there is: its options, and which of its days are played. */
export function taskEntries(vocabulary: Vocabulary): z.ZodObject[] {
  return Object.entries(vocabulary.tasks).map(([name, definition]) =>
    z
      .strictObject({
        name: z.literal(name),
        episodes: z
          .int()
          .min(1)
          .max(256)
          .default(8)
          .describe('Of `evaluate`: episodes side by side, each one clean lane and one lane per attack.'),
        steps: z.int().min(1).max(1e6).nullable().default(null).describe('Of `evaluate`: steps; null: one episode.'),
        config: definition.config.prefault({}).describe('Options of this task, of its training as well.'),
      })
      .meta({ title: definition.title }),
  );
}
