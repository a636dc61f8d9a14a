import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError, CancelledError, ConfigError } from '../../core/errors.ts';
import type { JobOutcome } from '../../evaluation/executor/executor.ts';
import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import { jobOf } from '../../evaluation/executor/job.ts';
import type { CellWork, Evaluated, Job } from '../../evaluation/executor/job.ts';
import { RedisExecutor } from '../../server/executor/redis-executor.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { tempFolder, until } from '../support/server.ts';
import { smallJobs, testCode, valueOf } from '../support/sweep.ts';

describe.skipIf(!hasRedis)('jobs over a Redis', () => {
  const jobs = smallJobs([0, 1, 2]);
  const folder = tempFolder();
  let redis: TestRedis;
  let client: Redis;
  const said: string[] = [];
  const policies = async (): Promise<undefined> => undefined;
  const waiting = async (): Promise<number> => client.llen(`faultline:jobs-${testCode.slice(0, 16)}:wait`);
  const open = (batch: string): Promise<RedisExecutor> =>
    RedisExecutor.open({
      url: redis.url,
      batch,
      codeHash: testCode,
      policies,
      telemetry: false,
      log: (text) => void said.push(text),
    });
  /** As a worker leaves it. */
  const deliver = (batch: string, key: string, value: unknown): Promise<number> =>
    client.hset(`faultline:results:${batch}`, key, JSON.stringify({ worker: 'w', attempt: 1, ms: 5, value }));

  beforeAll(async () => {
    redis = await openRedis(folder.path);
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('a hostile worker’s results are named errors; the true ones count, what an emptied Redis lost is queued again', async () => {
    await using executor = await open('hostile');
    const outcomes: JobOutcome<Evaluated>[] = [];
    const over = (async () => {
      for await (const one of executor.run(jobs, { signal: new AbortController().signal })) outcomes.push(one);
    })();
    await until('the jobs', async () => (await waiting()) === jobs.length);
    await client.flushall();
    await until('the jobs again', async () => (await waiting()) === jobs.length);
    const [bad, odd, good] = jobs;
    const { result } = await valueOf(odd!);
    await deliver('hostile', good!.key, (await valueOf(good!)).result);
    await until('both refused', async () => {
      await deliver('hostile', bad!.key, '<script>');
      await deliver('hostile', odd!.key, { ...result, lanes: result.lanes.map((lane) => ({ ...lane, return: 'x' })) });
      return outcomes.length === jobs.length;
    });
    await over;
    const of = (key: string): JobOutcome<Evaluated> => outcomes.find((one) => one.key === key)!;
    expect(of(good!.key)).toEqual({ key: good!.key, state: 'done', value: await valueOf(good!) });
    for (const { key } of [bad!, odd!])
      expect(of(key)).toMatchObject({ state: 'failed', attempts: 3, error: { name: 'DataError', code: 'data' } });
    expect(of(odd!.key)).toMatchObject({ error: { reason: expect.stringContaining('/lanes/0/return') as string } });
    expect(said.join('\n')).toContain('a worker');
  }, 60_000);

  it('cancelled, it leaves no job behind', async () => {
    await client.flushall();
    await using executor = await open('cancel');
    const stop = new AbortController();
    const over = (async () => {
      for await (const _one of executor.run(jobs, { signal: stop.signal }));
    })();
    await until('the jobs', async () => (await waiting()) === jobs.length);
    stop.abort();
    await expect(over).rejects.toThrow(CancelledError);
    expect(await waiting()).toBe(0);
    expect(await client.keys('faultline:cancelled:cancel:*')).toHaveLength(1);
  }, 60_000);

  it('a study’s cell that is no sound value, or not of its study’s shape, is a named error', async () => {
    await client.flushall();
    await using executor = await open('cells');
    const cell = (id: string): Job<CellWork> =>
      jobOf({ kind: 'study-cell', study: 'amu', options: { quick: true, dataset: 'builtin', seeds: 1 }, id }, testCode);
    const check = (value: unknown): unknown => parseValueAs(value, 'cell', z.strictObject({ accuracy: z.number() }));
    const [deep, wrong, right, none] = [cell('a'), { ...cell('b'), check }, { ...cell('c'), check }, cell('d')];
    let nested: unknown = 1;
    for (let depth = 0; depth < 20; depth++) nested = [nested];
    const outcomes: JobOutcome<unknown>[] = [];
    const over = (async () => {
      const { signal } = new AbortController();
      for await (const one of executor.run([deep, wrong, right, none], { signal })) outcomes.push(one);
    })();
    await until('all', async () => {
      await deliver('cells', deep.key, nested);
      await deliver('cells', wrong.key, { accuracy: '0.9' });
      await deliver('cells', right.key, { accuracy: 0.9 });
      await client.hset(
        'faultline:results:cells',
        none.key,
        '{"worker":"w","attempt":1,"ms":5,"value":{"__proto__":{}}}',
      );
      return outcomes.length === 4;
    });
    await over;
    const of = (key: string): JobOutcome<unknown> => outcomes.find((one) => one.key === key)!;
    expect(of(right.key)).toMatchObject({ state: 'done', value: { accuracy: 0.9 } });
    for (const [{ key }, reason] of [
      [deep, /^a worker's value of cell 'a' of study amu is malformed: .*deeper than 16/],
      [wrong, /accuracy/],
      [none, /a prototype/],
    ] as const)
      expect(of(key)).toMatchObject({ state: 'failed', attempts: 3, error: { reason: expect.stringMatching(reason) as string } }); // prettier-ignore
  }, 60_000);

  it('an address that is none, or where nobody is, is named without its password', async () => {
    const at = (url: string): Promise<unknown> =>
      RedisExecutor.open({ url, batch: 'b', codeHash: '', policies, telemetry: false, log() {} });
    await expect(at('http://user:secret@x')).rejects.toThrow(ConfigError);
    const nobody = at('redis://user:secret@127.0.0.1:1/0');
    await expect(nobody).rejects.toThrow(BackendError);
    await expect(nobody).rejects.toThrow(/^no Redis answers at redis:\/\/127\.0\.0\.1:1\/0: .*ECONNREFUSED/);
  }, 60_000);
});
