import { z } from 'zod';
import type { ModuleGround } from './module.ts';

/** Options of a module that learns on a recording of its victim. */
export const recordingOptions = {
  steps: z
    .int()
    .min(24)
    .max(100_000)
    .default(8760)
    .meta({ title: 'Steps', description: 'Steps of each building that are recorded to learn from.' }),
  exploration: z.number().min(0).max(1).default(0.2).meta({
    title: 'Exploration',
    description: 'Noise on the recorded actions, in half ranges: rows beside its own path.',
  }),
};

/** What a victim observes on its own paths, and what it says of it. */
export interface RecordedRows {
  readonly rows: number;
  /** [rows×O] */
  readonly x: Float32Array;
  /** [rows×K] */
  readonly logits: Float32Array;
}

/** Rows of a clean recording of the victim, all buildings. @param steps at most, of each building */
export function recordedRows(
  { victim: { access }, record }: Pick<ModuleGround, 'victim' | 'record'>,
  steps: number,
  exploration?: number,
): RecordedRows {
  const { observation, lanes, steps: played } = record(steps, exploration);
  const rows = lanes * played;
  const x = observation.subarray(0, rows * access.observationSize);
  const logits = new Float32Array(rows * access.logitsSize);
  access.logits(x, rows, logits);
  return { rows, x, logits };
}
