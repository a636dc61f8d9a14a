import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../../core/errors.ts';
import type { JobOutcome } from '../../evaluation/executor/executor.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { hashOfPacked, mostPolicyBytes, packPolicy } from '../../server/executor/packed-policy.ts';
import { MissingPolicyError, PolicyCache } from '../../server/executor/policy-cache.ts';
import type { PolicySupply } from '../../server/executor/packed-policy.ts';
import { RedisExecutor } from '../../server/executor/redis-executor.ts';
import { jobId, policiesKey, prefix, queueName } from '../../server/executor/redis-link.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { killCommands, startCommand } from '../support/command-process.ts';
import { faultlineIn } from '../support/faultline.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { launchSweep, outcomeOf, runsOf, sweepReaches } from '../support/served-sweep.ts';
import { api, openServer, tempFolder, until } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { smallJobs } from '../support/sweep.ts';
import { torchPolicy } from '../support/torch-policy.ts';

afterEach(killCommands);

/** Workers that have the shipped policies and no others, and neither the server's store nor the command's folder. */
describe.skipIf(!hasRedis)('policies that workers do not have', { timeout: 300_000 }, () => {
  const { codeHash } = provenance();
  const { modelsDir } = installation();
  const folder = tempFolder();
  const elsewhere = tempFolder();
  let redis: TestRedis;
  let client: Redis;
  const worker = (): ReturnType<typeof startCommand> => startCommand(elsewhere.path, ['worker', '--redis', redis.url]);
  const upload = async ({ url }: TestServer): Promise<void> => {
    const { status } = await api(
      url,
      '/policies/mine?file=net.pth&like=ppo20-builtin&activation=tanh&head=categorical',
      {
        method: 'POST',
        body: Uint8Array.from(torchPolicy(join(modelsDir, 'ppo20-builtin-seed1'))),
        headers: { 'content-type': 'application/octet-stream' },
      },
    );
    expect(status).toBe(201);
  };
  /** The files of the upload as they are sent. */
  const packedOf = ({ folder: own }: TestServer): Buffer => {
    const read = (file: string): Buffer => readFileSync(join(own, 'store', 'policies', 'mine', file));
    return packPolicy({ card: read('policy.json'), weights: read('policy.safetensors') });
  };
  const scenario = { ...smallScenario({ steps: 24 }), victim: { policy: 'mine' } };
  const small = (seeds: readonly number[]): object => ({ name: 'small', scenario, seeds });

  beforeAll(async () => {
    await faultlineIn(folder.path, ['worker', '--help']); // which compiles what is not: a worker then starts at once
    redis = await openRedis(folder.path);
    client = new Redis(redis.url);
  }, 300_000);
  beforeEach(() => client.flushall());
  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
    for (const one of [folder, elsewhere]) one[Symbol.dispose]();
  });

  it('reach them from the server, once and as bytes: victim or module, the same as in its own threads to the bit', async () => {
    await using local = await openServer({ modelsDir });
    await using server = await openServer({ modelsDir, redis: redis.url });
    const guided = { name: 'steer', config: { base: 'mine', steps: 24, attack_steps: 2, unsafe: 4 } };
    const sweeps = [
      { ...small([0]), vary: { '/victim/policy': ['mine', 'ppo20-builtin'] } },
      { ...small([0]), scenario: { ...scenario, victim: { policy: 'ppo20-builtin' }, modules: [guided] } },
    ];
    const ids: [string, string][] = [];
    for (const one of [local, server]) await upload(one);
    for (const spec of sweeps) ids.push([await launchSweep(local.url, spec), await launchSweep(server.url, spec)]);
    const packed = packedOf(server);
    const hash = hashOfPacked(packed);
    for (const [, id] of ids) {
      await until('the policy', async () => (await client.exists(policiesKey(id))) === 1);
      expect(await client.hkeys(policiesKey(id))).toEqual([hash]);
      expect(await client.hgetBuffer(policiesKey(id), hash)).toEqual(packed);
      expect(await client.ttl(policiesKey(id))).toBeGreaterThan(13 * 24 * 3600);
    }
    const queued = await until('the jobs', async () => {
      const keys = await client.keys(`${prefix}:${queueName(codeHash)}:${ids[0]![1]}_*`);
      return keys.length === 2 && keys;
    });
    const jobs = await Promise.all(queued.map(async (key) => (await client.hget(key, 'data'))!));
    for (const job of jobs) expect(job.length).toBeLessThan(5000);
    // The one that is shipped is not sent.
    expect(jobs.map((job) => (JSON.parse(job) as { policies: object }).policies)).toEqual(expect.arrayContaining([{ mine: hash }, {}])); // prettier-ignore
    worker();
    for (const [at, [own, remote]] of ids.entries()) {
      const count = at === 0 ? 2 : 1;
      await sweepReaches(local.url, own, 'done', count);
      await sweepReaches(server.url, remote, 'done', count);
      expect(await outcomeOf(server.url, remote)).toEqual(await outcomeOf(local.url, own));
      await until('the policy to be taken away', async () => (await client.exists(policiesKey(remote))) === 0);
    }
  });

  it('and are gone, or are others, are named errors; one that was removed is unknown', async () => {
    await using server = await openServer({ modelsDir, redis: redis.url });
    await upload(server);
    const hash = hashOfPacked(packedOf(server));
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(await launchSweep(server.url, small([i])));
      await until(
        'its job',
        async () => (await client.keys(`${prefix}:${queueName(codeHash)}:${ids[i]}_*`)).length === 1,
      );
    }
    const [gone, other, large] = ids.map(policiesKey);
    await client.del(gone!);
    await client.hset(other!, hash, Buffer.from('something else'));
    await client.hset(large!, hash, Buffer.alloc(mostPolicyBytes + 1));
    expect((await api(server.url, '/policies/mine', { method: 'DELETE' })).status).toBe(204);
    const launched = await api<{ detail: string }>(server.url, '/sweeps', {
      method: 'POST',
      body: JSON.stringify(small([9])),
      headers: { 'content-type': 'application/json' },
    });
    expect(launched.status).toBe(201);
    ids.push((launched.body as unknown as { id: string }).id);
    worker();
    const errors: (string | null)[] = [];
    for (const id of ids) {
      await sweepReaches(server.url, id, 'failed', 1);
      errors.push((await runsOf(server.url, id))[0]!.error);
    }
    const shown = `policy 'mine' (${hash.slice(0, 12)})`;
    expect(errors).toEqual([
      `${shown} is not in the Redis: whoever queued the job has it (tried 3 times)`,
      `${shown} is another: its SHA-256 is ${hashOfPacked(Buffer.from('something else')).slice(0, 12)}`,
      `${shown} has ${mostPolicyBytes + 1} bytes, expected at most ${mostPolicyBytes}`,
      expect.stringMatching(/unknown policy 'mine'\. /),
    ]);
  });

  it('that are no policies are refused by their reader, and one that is too large is not sent', async () => {
    const bytes = { 'small-ppo': 2000, huge: mostPolicyBytes };
    const policies: PolicySupply = async (name) => {
      if (!Object.hasOwn(bytes, name)) return undefined;
      return { card: Buffer.from('{}'), weights: Buffer.alloc(bytes[name as keyof typeof bytes], 7) };
    };
    const end = async (jobs: ReturnType<typeof smallJobs>): Promise<readonly JobOutcome<Evaluated>[]> => {
      await using executor = await RedisExecutor.open({
        url: redis.url,
        batch: 'odd',
        codeHash,
        policies,
        telemetry: false,
        log() {},
      });
      const outcomes: JobOutcome<Evaluated>[] = [];
      for await (const one of executor.run(jobs, { signal: new AbortController().signal })) outcomes.push(one);
      return outcomes;
    };
    worker();
    const jobs = smallJobs([0, 1], [0.05], codeHash);
    expect(await end(jobs.slice(0, 1))).toMatchObject([
      {
        state: 'failed',
        attempts: 1,
        error: { name: 'PolicyFileError', reason: expect.stringContaining('small-ppo/policy.json') as string },
      },
    ]);
    const { key, work } = jobs[1]!;
    const huge = { key, work: { ...work, scenario: { ...work.scenario, victim: { policy: 'huge' } } } };
    expect(await end([huge])).toMatchObject([
      {
        state: 'failed',
        attempts: 1,
        error: {
          name: 'DataError',
          reason: `policy 'huge' has ${mostPolicyBytes + 6} bytes, expected at most ${mostPolicyBytes}: workers cannot be sent it`,
        },
      },
    ]);
    expect(await client.exists(policiesKey('odd'))).toBe(0);
    expect(await client.exists(`${prefix}:${queueName(codeHash)}:${jobId('odd', key)}`)).toBe(0);
  });

  it('stay with a worker within its bound, those last used', async () => {
    const cache = new PolicyCache(client, 2500);
    const packed = [1, 2, 3].map((fill) => Buffer.alloc(1000, fill));
    const [a, b, c] = packed.map(hashOfPacked) as [string, string, string];
    const fetch = (hash: string): Promise<ReadonlyMap<string, Uint8Array>> => cache.fetch('some', { policy: hash });
    for (const one of packed) await client.hset(policiesKey('some'), hashOfPacked(one), one);
    for (const hash of [a, b, a, c]) await fetch(hash); // b is the one that was used longest ago
    await client.del(policiesKey('some'));
    expect((await fetch(a)).get('policy')).toEqual(packed[0]);
    expect((await fetch(c)).get('policy')).toEqual(packed[2]);
    await expect(fetch(b)).rejects.toThrow(MissingPolicyError);
    await expect(fetch(b)).rejects.toThrow(DataError);
  });

  it('reach them from a command, given by their paths', async () => {
    await writeModels(folder.path);
    cpSync(join(modelsDir, 'ppo20-builtin-seed1'), join(folder.path, 'deep', 'other'), { recursive: true });
    worker();
    const file = join(folder.path, 'sweep.json');
    const paths = { '/victim/policy': ['./small-ppo', 'deep/other/policy.json'] };
    const spec = { name: 'paths', scenario: { ...scenario, victim: {} }, vary: paths, seeds: [0] };
    writeFileSync(file, JSON.stringify(spec));
    const sweep = async (out: string, more: readonly string[]): Promise<string> => {
      const { code, stderr } = await faultlineIn(folder.path, ['sweep', file, '--out', out, ...more]);
      expect([code, stderr]).toEqual([0, expect.stringContaining('wrote') as string]);
      return readFileSync(join(folder.path, out, 'result.json'), 'utf8');
    };
    const here = await sweep('here', []);
    expect(await sweep('there', ['--executor', 'redis', '--redis', redis.url])).toBe(here);
  });
});
