import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { deadly } from '../support/server-process.ts';
import { tempFolder, until } from '../support/server.ts';

afterEach(killCommands);

const policies = async (): Promise<undefined> => undefined;

describe.skipIf(!hasRedis)('workers of a Redis', () => {
  const { codeHash } = provenance();
  const folder = tempFolder();
  let redis: TestRedis;
  let queue: RedisQueue;
  const worker = (ahead?: string): ReturnType<typeof startCommand> =>
    startCommand(folder.path, ['worker', '--redis', redis.url, '--data', folder.path, '--stalled-after', '1'], ahead);
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
    await writeModels(folder.path, ['small-ppo', 'deadly-process']);
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

  it('that a job takes down with it every time give it up after five, and do the others: it ends as failed', async () => {
    await using executor = new RedisExecutor(queue, { batch: 'deadly', policies, telemetry: false }, { leaves: true });
    const outcomes: JobOutcome<Evaluated>[] = [];
    const [own, ...others] = ['./deadly-process', './small-ppo', './small-ppo'].map((policy, seed) => {
      const scenario = { ...smallScenario({ steps: 24 }), victim: { policy } };
      const [cell] = expandSweep({ name: 'deadly', scenario, vary: {}, seeds: [seed] });
      return jobOf({ kind: 'evaluation', scenario: cell!.scenarios[0]!, part: null } as const, codeHash);
    });
    let over = false;
    const all = (async () => {
      const { signal } = new AbortController();
      for await (const outcome of executor.run([own!, ...others], { signal })) outcomes.push(outcome);
      over = true;
    })();
    let ended = 0;
    for (;;) {
      const one = worker(deadly);
      await Promise.race([one.ended, all]);
      if (over) break;
      expect(await one.ended).toBeNull();
      expect(readFileSync(join(folder.path, 'deadly-process', 'deaths'), 'utf8')).toHaveLength(++ended);
      expect(ended).toBeLessThanOrEqual(5);
    }
    expect([ended, mostStalls]).toEqual([5, 4]);
    const of = (key: string) => outcomes.filter((outcome) => outcome.key === key);
    const reason = expect.stringMatching(/found without its worker 5 times, and is given up/) as string;
    expect(of(own!.key)).toMatchObject([{ state: 'failed', error: { reason, name: null } }]);
    for (const { key } of others) expect(of(key)).toMatchObject([{ state: 'done' }]);
    expect(outcomes).toHaveLength(3);
    expect(await queue.entries.getFailedCount()).toBe(0);
  }, 300_000);
});
