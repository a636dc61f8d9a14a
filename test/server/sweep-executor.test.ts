import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../core/errors.ts';
import { jobOf } from '../../evaluation/executor/job.ts';
import type { EvaluationWork, Job } from '../../evaluation/executor/job.ts';
import { cancelledKey, jobId, prefix, queueName, resultsKey, workerKey } from '../../server/executor/redis-link.ts';
import { provenance } from '../../server/provenance.ts';
import { smallScenario } from '../support/model-folder.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { executorOf, launchSweep, runsOf, sweepOf, sweepReaches } from '../support/served-sweep.ts';
import { api, openServer, runOf, tempFolder, until } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { valueOf } from '../support/sweep.ts';

/** The server beside workers that say what they like: what is not theirs to say is found out, and the rest is shown. */
describe.skipIf(!hasRedis)('sweeps of the server over a Redis', { timeout: 60_000 }, () => {
  const { codeHash } = provenance();
  const folder = tempFolder();
  let redis: TestRedis;
  let client: Redis;
  let server: TestServer;
  let url: string;

  beforeAll(async () => {
    redis = await openRedis(folder.path);
    client = new Redis(redis.url);
    server = await openServer({ redis: redis.url });
    ({ url } = server);
  }, 60_000);
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const spec = (seeds: readonly number[]): object => ({ name: 'small', scenario: smallScenario({ steps: 30 }), seeds });
  const jobsOf = async (id: string): Promise<readonly Job<EvaluationWork>[]> =>
    Promise.all(
      (await runsOf(url, id)).map(async (run) => {
        const { scenario } = await runOf(url, run.id);
        return jobOf({ kind: 'evaluation', scenario, part: null } as const, codeHash);
      }),
    );
  /** As a worker leaves it. */
  const deliver = (sweep: string, key: string, value: unknown): Promise<number> =>
    client.hset(resultsKey(sweep), key, JSON.stringify({ worker: 'host-1', attempt: 2, ms: 5, value }));
  /** What a worker says that it does. */
  const beat = (active: readonly object[]): Promise<unknown> => {
    const report = {
      id: 'host-1',
      host: 'host',
      pid: 1,
      threads: 2,
      since: 7,
      done: 3,
      failed: 1,
      active,
      code: codeHash,
    };
    return client.set(workerKey('host-1'), JSON.stringify(report), 'PX', 10_000);
  };
  const queued = (sweep: string, key: string): Promise<unknown> =>
    until('the job', async () => (await client.exists(`${prefix}:${queueName(codeHash)}:${jobId(sweep, key)}`)) === 1);

  it('keep a result once, and end a run whose results are refused as failed, with the reason', async () => {
    const id = await launchSweep(url, spec([0, 1]));
    const [good, bad] = await jobsOf(id);
    await queued(id, bad!.key);
    const { result } = await valueOf(good!, codeHash);
    await deliver(id, good!.key, result);
    await sweepReaches(url, id, 'done', 1);
    await deliver(id, good!.key, { ...result, seed: 99 }); // once more, and other: it is over
    await until('the other to be given up', async () => {
      await deliver(id, bad!.key, result);
      return (await sweepOf(url, id)).states.failed === 1;
    });
    const [first, second] = await runsOf(url, id);
    expect(first).toMatchObject({
      state: 'done',
      executor: 'redis',
      worker: 'host-1',
      attempts: 2,
      headSeq: 0,
      headStep: 30,
      error: 'its worker handed in no telemetry',
    });
    expect((await runOf(url, first!.id)).result).toEqual(JSON.parse(JSON.stringify(result)));
    expect(second).toMatchObject({ state: 'failed' });
    expect(second!.error).toMatch(/of another scenario.*tried 3 times/);
    expect((await api(url, `/runs/${first!.id}/telemetry`)).status).toBe(404);
    expect((await fetch(`${url}/api/v1/runs/${first!.id}/report.html`)).status).toBe(200);
  });

  it('show what workers do, and take a cancelled run out of their hands', async () => {
    const id = await launchSweep(url, spec([2, 3]));
    const [running, waiting] = await jobsOf(id);
    await queued(id, waiting!.key);
    const [one, two] = await runsOf(url, id);
    await beat([
      { batch: id, key: running!.key, done: 0.5, totalSteps: 30, attempt: 1 },
      { batch: 'somebody-else', key: running!.key, done: 0.1, attempt: 1 },
    ]);
    await until('the run to go on', async () => (await runOf(url, one!.id)).state === 'running');
    expect(await runOf(url, one!.id)).toMatchObject({ headStep: 15, totalSteps: 30, worker: 'host-1' });
    const seen = await executorOf(url);
    expect(seen).toMatchObject({ kind: 'redis', connected: true, code: codeHash, runs: { done: 1, failed: 1 } });
    expect(seen.address).toBe(redis.url);
    expect(seen.workers).toMatchObject([{ host: 'host', pid: 1, threads: 2, since: 7, done: 3, failed: 1 }]);
    expect(seen.workers[0]!.active).toEqual([
      { runId: one!.id, name: 'small', sweepId: id, done: 0.5, attempt: 1 },
      { runId: null, name: null, sweepId: null, done: 0.1, attempt: 1 },
    ]);
    const metrics = (await api<string>(url, '/metrics')).body;
    for (const line of [
      '_connected 1',
      '_workers 1',
      '_worker_threads 2',
      '_runs{outcome="failed"} 1',
      `_jobs{state="waiting"} ${seen.queue.waiting}`,
    ])
      expect(metrics).toContain(`faultline_executor${line}\n`);
    expect((await api(url, `/runs/${one!.id}/pause`, { method: 'POST' })).status).toBe(409);
    expect((await api(url, `/runs/${one!.id}`, { method: 'DELETE' })).status).toBe(409);
    for (const run of [one!, two!])
      expect(await api(url, `/runs/${run.id}/cancel`, { method: 'POST' })).toMatchObject({ status: 200, body: { state: 'cancelled' } }); // prettier-ignore
    await until('the workers to be told', async () => (await client.exists(cancelledKey(id, id, running!.key), cancelledKey(id, id, waiting!.key))) === 2); // prettier-ignore
    await until('both to be out of the queue', async () => (await executorOf(url)).queue.waiting === seen.queue.waiting - 2); // prettier-ignore
    await deliver(id, running!.key, (await valueOf(running!, codeHash)).result); // too late
    expect((await sweepOf(url, id)).states).toEqual({ cancelled: 2 });
  });

  it('end a run as failed when a worker says why it cannot be', async () => {
    const options = { connection: client.duplicate({ maxRetriesPerRequest: null }), prefix };
    const refuse = (): Promise<void> => Promise.reject(new UnrecoverableError('DataError: no such district'));
    const worker = new Worker(queueName(codeHash), refuse, options);
    const id = await launchSweep(url, spec([4]));
    await sweepReaches(url, id, 'failed', 1);
    expect((await runsOf(url, id))[0]!.error).toBe('no such district');
    await worker.close();
    options.connection.disconnect();
  });

  it('are not begun where no Redis is: the server does not start, and the store stays free', async () => {
    const { redis: _redis, ...options } = server.options;
    const other = { ...options, store: `${folder.path}/other` };
    await expect(openServer({ ...other, redis: 'redis://127.0.0.1:1' })).rejects.toThrow(BackendError);
    await using free = await openServer(other);
    expect(await executorOf(free.url)).toMatchObject({ kind: 'local', address: null, workers: [{ threads: 2 }] });
  });
});
