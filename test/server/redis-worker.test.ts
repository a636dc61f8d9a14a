import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mostStalls } from '../../evaluation/executor/executor.ts';
import type { ExecutorNews, JobOutcome } from '../../evaluation/executor/executor.ts';
import { jobOf } from '../../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork, Job } from '../../evaluation/executor/job.ts';
import { RedisExecutor } from '../../server/executor/redis-executor.ts';
import { RedisQueue } from '../../server/executor/redis-queue.ts';
import { provenance } from '../../server/provenance.ts';
import { expandSweep } from '../../server/sweep.ts';
import { killCommands, startCommand } from '../support/command-process.ts';
import { faultlineIn } from '../support/faultline.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { tempFolder, until } from '../support/server.ts';

afterEach(killCommands);

const policies = async (): Promise<undefined> => undefined;

describe.skipIf(!hasRedis)('workers of a Redis', () => {
  const { codeHash } = provenance();
  const folder = tempFolder();
  let redis: TestRedis;
  let queue: RedisQueue;
  const worker = (): ReturnType<typeof startCommand> =>
    startCommand(folder.path, ['worker', '--redis', redis.url, '--data', folder.path, '--stalled-after', '1']);
  /** Minutes each, whatever the machine: they keep a pace. */
  const longJobs = (seeds: readonly number[]): Job<EvaluationWork>[] => {
    const scenario = {
      ...smallScenario({ steps: 8759, stepsPerSecond: 20 }),
      victim: { policy: './small-ppo' },
    };
    return expandSweep({ name: 'long', scenario, vary: {}, seeds }).flatMap(({ scenarios }) =>
      scenarios.map((one) => jobOf({ kind: 'evaluation', scenario: one, part: null } as const, codeHash)),
    );
  };

  beforeAll(async () => {
    await writeModels(folder.path);
    await faultlineIn(folder.path, ['worker', '--help']); // which compiles what is not: a worker then starts at once
    redis = await openRedis(folder.path);
    queue = await RedisQueue.open({ url: redis.url, codeHash, log() {} });
  }, 180_000);
  afterAll(async () => {
    await queue[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('break off a job that is cancelled while they do it, and leave one that waits: the others of the batch stay', async () => {
    await using executor = new RedisExecutor(queue, { batch: 'some', policies, telemetry: false });
    const [running, waiting, other] = longJobs([0, 1, 2]);
    const stop = { running: new AbortController(), waiting: new AbortController() };
    const all = new AbortController();
    const outcomes: JobOutcome<Evaluated>[] = [];
    const news: ExecutorNews[] = [];
    const one = worker();
    const jobs = [{ ...running!, signal: stop.running.signal }, { ...waiting!, signal: stop.waiting.signal }, other!];
    const over = (async () => {
      const options = { signal: all.signal, onNews: (told: ExecutorNews) => void news.push(told) };
      for await (const outcome of executor.run(jobs, options)) outcomes.push(outcome);
    })();
    await until('the first to go on', () => news.some((told) => told.type === 'job' && told.key === running!.key && told.done > 0)); // prettier-ignore
    stop.waiting.abort();
    await until('the second to be cancelled', () => outcomes.length === 1);
    expect(outcomes).toEqual([{ key: waiting!.key, state: 'cancelled' }]);
    stop.running.abort();
    await until('the first to be cancelled', () => outcomes.length === 2);
    expect(outcomes[1]).toEqual({ key: running!.key, state: 'cancelled' });
    // The worker breaks off and takes the third.
    await until('the third to go on', () => news.some((told) => told.type === 'job' && told.key === other!.key));
    const [report] = await queue.workers();
    expect(report).toMatchObject({
      threads: 1,
      done: 0,
      failed: 0,
      active: [{ batch: 'some', key: other!.key, attempt: 1 }],
    });
    expect(report!.since).toBeLessThanOrEqual(Date.now());
    all.abort();
    await expect(over).rejects.toThrow('interrupted');
    await until('an empty queue', async () => (await queue.depth()).active === 0);
    expect(await queue.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect(await queue.entries.getFailedCount()).toBe(0);
    await one.kill('SIGTERM');
  }, 180_000);

  it('that a job takes down with it every time give it up after so many: it ends as failed', async () => {
    await using executor = new RedisExecutor(queue, { batch: 'deadly', policies, telemetry: false }, { leaves: true });
    const outcomes: JobOutcome<Evaluated>[] = [];
    const over = (async () => {
      const { signal } = new AbortController();
      for await (const outcome of executor.run(longJobs([7]), { signal })) outcomes.push(outcome);
    })();
    let killed = 0;
    while (outcomes.length === 0) {
      const one = worker();
      // As the job would: the process ends as soon as it has begun.
      await until('the job to begin or end', async () => outcomes.length > 0 || (await beganBy(killed + 1)));
      if (outcomes.length > 0) break;
      await one.kill('SIGKILL');
      killed++;
      expect(killed).toBeLessThanOrEqual(mostStalls + 1);
    }
    await over;
    expect(killed).toBe(mostStalls + 1);
    expect(outcomes).toMatchObject([{ state: 'failed', error: { name: null } }]);
    const [outcome] = outcomes;
    expect(outcome!.state === 'failed' && outcome!.error.reason).toMatch(
      /found without its worker 5 times, and is given up/,
    );
    expect(await queue.entries.getFailedCount()).toBe(0);
  }, 180_000);

  /** Whether a worker said that it has the job for the so-many-th time. */
  async function beganBy(attempt: number): Promise<boolean> {
    return (await queue.workers()).some(({ active }) => active.some((job) => job.attempt === attempt));
  }
});
