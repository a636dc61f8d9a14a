import { z } from 'zod';
import type { WorkerReport } from '../../evaluation/executor/executor.ts';

const key = z.string().regex(/^[0-9a-f]{64}$/);
const batch = z.string().regex(/^[\w-]{1,64}$/);

/** Data of a job in the queue: what it is for, and the work, which whoever does it validates as if a stranger had sent it. */
export const queuedJob = z.strictObject({
  batch,
  run: batch,
  key,
  work: z.unknown(),
  /** Whether what it records is wanted. */
  telemetry: z.boolean(),
  /** SHA-256 of the files of policies that come with it, by the names that the work has for them. */
  policies: z.record(z.string().min(1).max(1000), key).refine((named) => Object.keys(named).length <= 64),
});
export type QueuedJob = z.infer<typeof queuedJob>;

const count = z.int().min(0);

/** What a worker leaves of a job. */
export const delivered = z.strictObject({
  worker: z.string().max(200),
  /** How often the job was begun, and how long it took this time. */
  attempt: count,
  ms: z.number().min(0),
  value: z.unknown(),
  /** Bytes of what it recorded, and their SHA-256; null: they stay with the worker. Absent: it was not asked for. */
  telemetry: z.strictObject({ bytes: count, hash: key.nullable() }).optional(),
});
export type Delivered = z.infer<typeof delivered>;

/** What a worker says of itself now and then. */
export const heartbeat = z.strictObject({
  id: z.string().max(200),
  host: z.string().max(200),
  pid: count,
  threads: count,
  since: count,
  done: count,
  failed: count,
  active: z
    .array(
      z.strictObject({
        batch,
        key,
        done: z.number().min(0).max(1),
        preparing: z.string().max(200).optional(),
        totalSteps: count.optional(),
        attempt: count,
      }),
    )
    .max(1024),
  code: z.string().max(64),
}) satisfies z.ZodType<WorkerReport>;
export type Heartbeat = z.infer<typeof heartbeat>;

/** Bytes of the largest result that is read. */
export const mostResultBytes = 32 << 20;
