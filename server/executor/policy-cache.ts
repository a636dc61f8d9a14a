import type { Redis } from 'ioredis';
import { DataError } from '../../core/errors.ts';
import { hashOfPacked, mostPolicyBytes } from './packed-policy.ts';
import { policiesKey } from './redis-link.ts';

/** A policy that a job needs is not there: it may be the next time. */
export class MissingPolicyError extends DataError {}

/** Packed policies that a worker was sent, the last used of them in memory. */
export class PolicyCache {
  readonly #redis: Redis;
  readonly #mostBytes: number;
  /** By hash, those last used at the end. */
  readonly #held = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(redis: Redis, mostBytes = 256 << 20) {
    this.#redis = redis;
    this.#mostBytes = mostBytes;
  }

  /** All that a job of a batch needs, by name. @throws {MissingPolicyError} @throws {DataError} for one that is too large, or not what its hash says */
  async fetch(batch: string, wanted: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const [name, hash] of Object.entries(wanted)) found.set(name, await this.#get(batch, name, hash));
    return found;
  }

  async #get(batch: string, name: string, hash: string): Promise<Uint8Array> {
    const known = this.#held.get(hash);
    const packed = known ?? (await this.#read(batch, name, hash));
    if (this.#held.delete(hash)) this.#bytes -= packed.length;
    this.#held.set(hash, packed);
    this.#bytes += packed.length;
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#held.delete(oldest);
      this.#bytes -= length;
    }
    return packed;
  }

  async #read(batch: string, name: string, hash: string): Promise<Uint8Array> {
    const key = policiesKey(batch);
    const shown = `policy '${name}' (${hash.slice(0, 12)})`;
    const bytes = await this.#redis.hstrlen(key, hash);
    if (bytes > mostPolicyBytes)
      throw new DataError(`${shown} has ${bytes} bytes, expected at most ${mostPolicyBytes}`);
    const packed = await this.#redis.hgetBuffer(key, hash);
    if (packed === null) throw new MissingPolicyError(`${shown} is not in the Redis: whoever queued the job has it`);
    const got = hashOfPacked(packed);
    if (got !== hash) throw new DataError(`${shown} is another: its SHA-256 is ${got.slice(0, 12)}`);
    return packed;
  }
}
