import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../core/run.ts';
import { mostAttempts, mostStalls } from '../../evaluation/executor/executor.ts';
import { evaluate } from '../../evaluation/executor/work.ts';
import type { Workshop } from '../../evaluation/executor/work.ts';
import { systemClock } from '../../server/clock.ts';
import { expandSweep } from '../../server/sweep.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import type { JobsAsked, JobsDone } from '../support/do-jobs.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { launchSweep, runsOf, sweepReaches } from '../support/served-sweep.ts';
import { tempFolder } from '../support/server.ts';
import { childOptions, deadly, killServers, spawnServer } from '../support/server-process.ts';

afterEach(killServers);

/** Each policy on each seed, a policy's runs one after the other. */
const sweep = (policies: readonly string[], seeds: readonly number[], stepsPerSecond: number | null = null) => ({
  name: 'deadly',
  scenario: smallScenario({ steps: 24, stepsPerSecond }),
  vary: { '/victim/policy': policies },
  seeds,
});

/** How often a policy ended who read it. */
function deathsBy(policy: string, modelsDir: string): number {
  const marks = join(modelsDir, policy, 'deaths');
  return existsSync(marks) ? readFileSync(marks, 'utf8').length : 0;
}

/** Done by threads of a process that ends its threads at `deadly-thread`. */
async function doJobs(asked: JobsAsked): Promise<JobsDone> {
  const entry = fileURLToPath(new URL('../support/do-jobs.ts', import.meta.url));
  const args = ['--import', 'tsx', '--import', deadly, entry, JSON.stringify(asked)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as JobsDone;
}

/** What does not depend on the time that it took. */
function untimed({ timing: _timing, lanes, ...rest }: RunResult): unknown {
  return { ...rest, lanes: lanes.map(({ cost: _cost, ...lane }) => lane) };
}

// Threads and servers start from source, which takes seconds each where the machine is busy.
describe('a job that ends its thread', { timeout: 600_000 }, () => {
  it('is tried three times and fails with its reason, and the others are done as if it were not there', async () => {
    using folder = tempFolder();
    const modelsDir = await writeModels(folder.path, ['small-ppo', 'deadly-thread']);
    const runs = expandSweep(sweep(['deadly-thread', 'small-ppo'], [0, 1])).flatMap(({ scenarios }) => scenarios);
    const scenarios = [runs[0]!, ...runs.slice(2)];
    const { keys, outcomes, retries } = await doJobs({ scenarios, modelsDir, threads: 2 });
    expect(outcomes.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    const [deadlyOne, ...others] = keys.map((key) => outcomes.find((outcome) => outcome.key === key)!);

    expect(mostAttempts).toBe(3);
    expect(deathsBy('deadly-thread', modelsDir)).toBe(3);
    const reason = expect.stringMatching(/^its thread died: .*exit.* 1/i) as string;
    expect(deadlyOne).toMatchObject({ state: 'failed', attempts: 3, error: { reason, name: null } });
    expect(retries).toMatchObject([2, 3].map((attempt) => ({ key: keys[0], attempt, reason })));
    const workshop: Workshop = {
      workspace: fileWorkspace({ roots: [], modelsDir }),
      clock: systemClock,
      versions: {},
      codeHash: '',
      telemetry: false,
      onProgress() {},
    };
    for (const [at, outcome] of others.entries()) {
      const { result } = await evaluate({ kind: 'evaluation', scenario: scenarios[at + 1]!, part: null }, workshop);
      expect(outcome.state === 'done' && untimed(outcome.value.result)).toEqual(untimed(result));
    }
  });

  it('of a sweep of the server is tried as often, and the server does the others', async () => {
    using folder = tempFolder();
    const options = await childOptions(folder.path);
    await writeModels(options.modelsDir, ['deadly-thread']);
    const server = await spawnServer({ ...options, logLevel: 'silent' }, deadly);
    const { url } = server;
    const id = await launchSweep(url, sweep(['deadly-thread', 'small-ppo'], [0]));
    await sweepReaches(url, id, 'failed', 1);
    await sweepReaches(url, id, 'done', 1);
    const [failed, done] = await runsOf(url, id);
    expect(failed).toMatchObject({ state: 'failed', error: 'its thread ended early with code 1 (tried 3 times)' });
    expect(done).toMatchObject({ state: 'done', error: null, headStep: 24, attempts: 1 });
    expect(deathsBy('deadly-thread', options.modelsDir)).toBe(3);
    await server.kill(); // which says so where it ended before
  });
});

describe('a run of a sweep that ends its server', { timeout: 600_000 }, () => {
  it('is given up after five servers, and what went on beside it is done', async () => {
    using folder = tempFolder();
    const options = { ...(await childOptions(folder.path)), maxConcurrent: 2 };
    await writeModels(options.modelsDir, ['deadly-process']);
    const deaths = (): number => deathsBy('deadly-process', options.modelsDir);
    const first = await spawnServer(options, deadly);
    // Slow: it is under way when the server ends.
    const id = await launchSweep(first.url, sweep(['small-ppo', 'deadly-process'], [0], 4));
    await first.ended;
    for (let server = 2; server <= mostStalls + 1; server++) {
      expect(deaths()).toBe(server - 1);
      const next = await spawnServer(options, deadly);
      await next.ended;
    }
    expect(deaths()).toBe(5);
    const sixth = await spawnServer(options, deadly);
    const { url } = sixth;
    await sweepReaches(url, id, 'done', 1);
    const [done, given] = await runsOf(url, id);
    expect(given).toMatchObject({
      state: 'failed',
      error: 'it was under way 5 times when its server ended, and is given up: it may be what ends it',
    });
    // Beside it twice, and then once by itself.
    expect(done).toMatchObject({ state: 'done', error: null, headStep: 24, attempts: 3 });
    expect(deaths()).toBe(5);
    await sixth.kill();
  });
});
