import type { Redis } from 'ioredis';
import { DataError } from '../../core/errors.ts';
import type { Work } from '../../evaluation/executor/job.ts';
import { hashOfPacked, mostPolicyBytes, packPolicy } from './packed-policy.ts';
import type { PolicySupply } from './packed-policy.ts';
import { policiesKey } from './redis-link.ts';

/** Bytes that the policies of one batch may come to. */
const mostShelfBytes = 512 << 20;
/** As long as results: what was queued is of no use without them. */
const lifeSeconds = 14 * 24 * 3600;

/** The policies that the jobs of a batch need and workers may not have: a hash in the Redis, by SHA-256 of their files, until the batch is over. */
export class PolicyShelf {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #supply: PolicySupply;
  /** Bytes by hash, of what was put here. */
  readonly #sizes = new Map<string, number>();

  constructor(redis: Redis, batch: string, supply: PolicySupply) {
    this.#redis = redis;
    this.#key = policiesKey(batch);
    this.#supply = supply;
  }

  /** For jobs that are queued together: each policy is read once. The hashes by name of what a piece of work needs are told when all of it is there. */
  layer(): (work: Work) => Promise<Readonly<Record<string, string>>> {
    const laid = new Map<string, Promise<string | undefined>>();
    return async (work) => {
      if (work.kind !== 'evaluation') return {};
      const needed: [string, string][] = [];
      for (const name of textsOf(work.scenario)) {
        const lying = laid.get(name) ?? this.#lay(name);
        laid.set(name, lying);
        const hash = await lying;
        if (hash !== undefined) needed.push([name, hash]);
      }
      return Object.fromEntries(needed);
    };
  }

  /** They are still needed. */
  async keep(): Promise<void> {
    await this.#redis.expire(this.#key, lifeSeconds);
  }

  async clear(): Promise<void> {
    await this.#redis.del(this.#key);
  }

  async #lay(name: string): Promise<string | undefined> {
    const contents = await this.#supply(name);
    if (contents === undefined) return undefined;
    const packed = packPolicy(contents);
    if (packed.length > mostPolicyBytes)
      throw new DataError(`policy '${name}' has ${packed.length} bytes, expected at most ${mostPolicyBytes}: workers cannot be sent it`); // prettier-ignore
    const hash = hashOfPacked(packed);
    const others = [...this.#sizes].reduce((sum, [one, size]) => sum + (one === hash ? 0 : size), 0);
    if (others + packed.length > mostShelfBytes)
      throw new DataError(`policy '${name}': with it the policies of these jobs have ${others + packed.length} bytes, expected at most ${mostShelfBytes}`); // prettier-ignore
    if ((await this.#redis.hexists(this.#key, hash)) === 0) await this.#redis.hset(this.#key, hash, packed);
    this.#sizes.set(hash, packed.length);
    await this.keep();
    return hash;
  }
}

/** Every text of a value, once: where in a scenario policies are named is for its attacks and modules to know. */
function textsOf(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) textsOf(one, found);
  return found;
}
