import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { killCommands, startCommand } from '../support/command-process.ts';
import { freePort, hasRedis, openRedis } from '../support/redis-server.ts';
import {
  executorOf,
  launchSweep,
  outcomeOf,
  recordedOf,
  pacedSweep,
  runsOf,
  serve,
  sweepOf,
  sweepReaches,
} from '../support/served-sweep.ts';
import { api, tempFolder, until } from '../support/server.ts';

afterEach(killCommands);

const seeds = [0, 1, 2, 3];
const runs = 2 * seeds.length;

// Processes are the compiled ones; what is not compiled yet is compiled first.
describe('kill -9 in the midst of a sweep of the server', { timeout: 600_000 }, () => {
  const folder = tempFolder();
  let port: number;
  let url: string;
  let undisturbed: Awaited<ReturnType<typeof outcomeOf>>;
  let recorded: readonly object[];
  const recordedBy = async (id: string): Promise<readonly object[]> =>
    Promise.all((await runsOf(url, id)).map((run) => recordedOf(url, run.id)));

  beforeAll(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const server = await serve(folder.path, port, ['--store', 'undisturbed']);
    const id = await launchSweep(url, pacedSweep(seeds));
    await sweepReaches(url, id, 'done', runs);
    undisturbed = await outcomeOf(url, id);
    recorded = await recordedBy(id);
    await server.kill('SIGTERM');
  }, 600_000);
  afterAll(() => folder[Symbol.dispose]());

  it('of the server, twice, its threads doing the runs: every episode once, the same means to the last bit, frames without a hole', async () => {
    const options = ['--store', 'killed'];
    let server = await serve(folder.path, port, options);
    const id = await launchSweep(url, pacedSweep(seeds));
    const first = (await runsOf(url, id)).map((run) => run.id);
    for (const count of [1, 3]) {
      await sweepReaches(url, id, 'done', count);
      await until('a run under way', async () => (await runsOf(url, id)).some((run) => run.state === 'running' && run.headStep >= 8)); // prettier-ignore
      const before = await sweepOf(url, id);
      expect(before.states.done).toBeLessThan(runs);
      await server.kill('SIGKILL');
      server = await serve(folder.path, port, options);
      // What was over stays over, what was not goes on: nothing is left for a person to take up.
      const { states } = await sweepOf(url, id);
      expect(states.done).toBeGreaterThanOrEqual(before.states.done!);
      expect(states.interrupted).toBeUndefined();
    }
    await sweepReaches(url, id, 'done', runs);
    expect(await outcomeOf(url, id)).toEqual(undisturbed);
    const after = await runsOf(url, id);
    expect(after.map((run) => run.id)).toEqual(first);
    expect(after.map((run) => run.headStep)).toEqual(after.map(() => 96));
    expect(after.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0);
    expect(after.filter(({ attempts }) => attempts === 1).length).toBeGreaterThan(0);
    expect((await api<{ total: number }>(url, '/runs')).body.total).toBe(runs);
  });

  it.skipIf(!hasRedis)(
    'of the server, of a worker and of the Redis, workers doing the runs: the same, frames and all, each once',
    async () => {
      await using redis = await openRedis(folder.path);
      const options = ['--store', 'remote', '--executor', 'redis', '--redis', redis.url];
      const worker = (): ReturnType<typeof startCommand> =>
        startCommand(folder.path, ['worker', '--redis', redis.url, '--stalled-after', '2']);
      const workers = [worker(), worker()];
      let server = await serve(folder.path, port, options);
      await until('both workers', async () => (await executorOf(url)).workers.length === 2);
      const id = await launchSweep(url, pacedSweep(seeds));
      await sweepReaches(url, id, 'done', 1);
      // One that is under way, so that its job is lost with it.
      const { pid, active } = await until('a worker at work', async () =>
        (await executorOf(url)).workers.find((one) => one.active.some(({ done }) => done < 0.9)),
      );
      expect(active[0]).toMatchObject({ sweepId: id, name: expect.stringMatching(/^paced [12]\/2$/) as string });
      process.kill(pid, 'SIGKILL');
      workers.push(worker());
      await redis.kill();
      await until('the server to miss it', async () => !(await executorOf(url)).connected);
      const { executor: seen } = (await api<{ executor: object }>(url, '/readyz')).body;
      expect(seen).toMatchObject({ kind: 'redis', connected: false });
      await redis.start();
      const before = (await sweepOf(url, id)).states.done!;
      await sweepReaches(url, id, 'done', before + 1);
      expect((await sweepOf(url, id)).states.done).toBeLessThan(runs);
      await server.kill('SIGKILL');
      server = await serve(folder.path, port, options);
      expect((await sweepOf(url, id)).states.interrupted).toBeUndefined();
      await sweepReaches(url, id, 'done', runs);
      expect(await outcomeOf(url, id)).toEqual(undisturbed);
      expect(await recordedBy(id)).toEqual(recorded);
      const after = await runsOf(url, id);
      for (const run of after) {
        expect(run).toMatchObject({ executor: 'redis', headStep: 96, error: null });
        expect(run.worker).not.toBeNull();
        expect(run.headSeq).toBeGreaterThanOrEqual(24);
      }
      const { retried, executor } = await sweepOf(url, id);
      expect([executor, retried > 0]).toEqual(['redis', true]);
      expect((await api<{ total: number }>(url, '/runs')).body.total).toBe(runs);
      await server.kill('SIGTERM');
    },
  );
});
