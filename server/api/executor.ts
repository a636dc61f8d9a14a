import { z } from 'zod';
import type { ExecutorStatus } from '../events.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { executorKind } from './shapes.ts';

const count = z.int();
const worker = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: count,
  threads: count.describe('Jobs at a time.'),
  since: count.describe('Milliseconds since the epoch, by its own clock.'),
  done: count.describe('Jobs since it started.'),
  failed: count,
  active: z.array(
    z.strictObject({
      runId: z.string().nullable().describe('Null: a job of somebody else who uses the queue.'),
      name: z.string().nullable(),
      sweepId: z.string().nullable(),
      done: z.number().describe('Share of it, 0…1.'),
      attempt: count,
    }),
  ),
});
export const executorShape = z.strictObject({
  kind: executorKind,
  address: z.string().nullable().describe('The Redis, without user and password.'),
  connected: z.boolean().describe('False while the Redis does not answer; the rest is then what it said last.'),
  code: z.string().describe('SHA-256 of the code that workers must have.'),
  workers: z.array(worker).describe('Heard of in the last ten seconds.'),
  queue: z.strictObject({ waiting: count, active: count, delayed: count }),
  runs: z
    .strictObject({ done: count, failed: count, retried: count })
    .describe('Runs of sweeps since the server started.'),
}) satisfies z.ZodType<ExecutorStatus>;

/** Who does the runs of sweeps. */
export function executorOperation(look: () => Promise<ExecutorStatus>): Operation {
  return operation({
    method: 'get',
    path: '/executor',
    scope: 'read',
    summary:
      'Who does the runs of sweeps: threads of the server, or workers over a Redis; what they do, and what waits.',
    answers: { 200: { description: 'As of now.', content: json(executorShape) } },
    handle: look,
  });
}
