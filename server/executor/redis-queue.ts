import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { WorkerReport } from '../../evaluation/executor/executor.ts';
import { connectRedis, prefix, queueName, shownUrl, workerKey } from './redis-link.ts';
import type { LinkLog } from './redis-link.ts';
import { heartbeat } from './redis-messages.ts';

export interface RedisQueueOptions {
  readonly url: string;
  readonly codeHash: string;
  readonly log: LinkLog;
}

/** Jobs of a queue: those that wait, those that workers have, those that wait for another attempt. */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
}

/** Several who ask within this time share one answer. */
const workersForMs = 200;
/** Keys of workers that are looked at: anyone may write there. */
const mostWorkers = 10_000;

/** The jobs and workers of one version of the code in a Redis. Whoever opens it closes it. */
export class RedisQueue implements AsyncDisposable {
  readonly redis: Redis;
  readonly entries: Queue;
  readonly codeHash: string;
  /** Its address, without what is secret in it. */
  readonly address: string;
  readonly log: LinkLog;
  /** BullMQ's own: it never closes one that it was given. */
  readonly #link: Redis;
  #asked: { readonly at: number; readonly workers: Promise<readonly WorkerReport[]> } | undefined;

  private constructor({ url, codeHash, log }: RedisQueueOptions, redis: Redis) {
    this.redis = redis;
    this.codeHash = codeHash;
    this.address = shownUrl(url);
    this.log = log;
    this.#link = redis.duplicate();
    this.#link.on('error', () => {}); // the other connection tells
    this.entries = new Queue(queueName(codeHash), { connection: this.#link, prefix });
    this.entries.on('error', (error) => log(`queue: ${error.message}`));
  }

  /** @throws {ConfigError} for what is no address  @throws {BackendError} when there is no Redis */
  static async open(options: RedisQueueOptions): Promise<RedisQueue> {
    return new RedisQueue(options, await connectRedis(options.url, options.log));
  }

  /** Whether the server answers now; commands wait while it does not. */
  get connected(): boolean {
    return this.redis.status === 'ready';
  }

  async depth(): Promise<QueueDepth> {
    const counts = await this.entries.getJobCounts('wait', 'active', 'delayed');
    const { wait = 0, active = 0, delayed = 0 } = counts;
    return { waiting: wait, active, delayed };
  }

  /** Workers of this code that were heard of lately; what others write under their names is left out. */
  workers(): Promise<readonly WorkerReport[]> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > workersForMs)
      this.#asked = { at: now, workers: this.#lookForWorkers() };
    return this.#asked.workers;
  }

  async #lookForWorkers(): Promise<readonly WorkerReport[]> {
    const keys: string[] = [];
    for (let cursor = '0'; ;) {
      const [next, some] = await this.redis.scan(cursor, 'MATCH', workerKey('*'), 'COUNT', 1000);
      keys.push(...some);
      if ((cursor = next) === '0' || keys.length > mostWorkers) break;
    }
    if (keys.length === 0) return [];
    const bodies = await this.redis.mget(keys);
    return bodies.flatMap((body) => {
      const parsed = heartbeat.safeParse(parsedJson(body));
      if (!parsed.success || parsed.data.code !== this.codeHash) return [];
      const { code: _code, ...report } = parsed.data;
      return [report];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.race([this.entries.close(), pause(1000, undefined, { ref: false })]);
    this.#link.disconnect();
    this.redis.disconnect();
  }
}

function parsedJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
