import { Redis } from 'ioredis';
import { BackendError, ConfigError } from '../../core/errors.ts';

/** How long a Redis may take to answer before a command says that there is none. */
const firstAnswerMs = 10_000;

/** All our keys begin so. */
export const prefix = 'faultline';
/** A queue for each version of the code: a worker of another one would compute other bits. */
export const queueName = (codeHash: string): string => `jobs-${codeHash.slice(0, 16)}`;
/** Hash of a batch's results, by key of their job, until the coordinator has taken them. */
export const resultsKey = (batch: string): string => `${prefix}:results:${batch}`;
/** Hash of the telemetry of a batch's runs, by SHA-256 of its bytes, until the coordinator has taken it. */
export const telemetryKey = (batch: string): string => `${prefix}:telemetry:${batch}`;
/** Hash of the policies that a batch's jobs need, by SHA-256 of their files, until the batch is over. */
export const policiesKey = (batch: string): string => `${prefix}:policies:${batch}`;
/** There while a coordinator's run of a batch, or one job of it, is cancelled. */
export const cancelledKey = (batch: string, run: string, key?: string): string =>
  [prefix, 'cancelled', batch, run, ...(key === undefined ? [] : [key])].join(':');
export const workerKey = (id: string): string => `${prefix}:worker:${id}`;
export const jobId = (batch: string, key: string): string => `${batch}_${key}`;

/** A Redis by its URL, without what is secret in it. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = parsedUrl(url);
  return `${protocol}//${host}${pathname}`;
}

/** @throws {ConfigError} for what is no address of a Redis */
function parsedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '')
    throw new ConfigError(
      '--redis is no address of a Redis, expected redis://host:6379 or rediss://user:password@host',
    );
  return parsed;
}

/** Hears that the connection was lost, once for each time, and what else is wrong with it. */
export type LinkLog = (message: string) => void;

/**
 * A connection that comes back by itself, however long the server is gone; commands wait meanwhile.
 * @throws {ConfigError} {BackendError} when there is no Redis that answers now
 */
export async function connectRedis(url: string, log: LinkLog): Promise<Redis> {
  const shown = shownUrl(url);
  let last = '';
  const redis = new Redis(url, {
    maxRetriesPerRequest: null, // BullMQ demands it of whoever waits for jobs
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 2000),
    connectTimeout: 5000,
  });
  let answered = false;
  // Without a listener the process would die when the server restarts.
  redis.on('error', (error: Error) => {
    const { message } = error instanceof AggregateError ? (error.errors[0] as Error) : error;
    last = message;
    if (answered) log(`redis ${shown}: ${message}`);
  });
  redis.on('ready', () => {
    if (answered) log(`redis ${shown}: connected again`);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), firstAnswerMs);
  });
  try {
    const ok = await Promise.race([redis.ping().then(() => true), late]);
    if (!ok) throw new Error(last === '' ? 'no answer' : last);
    answered = true;
    return redis;
  } catch (cause) {
    redis.disconnect();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`no Redis answers at ${shown}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
