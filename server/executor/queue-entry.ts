import type { Job as QueueEntry, Queue } from 'bullmq';
import { mostAttempts } from '../../evaluation/executor/executor.ts';
import type { JobFault } from '../../evaluation/executor/executor.ts';
import { jobId } from './redis-link.ts';
import type { QueuedJob } from './redis-messages.ts';

/** Failures that nobody came for. */
const failureLifeSeconds = 14 * 24 * 3600;

/** A job as BullMQ queues it. */
export function entryOf(data: QueuedJob): Parameters<Queue['addBulk']>[0][number] {
  return {
    name: 'job',
    data,
    opts: {
      jobId: jobId(data.batch, data.key),
      attempts: mostAttempts,
      backoff: { type: 'exponential', delay: 500 },
      removeOnComplete: true,
      removeOnFail: { age: failureLifeSeconds },
      keepLogs: 0,
      stackTraceLimit: 5,
    },
  };
}

/** Why a job failed, as BullMQ noted it. */
export function faultIn({ failedReason, stalledCounter }: QueueEntry): JobFault {
  const fault = failedReason.startsWith('job stalled more than')
    ? `it was found without its worker ${stalledCounter} times, and is given up: it may be what ends them`
    : failedReason;
  const [, name = null, reason = fault] = /^([A-Z]\w*Error): (.*)$/s.exec(fault) ?? [];
  return { reason, fault, name, code: null };
}
