import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Job as QueueEntry } from 'bullmq';
import { CancelledError, FaultlineError } from '../../core/errors.ts';
import { parseValueAs } from '../../core/document.ts';
import { jobOf, workFrom } from '../../evaluation/executor/job.ts';
import { mostStalls } from '../../evaluation/executor/executor.ts';
import type { ActiveJob } from '../../evaluation/executor/executor.ts';
import type { Evaluated, Work } from '../../evaluation/executor/job.ts';
import { MissingPolicyError, PolicyCache } from './policy-cache.ts';
import type { WorkshopSetup } from './job-thread.ts';
import { cancelledKey, connectRedis, prefix, queueName, resultsKey, workerKey } from './redis-link.ts';
import type { LinkLog } from './redis-link.ts';
import { queuedJob } from './redis-messages.ts';
import type { Delivered, Heartbeat, QueuedJob } from './redis-messages.ts';
import { handInTelemetry } from './telemetry-shelf.ts';
import { ThreadPool } from './thread-pool.ts';

export interface RedisWorkerOptions {
  readonly url: string;
  readonly threads: number;
  readonly setup: WorkshopSetup;
  /** A job whose worker was not heard of for so long is taken up by another. */
  readonly stalledAfterMs: number;
  readonly log: LinkLog;
  /** Set: its jobs go back to the queue, and it ends. */
  readonly signal: AbortSignal;
}

const heartbeatMs = 1000;
/** A worker that was not heard of for so long is gone. */
const heartbeatLifeMs = 10_000;
/** Results that nobody came for. */
const resultLifeSeconds = 14 * 24 * 3600;

interface Active {
  readonly data: QueuedJob;
  readonly stop: AbortController;
  readonly attempt: number;
  /** What was heard last. */
  news: Omit<ActiveJob, 'batch' | 'key' | 'attempt'>;
}

/**
 * Takes jobs from a queue until the signal is set. The jobs themselves run in threads: on this one they would lose their locks.
 * @throws {BackendError} when there is no Redis
 */
export async function runRedisWorker(options: RedisWorkerOptions): Promise<void> {
  const { url, threads, setup, stalledAfterMs, log, signal } = options;
  const redis = await connectRedis(url, log);
  const host = hostname();
  const id = `${host}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const since = Date.now();
  const active = new Map<string, Active>();
  const counts = { done: 0, failed: 0 };
  const cache = new PolicyCache(redis);
  await using pool = new ThreadPool(threads, setup);

  const cancelled = async ({ batch, run, key }: QueuedJob): Promise<boolean> =>
    (await redis.exists(cancelledKey(batch, run), cancelledKey(batch, run, key))) > 0;

  async function work(entry: QueueEntry, token: string | undefined): Promise<void> {
    const { data, work } = read(entry.data, setup.codeHash);
    if (await cancelled(data)) return; // its coordinator knows
    const own: Active = { data, stop: new AbortController(), attempt: entry.attemptsStarted, news: { done: 0 } };
    active.set(entry.id!, own);
    const begun = performance.now();
    try {
      const policies = await cache.fetch(data.batch, data.policies);
      const wanted = AbortSignal.any([own.stop.signal, signal]);
      const outcome = await pool.run(work, wanted, { policies, telemetry: data.telemetry }, (news) => {
        own.news = { ...news, done: Math.min(1, Math.max(0, news.done)), preparing: news.preparing?.slice(0, 200) };
      });
      if (!outcome.ok) {
        const { name, reason } = outcome.fault;
        const text = name === null ? reason : `${name}: ${reason}`;
        log(`job ${data.key.slice(0, 12)} failed: ${text}`);
        throw outcome.final ? new UnrecoverableError(text) : new Error(text);
      }
      const done =
        work.kind === 'evaluation' ? (outcome.value as Evaluated) : { result: outcome.value, telemetry: null };
      const { result: value, telemetry: recorded } = done;
      const telemetry = recorded === null ? undefined : await handInTelemetry(redis, data.batch, recorded);
      const ms = performance.now() - begun;
      const body = JSON.stringify({ worker: id, attempt: own.attempt, ms, value, telemetry } satisfies Delivered);
      // By the job's key, so that a second worker's result of the same job takes the place of the first, and is the same.
      const results = resultsKey(data.batch);
      await redis.hset(results, data.key, body);
      await redis.expire(results, resultLifeSeconds);
      counts.done++;
    } catch (error) {
      if (error instanceof CancelledError && signal.aborted) {
        await entry.moveToWait(token); // not its fault: another worker has it at once, and no attempt is spent
        throw new WaitingError();
      }
      if (error instanceof CancelledError) return;
      counts.failed++;
      throw error instanceof FaultlineError ? named(error) : error;
    } finally {
      active.delete(entry.id!);
    }
  }

  const link = redis.duplicate();
  link.on('error', () => {}); // the other connection tells
  const worker = new Worker<unknown, void>(queueName(setup.codeHash), (entry, token) => work(entry, token), {
    connection: link,
    prefix,
    name: id,
    concurrency: threads,
    lockDuration: stalledAfterMs,
    stalledInterval: Math.max(500, stalledAfterMs / 2),
    maxStalledCount: mostStalls,
    autorun: false,
  });
  worker.on('error', (error) => log(`queue: ${error.message}`));
  worker.on('stalled', (job) => log(`job ${job.slice(-64, -52)} had lost its worker and goes back to the queue`));
  const beat = setInterval(() => void tell(), heartbeatMs);
  let telling = false;

  async function tell(): Promise<void> {
    if (telling) return; // while the server is gone, one waits, not one a second
    telling = true;
    try {
      const jobs = [...active.values()].map(({ data, attempt, news }) => {
        const { batch, key } = data;
        return { ...news, batch, key, attempt };
      });
      const code = setup.codeHash;
      const report: Heartbeat = { id, host, pid: process.pid, threads, since, ...counts, active: jobs, code };
      await redis.set(workerKey(id), JSON.stringify(report), 'PX', heartbeatLifeMs);
      for (const { data, stop } of active.values()) if (await cancelled(data)) stop.abort();
    } catch (error) {
      log(`heartbeat: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      telling = false;
    }
  }

  const running = worker.run();
  log(`worker ${id}: ${threads} ${threads === 1 ? 'thread' : 'threads'}, code ${setup.codeHash.slice(0, 12)}`);
  await tell();
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    clearInterval(beat);
    // Jobs have heard the signal themselves; when the server is gone they cannot be given back, and are found as stalled.
    const closed = worker.close().then(() => running);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    await Promise.race([redis.del(workerKey(id)), new Promise((resolve) => setTimeout(resolve, 500).unref())]);
    link.disconnect(); // BullMQ never closes a connection that it was given
    redis.disconnect();
  }
}

/** As BullMQ notes it: what cannot be otherwise the next time is not tried again. */
function named(error: FaultlineError): Error {
  const text = `${error.name}: ${error.message}`;
  return error instanceof MissingPolicyError ? new Error(text) : new UnrecoverableError(text);
}

/** @throws {UnrecoverableError} for a job that is none, whoever tries it */
function read(raw: unknown, codeHash: string): { readonly data: QueuedJob; readonly work: Work } {
  try {
    const data = parseValueAs(raw, 'job', queuedJob);
    const work = workFrom(data.work);
    if (jobOf(work, codeHash).key !== data.key) throw new UnrecoverableError('the job is not what its key says');
    return { data, work };
  } catch (error) {
    throw error instanceof FaultlineError ? named(error) : error;
  }
}
