import { z } from 'zod';
import type { ExecutorKind, NoteEvent, Problem, RunDetail, RunState, RunSummary, StepNote } from '../events.ts';

/** JSON shapes of answers, for OpenAPI and for tests that hold the answers against them. */

const states = ['queued', 'preparing', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export const runState = z.enum(states) satisfies z.ZodType<RunState>;
export const executorKind = z.enum(['local', 'redis']) satisfies z.ZodType<ExecutorKind>;
const time = z.int().describe('Milliseconds since the epoch.');

const summaryShape = {
  id: z.string(),
  name: z.string(),
  state: runState,
  seed: z.int(),
  policy: z.string(),
  dataset: z.string(),
  buildings: z.array(z.string()),
  attacks: z.array(z.string()),
  modules: z.array(z.string()),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  headSeq: z.int().describe('Frames committed: 0 … headSeq−1 can be read.'),
  headStep: z.int(),
  totalSteps: z.int(),
  preparing: z.strictObject({ attack: z.string(), done: z.number().min(0).max(1) }).nullable(),
  note: z.string(),
  tags: z.array(z.string()),
  archived: z.boolean(),
  sweepId: z.string().nullable(),
  executor: executorKind.describe('`redis`: a worker did it, and there is no telemetry.'),
  worker: z.string().nullable().describe('The worker that has it, or had it last.'),
  attempts: z.int().describe('How often it was begun as a job of its sweep.'),
  error: z.string().nullable(),
};

export const runSummary = z.strictObject(summaryShape) satisfies z.ZodType<RunSummary>;

const channel = z.strictObject({
  name: z.string(),
  unit: z.string(),
  lane: z.string().optional(),
  signal: z.string().optional(),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe('Of a feature: its values at 0 and 1 of the normalised scale. Of an action: its bounds.'),
  limit: z.number().optional().describe('Of a score: above it is an alarm. Of `linf`: the attack’s largest epsilon.'),
});
const grid = z.strictObject({
  name: z.string(),
  buses: z.array(z.int()),
  branches: z.array(z.tuple([z.int(), z.int()])),
  reference: z.int(),
  band: z.tuple([z.number(), z.number()]).describe('Voltages, p.u.; outside is a violation.'),
});
export const telemetrySchema = z.strictObject({
  version: z.int(),
  channels: z.array(channel),
  dt: z.number().describe('Simulated seconds between rows.'),
  grid: grid.optional(),
});

export const runResult = z
  .looseObject({ format: z.literal('faultline-result'), version: z.int(), lanes: z.array(z.looseObject({})) })
  .describe('result.json, as `faultline evaluate` writes it.');

export const scenarioShape = z.looseObject({ name: z.string(), seed: z.int() }).describe('See /schemas/scenario.json.');

export const runDetail = z.strictObject({
  ...summaryShape,
  scenario: scenarioShape,
  schema: telemetrySchema.nullable(),
  result: runResult.nullable(),
}) as unknown as z.ZodType<RunDetail>;

export const stepNote = z.strictObject({
  id: z.int().describe('Unique in its run.'),
  step: z.int(),
  text: z.string(),
  createdAt: time,
  changedAt: time.nullable().describe('Null: it is as it was written.'),
}) satisfies z.ZodType<StepNote>;

export const noteEvent = z.strictObject({
  runId: z.string(),
  seq: z.int().describe('Of the change: one more than that of the change before, whatever note it was of.'),
  kind: z.literal('note'),
  id: z.int().describe('Of the note.'),
  note: stepNote.nullable().describe('As it is now; null once it was removed.'),
}) satisfies z.ZodType<NoteEvent>;

export const problemShape = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  issues: z
    .array(
      z.strictObject({
        pointer: z.string().describe('JSON pointer into what was sent.'),
        message: z.string(),
        line: z.int().optional(),
        column: z.int().optional(),
      }),
    )
    .optional(),
}) as unknown as z.ZodType<Problem>;

export const named = z.strictObject({ name: z.string(), title: z.string() });

/** Most tags of a run. */
export const maxTags = 32;
export const tagName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc},]*$/u, 'no commas, no control characters');
