import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BackendError, CancelledError, DataError, FaultlineError } from '../../core/errors.ts';
import { checkValue } from '../../evaluation/executor/check-result.ts';
import { mostAttempts } from '../../evaluation/executor/executor.ts';
import type { Executor, JobFault, JobOutcome, RunJobsOptions } from '../../evaluation/executor/executor.ts';
import type { Evaluated, Job, ValueOf, Work } from '../../evaluation/executor/job.ts';
import type { PolicySupply } from './packed-policy.ts';
import { PolicyShelf } from './policy-shelf.ts';
import { faultOf } from '../thread-fault.ts';
import { entryOf, faultIn } from './queue-entry.ts';
import { cancelledKey, jobId, resultsKey } from './redis-link.ts';
import { delivered, mostResultBytes } from './redis-messages.ts';
import type { QueuedJob } from './redis-messages.ts';
import { TelemetryShelf } from './telemetry-shelf.ts';
import { RedisQueue } from './redis-queue.ts';
import type { RedisQueueOptions } from './redis-queue.ts';

export interface RedisExecutorOptions extends RedisQueueOptions {
  /** Names our jobs among those of others; the same one after a restart finds what was queued and done before. */
  readonly batch: string;
  /** Policies that are sent along. */
  readonly policies: PolicySupply;
  /** Whether what runs record comes back with their results. */
  readonly telemetry: boolean;
}

/** A job that will not be done. */
interface Given {
  readonly key: string;
  readonly error: JobFault;
  readonly attempts: number;
}

const pollMs = 250;
/** How often it is asked whether a job has been lost, as when a Redis without its file came back empty. */
const searchMs = 5000;
/** Jobs that are added, or asked after, at a time. */
const chunk = 200;
/** Polls in a row that the server may refuse, at two a second, before we give up. */
const mostRefusals = 60;
const cancelMs = 3000;
/** A worker that was gone for longer does for nothing what was cancelled meanwhile. */
const cancelledSeconds = 24 * 3600;

/**
 * Workers anywhere do the jobs, which wait in a Redis. The truth of what is done is with the caller: what the queue has lost is queued again, what
 * it has twice counts once.
 */
export class RedisExecutor implements Executor {
  readonly kind = 'redis';
  readonly #queue: RedisQueue;
  readonly #batch: string;
  readonly #leaves: boolean;
  readonly #policies: PolicyShelf;
  readonly #telemetry: TelemetryShelf | undefined;
  #own = false;

  /**
   * @param leaves jobs that nobody waits for any more stay in the queue: the same batch will come back for them, after a restart, say, and takes
   * failures of before as they are; absent: they leave it
   */
  constructor(
    queue: RedisQueue,
    { batch, policies, telemetry }: Pick<RedisExecutorOptions, 'batch' | 'policies' | 'telemetry'>,
    { leaves = false }: { readonly leaves?: boolean } = {},
  ) {
    this.#queue = queue;
    this.#batch = batch;
    this.#policies = new PolicyShelf(queue.redis, batch, policies);
    this.#telemetry = telemetry ? new TelemetryShelf(queue.redis, batch) : undefined;
    this.#leaves = leaves;
  }

  /** With a queue of its own. @throws {BackendError} when there is no Redis */
  static async open(options: RedisExecutorOptions): Promise<RedisExecutor> {
    const executor = new RedisExecutor(await RedisQueue.open(options), options);
    executor.#own = true;
    return executor;
  }

  async *run<W extends Work>(
    jobs: readonly Job<W>[],
    { signal, onNews }: RunJobsOptions,
  ): AsyncGenerator<JobOutcome<ValueOf<W>>, void, void> {
    const run = this.#leaves ? this.#batch : randomUUID();
    const { log } = this.#queue;
    const open = new Map(jobs.map((job) => [job.key, job]));
    const bad = new Map<string, number>();
    let searchedAt = Number.NEGATIVE_INFINITY;
    let refusals = 0;
    try {
      while (open.size > 0) {
        try {
          if (performance.now() - searchedAt > searchMs) {
            const given = await unlessAborted(this.#search([...open.values()], run), signal);
            for (const one of given) {
              open.delete(one.key);
              yield { state: 'failed', ...one };
            }
            searchedAt = performance.now();
            const workers = await unlessAborted(this.#queue.workers(), signal);
            onNews?.({ type: 'workers', workers });
          }
          const unwanted = [...open.values()].filter((job) => job.signal?.aborted === true).map(({ key }) => key);
          if (unwanted.length > 0) await unlessAborted(this.#withdraw(unwanted, run), signal);
          for (const key of unwanted) {
            open.delete(key);
            yield { key, state: 'cancelled' };
          }
          for (const key of await unlessAborted(this.#arrived(), signal)) {
            const job = open.get(key);
            if (job === undefined) continue;
            const outcome = await unlessAborted(this.#take(job, bad, onNews), signal);
            if (outcome === undefined) {
              searchedAt = Number.NEGATIVE_INFINITY; // it was refused: the job is queued again
              onNews?.({ type: 'retry', key, attempt: bad.get(key)! + 1, reason: 'its result was refused' });
            } else {
              open.delete(key);
              yield outcome; // who asks for the next has kept this one
            }
            await this.#queue.redis.hdel(resultsKey(this.#batch), key);
            await this.#telemetry?.release(key);
          }
          for (const one of await unlessAborted(this.#failed(open, run), signal)) {
            open.delete(one.key);
            yield { state: 'failed', ...one };
          }
          for (const { id, active } of await unlessAborted(this.#queue.workers(), signal))
            for (const { batch, ...job } of active)
              if (batch === this.#batch && open.has(job.key)) onNews?.({ type: 'job', ...job, worker: id });
          refusals = 0;
          if (open.size > 0) await pause(pollMs, undefined, { signal });
        } catch (error) {
          if (signal.aborted) throw new CancelledError('interrupted');
          if (!isRefusal(error)) throw error;
          if (++refusals > mostRefusals) throw new BackendError(`redis: ${error.message}`, { cause: error });
          log(`redis: ${error.message}`);
          await pause(500);
        }
      }
    } finally {
      // Cancelled, or nobody listens any more: what is left is not wanted.
      if (open.size === 0 || !this.#leaves)
        await Promise.race([this.#clear([...open.keys()], run), pause(cancelMs, undefined, { ref: false })]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#own) await this.#queue[Symbol.asyncDispose]();
  }

  /** Queues what is neither queued nor done; what an earlier run of the batch left behind as failed or cancelled begins anew. */
  async #search(jobs: readonly Job[], run: string): Promise<readonly Given[]> {
    const batch = this.#batch;
    const { entries, redis } = this.#queue;
    const given: Given[] = [];
    await this.#policies.keep();
    for (let from = 0; from < jobs.length; from += chunk) {
      const some = jobs.slice(from, from + chunk);
      const states = await Promise.all(some.map(({ key }) => entries.getJobState(jobId(batch, key))));
      // Asked after the states: a result is there before its job is over.
      const there = await redis.hmget(resultsKey(batch), ...some.map(({ key }) => key));
      const lost = some.filter((_job, at) => states[at] === 'unknown' && there[at] === null);
      given.push(...(await this.#add(lost, run)));
    }
    return given;
  }

  /** Queues jobs, after the policies that they need; tells of those whose policies cannot be sent. */
  async #add(jobs: readonly Job[], run: string): Promise<readonly Given[]> {
    const given: Given[] = [];
    const entries: ReturnType<typeof entryOf>[] = [];
    const lay = this.#policies.layer();
    for (const { key, work } of jobs)
      try {
        const telemetry = work.kind === 'evaluation' && this.#telemetry !== undefined;
        entries.push(entryOf({ batch: this.#batch, run, key, work, telemetry, policies: await lay(work) }));
      } catch (error) {
        if (!(error instanceof FaultlineError)) throw error;
        given.push({ key, error: faultOf(error), attempts: 1 });
      }
    if (entries.length > 0) await this.#queue.entries.addBulk(entries);
    return given;
  }

  #arrived(): Promise<string[]> {
    return this.#queue.redis.hkeys(resultsKey(this.#batch));
  }

  /** What a worker left of a job; undefined for what is none, as long as the job may be tried again. */
  async #take<W extends Work>(
    job: Job<W>,
    bad: Map<string, number>,
    onNews: RunJobsOptions['onNews'],
  ): Promise<JobOutcome<ValueOf<W>> | undefined> {
    const { codeHash, log, redis } = this.#queue;
    const { key, work } = job;
    const results = resultsKey(this.#batch);
    let worker = 'a worker';
    try {
      const bytes = await redis.hstrlen(results, key);
      if (bytes > mostResultBytes)
        throw new DataError(`a worker's result has ${bytes} bytes, expected at most ${mostResultBytes}`);
      const body = await redis.hget(results, key);
      const parsed = delivered.safeParse(JSON.parse(body ?? 'null'));
      if (!parsed.success) throw new DataError("a worker's message is malformed");
      ({ worker } = parsed.data);
      const { value, attempt } = parsed.data;
      const checked = (job.check?.(value) ?? checkValue(value, work, codeHash)) as ValueOf<W>;
      const recorded = work.kind === 'evaluation' ? await this.#telemetry?.take(key, parsed.data.telemetry) : undefined;
      onNews?.({ type: 'job', key, done: 1, worker, attempt });
      return {
        key,
        state: 'done',
        value: recorded === undefined ? checked : { ...(checked as Evaluated), ...recorded },
      };
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
  async #failed(open: ReadonlyMap<string, Job>, run: string): Promise<readonly Given[]> {
    const batch = this.#batch;
    const { entries: queue, redis } = this.#queue;
    const entries = await queue.getFailed(0, 1000);
    const over: Given[] = [];
    for (const entry of entries) {
      const key = entry.id?.startsWith(`${batch}_`) === true ? entry.id.slice(batch.length + 1) : '';
      const job = open.get(key);
      if (job === undefined) continue;
      await queue.remove(entry.id!);
      if ((entry.data as QueuedJob).run !== run) over.push(...(await this.#add([job], run)));
      else if ((await redis.hexists(resultsKey(batch), key)) === 0)
        over.push({ key, error: faultIn(entry), attempts: Math.max(1, entry.attemptsStarted) });
    }
    return over;
  }

  /** Jobs that are not wanted leave the queue, and those under way are broken off. */
  async #withdraw(keys: readonly string[], run: string): Promise<void> {
    for (const key of keys) {
      await this.#queue.redis.set(cancelledKey(this.#batch, run, key), '1', 'EX', cancelledSeconds);
      await this.#remove(key);
    }
  }

  /** One that a worker has stays where it is. */
  async #remove(key: string): Promise<void> {
    await this.#queue.entries.remove(jobId(this.#batch, key)).catch(() => 0);
  }

  /** Cancels jobs, and takes away what the batch needed. */
  async #clear(keys: readonly string[], run: string): Promise<void> {
    const { log, redis } = this.#queue;
    try {
      await this.#policies.clear();
      await this.#telemetry?.clear();
      if (keys.length === 0) return;
      await redis.set(cancelledKey(this.#batch, run), '1', 'EX', cancelledSeconds);
      for (let from = 0; from < keys.length; from += chunk)
        await Promise.all(keys.slice(from, from + chunk).map((key) => this.#remove(key)));
    } catch (error) {
      log(`redis: could not cancel: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** What the server answered with, and may not the next time: it loads its file, its disk is full. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
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
