import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { DataError } from '../../core/errors.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { mostTelemetryBytes, packTelemetry, telemetryBytes, unpackTelemetry } from './packed-telemetry.ts';
import type { Telemetry } from './packed-telemetry.ts';
import { telemetryKey } from './redis-link.ts';
import type { Delivered } from './redis-messages.ts';

/** As long as results: one is of no use without the other. */
const lifeSeconds = 14 * 24 * 3600;

/**
 * Leaves a run's telemetry for who queued it, before its result; by the SHA-256 of its bytes, so that of a run that was done twice the telemetry is
 * that of the result that counts. What is too large stays here, which is told.
 */
export async function handInTelemetry(
  redis: Redis,
  batch: string,
  telemetry: Telemetry,
): Promise<NonNullable<Delivered['telemetry']>> {
  const bytes = telemetryBytes(telemetry);
  const packed = bytes > mostTelemetryBytes ? undefined : packTelemetry(telemetry);
  if (packed === undefined || packed.length > mostTelemetryBytes) return { bytes: packed?.length ?? bytes, hash: null };
  const hash = sha256(packed);
  const key = telemetryKey(batch);
  await redis.hset(key, hash, packed);
  await redis.expire(key, lifeSeconds);
  return { bytes: packed.length, hash };
}

/** The telemetry of batches that come back from workers: a hash in the Redis, until each run's is taken. */
export class TelemetryShelf {
  readonly #redis: Redis;
  readonly #key: string;
  /** Hashes by job, of what was read. */
  readonly #read = new Map<string, string>();

  constructor(redis: Redis, batch: string) {
    this.#redis = redis;
    this.#key = telemetryKey(batch);
  }

  /** What a worker says that it handed in of a job. @throws {DataError} where it is gone, or is not what it says */
  async take(job: string, told: Delivered['telemetry']): Promise<Pick<Evaluated, 'telemetry' | 'withheld'>> {
    if (told === undefined) return { telemetry: null, withheld: 'its worker handed in no telemetry' };
    const { bytes, hash } = told;
    if (hash === null)
      return {
        telemetry: null,
        withheld: `its telemetry has ${bytes} bytes, more than the ${mostTelemetryBytes} that a worker hands in`,
      };
    const length = await this.#redis.hstrlen(this.#key, hash);
    if (length > mostTelemetryBytes)
      throw new DataError(`a worker's telemetry has ${length} bytes, expected at most ${mostTelemetryBytes}`);
    const packed = await this.#redis.hgetBuffer(this.#key, hash);
    if (packed === null) throw new DataError("a worker's telemetry is not in the Redis");
    const got = sha256(packed);
    if (got !== hash)
      throw new DataError(`a worker's telemetry is another: its SHA-256 is ${got.slice(0, 12)}, expected ${hash.slice(0, 12)}`); // prettier-ignore
    const telemetry = await unpackTelemetry(packed);
    this.#read.set(job, hash);
    return { telemetry };
  }

  /** What was read of a job is kept. */
  async release(job: string): Promise<void> {
    const hash = this.#read.get(job);
    this.#read.delete(job);
    if (hash !== undefined) await this.#redis.hdel(this.#key, hash);
  }

  async clear(): Promise<void> {
    await this.#redis.del(this.#key);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
