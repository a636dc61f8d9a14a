import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killCommands, startCommand } from '../support/command-process.ts';
import type { CommandProcess } from '../support/command-process.ts';
import { faultlineIn } from '../support/faultline.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { tempFolder, until } from '../support/server.ts';
import { executorOf, launchSweep, pacedSweep, runsOf } from '../support/served-sweep.ts';
import { noBrowser, violations } from './support/browser.ts';
import { openConsole } from './support/console.ts';
import type { OpenConsole } from './support/console.ts';

const missing = noBrowser ?? (hasRedis ? undefined : 'no redis-server on this machine');

/** A person who looks at who does a sweep whose runs are done by a worker elsewhere. */
describe.skipIf(missing !== undefined)(`workers${missing === undefined ? '' : ` (${missing})`}`, () => {
  const folder = tempFolder();
  let redis: TestRedis;
  let open: OpenConsole;
  let page: Page;
  let worker: CommandProcess;
  let sweep: string;

  beforeAll(async () => {
    await faultlineIn(folder.path, ['worker', '--help']); // which compiles what is not: the worker then starts at once
    redis = await openRedis(folder.path);
    open = await openConsole({ modelsDir: join(import.meta.dirname, '..', '..', 'models'), redis: redis.url });
    page = open.page;
    sweep = await launchSweep(open.url, pacedSweep([0, 1], 90, 2));
  }, 300_000);
  afterAll(async () => {
    killCommands();
    await open[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 60_000);

  const panel = () => page.locator('section.panel', { has: page.getByRole('heading', { name: 'Workers' }) });
  const scheme = async (name: 'dark' | 'light'): Promise<void> => {
    await page.getByRole('button', { name: `Use the ${name} theme` }).click();
    await page.locator(`html[data-mantine-color-scheme="${name}"]`).waitFor();
  };

  it('are missed, and the panel says what to start', async () => {
    await page.goto(`${open.url}/sweeps/${sweep}`);
    await panel().getByText('No worker was heard of in the last ten seconds').waitFor();
    expect(await panel().innerText()).toMatch(/workers over redis:\/\/127\.0\.0\.1:\d+/);
    expect(await panel().innerText()).toMatch(/waiting\s+4/);
    expect(await violations(page)).toEqual([]);
  }, 120_000);

  it('appear with what they do, and lead to the run', async () => {
    worker = startCommand(folder.path, ['worker', '--redis', redis.url]);
    await page.locator('tr[data-worker]').waitFor({ timeout: 120_000 });
    const [one] = (await executorOf(open.url)).workers;
    const row = page.locator('tr[data-worker]');
    expect(await row.innerText()).toContain(`${one!.host}, process ${one!.pid}`);
    await row.getByRole('link', { name: /^paced [12]\/2$/ }).waitFor();
    await row.getByRole('progressbar', { name: /^paced [12]\/2: \d+ %$/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await scheme('dark');
    expect(await violations(page)).toEqual([]);
    await scheme('light');
  }, 180_000);

  it('do a run of which the page says that it has no frames yet, with its state and progress and no more to steer than to cancel; they come when it is done', async () => {
    // Whichever goes on now, for a while yet.
    const run = await until('a run under way', async () =>
      (await runsOf(open.url, sweep)).find(({ state, headStep }) => state === 'running' && headStep < 45),
    );
    await page.locator('tr[data-worker]').getByRole('link').first().click();
    await page.waitForURL(/\/runs\//);
    await page.goto(`${open.url}/runs/${run.id}`);
    await page.getByText('No frames yet: this run is not done on this server').waitFor();
    await page.locator('[data-state="running"]').waitFor();
    await page.getByRole('progressbar', { name: /^Progress: [1-9]\d* %$/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await scheme('dark');
    expect(await violations(page)).toEqual([]);
    await scheme('light');
    await page.getByRole('heading', { name: 'All attacked lanes' }).waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Report HTML' }).waitFor();
    await page.getByRole('button', { name: 'Telemetry' }).waitFor();
    expect(await page.getByText('No frames').count()).toBe(0);
    await page.locator('canvas').first().waitFor();
    expect(await violations(page)).toEqual([]);
  }, 180_000);

  it('are cancelled at one run alone', async () => {
    const waiting = await until('a run that waits', async () =>
      (await runsOf(open.url, sweep)).find((run) => run.state === 'queued'),
    );
    await page.goto(`${open.url}/runs/${waiting.id}`);
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Really cancel' }).click();
    await page.locator('[data-state="cancelled"]').waitFor();
    await page.goto(`${open.url}/sweeps/${sweep}`);
    await page.getByText('by workers over a Redis').waitFor();
    expect(await page.getByTestId('states').innerText()).toMatch(/cancelled\s+1/i);
  }, 180_000);

  it('stand on the page of the system too, and a Redis that is gone is said', async () => {
    await page.goto(`${open.url}/system`);
    await page.locator('tr[data-worker]').waitFor();
    expect(await panel().innerText()).toMatch(/done\s+[1-9]/);
    await redis.kill();
    await page.getByText('The Redis does not answer').waitFor();
    expect(await violations(page)).toEqual([]);
    await redis.start();
    await page.getByText('The Redis does not answer').waitFor({ state: 'detached' });
    await worker.kill('SIGKILL');
    expect(open.complaints).toEqual([]);
  }, 120_000);
});
