import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { BackendError, CancelledError, DataError } from '../../core/errors.ts';
import { checkResult } from '../../evaluation/executor/check-result.ts';
import { mostAttempts } from '../../evaluation/executor/executor.ts';
import type { Executor, JobOutcome, RunJobsOptions, WorkerReport } from '../../evaluation/executor/executor.ts';
import type { Job, ValueOf, Work } from '../../evaluation/executor/job.ts';
import { faultOf } from '../thread-fault.ts';
import { cancelledKey, connectRedis, jobId, prefix, queueName, resultsKey, workerKey } from './redis-link.ts';
import type { LinkLog } from './redis-link.ts';
import { delivered, heartbeat, mostResultBytes } from './redis-messages.ts';
import type { QueuedJob } from './redis-messages.ts';

export interface RedisExecutorOptions {
  readonly url: string;
  /** Names our jobs among those of others; the same one after a restart finds what was queued and done before. */
  readonly batch: string;
  readonly codeHash: string;
  readonly log: LinkLog;
}

const pollMs = 250;
/** How often it is asked whether a job has been lost, as when a Redis without its file came back empty. */
const searchMs = 5000;
/** Jobs that are added, or asked after, at a time. */
const chunk = 200;
/** Polls in a row that the server may refuse, at two a second, before we give up. */
const mostRefusals = 60;
const cancelMs = 3000;

/**
 * Workers anywhere do the jobs, which wait in a Redis. The truth of what is done is with the caller: what the queue has lost is queued again, what
 * it has twice counts once.
 */
export class RedisExecutor implements Executor {
  readonly kind = 'redis';
  readonly #options: RedisExecutorOptions;
  readonly #redis: Redis;
  /** BullMQ's own: it never closes one that it was given. */
  readonly #link: Redis;
  readonly #queue: Queue;

  private constructor(options: RedisExecutorOptions, redis: Redis) {
    this.#options = options;
    this.#redis = redis;
    this.#link = redis.duplicate();
    this.#link.on('error', () => {}); // the other connection tells
    this.#queue = new Queue(queueName(options.codeHash), { connection: this.#link, prefix });
    this.#queue.on('error', (error) => options.log(`queue: ${error.message}`));
  }

  /** @throws {BackendError} when there is no Redis */
  static async open(options: RedisExecutorOptions): Promise<RedisExecutor> {
    return new RedisExecutor(options, await connectRedis(options.url, options.log));
  }

  async *run<W extends Work>(
    jobs: readonly Job<W>[],
    { signal, onNews }: RunJobsOptions,
  ): AsyncGenerator<JobOutcome<ValueOf<W>>, void, void> {
    const run = randomUUID();
    const open = new Map(jobs.map((job) => [job.key, job]));
    const bad = new Map<string, number>();
    let searchedAt = Number.NEGATIVE_INFINITY;
    let refusals = 0;
    try {
      while (open.size > 0) {
        try {
          if (performance.now() - searchedAt > searchMs) {
            await unlessAborted(this.#search([...open.values()], run), signal);
            searchedAt = performance.now();
            const workers = await unlessAborted(this.#workers(), signal);
            onNews?.({ type: 'workers', workers });
          }
          for (const key of await unlessAborted(this.#arrived(), signal)) {
            const job = open.get(key);
            if (job === undefined) continue;
            const outcome = await unlessAborted(this.#take(job, bad), signal);
            if (outcome === undefined)
              searchedAt = Number.NEGATIVE_INFINITY; // it was refused: the job is queued again
            else {
              open.delete(key);
              yield outcome; // who asks for the next has kept this one
            }
            await this.#redis.hdel(resultsKey(this.#options.batch), key);
          }
          for (const { key, reason, attempts } of await unlessAborted(this.#failed(open, run), signal)) {
            open.delete(key);
            const [, name = null, text = reason] = /^([A-Z]\w*Error): (.*)$/s.exec(reason) ?? [];
            const error = { reason: text, fault: reason, name, code: null };
            yield { key, state: 'failed', error, attempts };
          }
          for (const { active } of await unlessAborted(this.#workers(), signal))
            for (const { key, done } of active) if (open.has(key)) onNews?.({ type: 'job', key, done });
          refusals = 0;
          if (open.size > 0) await pause(pollMs, undefined, { signal });
        } catch (error) {
          if (signal.aborted) throw new CancelledError('interrupted');
          if (!isRefusal(error)) throw error;
          if (++refusals > mostRefusals) throw new BackendError(`redis: ${error.message}`, { cause: error });
          this.#options.log(`redis: ${error.message}`);
          await pause(500);
        }
      }
    } finally {
      // Cancelled, or nobody listens any more: what is left is not wanted.
      if (open.size > 0)
        await Promise.race([this.#cancel([...open.keys()], run), pause(cancelMs, undefined, { ref: false })]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.race([this.#queue.close(), pause(1000, undefined, { ref: false })]);
    this.#link.disconnect();
    this.#redis.disconnect();
  }

  /** Queues what is neither queued nor done; what an earlier run of the batch left behind as failed or cancelled begins anew. */
  async #search<W extends Work>(jobs: readonly Job<W>[], run: string): Promise<void> {
    const { batch } = this.#options;
    for (let from = 0; from < jobs.length; from += chunk) {
      const some = jobs.slice(from, from + chunk);
      const states = await Promise.all(some.map(({ key }) => this.#queue.getJobState(jobId(batch, key))));
      // Asked after the states: a result is there before its job is over.
      const there = await this.#redis.hmget(resultsKey(batch), ...some.map(({ key }) => key));
      const lost = some.filter((_job, at) => states[at] === 'unknown' && there[at] === null);
      await this.#queue.addBulk(lost.map(({ key, work }) => this.#entry({ batch, run, key, work })));
    }
  }

  #entry(data: QueuedJob): Parameters<Queue['addBulk']>[0][number] {
    return {
      name: 'job',
      data,
      opts: {
        jobId: jobId(data.batch, data.key),
        attempts: mostAttempts,
        backoff: { type: 'exponential', delay: 500 },
        removeOnComplete: true,
        keepLogs: 0,
        stackTraceLimit: 5,
      },
    };
  }

  #arrived(): Promise<string[]> {
    return this.#redis.hkeys(resultsKey(this.#options.batch));
  }

  /** What a worker left of a job; undefined for what is none, as long as the job may be tried again. */
  async #take<W extends Work>(job: Job<W>, bad: Map<string, number>): Promise<JobOutcome<ValueOf<W>> | undefined> {
    const { batch, codeHash, log } = this.#options;
    const { key, work } = job;
    let worker = 'a worker';
    try {
      const bytes = await this.#redis.hstrlen(resultsKey(batch), key);
      if (bytes > mostResultBytes)
        throw new DataError(`a worker's result has ${bytes} bytes, expected at most ${mostResultBytes}`);
      const body = await this.#redis.hget(resultsKey(batch), key);
      const parsed = delivered.safeParse(JSON.parse(body ?? 'null'));
      if (!parsed.success) throw new DataError("a worker's message is malformed");
      ({ worker } = parsed.data);
      const { value } = parsed.data;
      if (work.kind !== 'evaluation') return { key, state: 'done', value: value as ValueOf<W> };
      const evaluated = { result: checkResult(value, work, codeHash), telemetry: null };
      return { key, state: 'done', value: evaluated as ValueOf<W> };
    } catch (error) {
      if (isRefusal(error)) throw error;
      const attempts = (bad.get(key) ?? 0) + 1;
      bad.set(key, attempts);
      const fault = error instanceof SyntaxError ? new DataError(`a worker's message is no JSON: ${error.message}`) : error; // prettier-ignore
      log(`job ${key.slice(0, 12)} of ${JSON.stringify(worker)}: ${faultOf(fault).reason}`);
      return attempts < mostAttempts ? undefined : { key, state: 'failed', error: faultOf(fault), attempts };
    }
  }

  /** Jobs of ours that were tried for the last time; those that an earlier run had cancelled are queued again. */
  async #failed(
    open: ReadonlyMap<string, Job>,
    run: string,
  ): Promise<readonly { readonly key: string; readonly reason: string; readonly attempts: number }[]> {
    const { batch } = this.#options;
    const entries = await this.#queue.getFailed(0, 1000);
    const over: { key: string; reason: string; attempts: number }[] = [];
    for (const entry of entries) {
      const key = entry.id?.startsWith(`${batch}_`) === true ? entry.id.slice(batch.length + 1) : '';
      const job = open.get(key);
      if (job === undefined) continue;
      await this.#queue.remove(entry.id!);
      if ((entry.data as QueuedJob).run !== run)
        await this.#queue.addBulk([this.#entry({ batch, run, key, work: job.work })]);
      else if ((await this.#redis.hexists(resultsKey(batch), key)) === 0)
        over.push({ key, reason: entry.failedReason, attempts: Math.max(1, entry.attemptsMade) });
    }
    return over;
  }

  /** Workers of this code that were heard of lately; what others write under their names is left out. */
  async #workers(): Promise<readonly WorkerReport[]> {
    const keys: string[] = [];
    for (let cursor = '0'; ;) {
      const [next, some] = await this.#redis.scan(cursor, 'MATCH', workerKey('*'), 'COUNT', 1000);
      keys.push(...some);
      if ((cursor = next) === '0' || keys.length > 10_000) break;
    }
    if (keys.length === 0) return [];
    const bodies = await this.#redis.mget(keys);
    return bodies.flatMap((body) => {
      const parsed = heartbeat.safeParse(parsedJson(body));
      if (!parsed.success || parsed.data.code !== this.#options.codeHash) return [];
      const { code: _code, ...report } = parsed.data;
      return [report];
    });
  }

  async #cancel(keys: readonly string[], run: string): Promise<void> {
    const { batch, log } = this.#options;
    try {
      await this.#redis.set(cancelledKey(batch, run), '1', 'EX', 24 * 3600);
      for (let from = 0; from < keys.length; from += chunk)
        await Promise.all(keys.slice(from, from + chunk).map((key) => this.#queue.remove(jobId(batch, key)).catch(() => 0))); // prettier-ignore
    } catch (error) {
      log(`redis: could not cancel: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** What the server answered with, and may not the next time: it loads its file, its disk is full. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function parsedJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** @throws {CancelledError} as soon as the signal is set: while the server is gone, its answer may not come for long */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new CancelledError('interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  answer.catch(() => {}); // it may come when nobody waits for it any more
  return Promise.race([answer, aborted]).finally(() => signal.removeEventListener('abort', stop!));
}
