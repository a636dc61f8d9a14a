import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer } from '../../server/server.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { launch } from '../support/server.ts';
import { buildConsole } from './support/build.ts';
import type { BrowserPage } from './support/browser.ts';
import { noBrowser, openBrowser, picture, violations } from './support/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One person at one console; each test takes up where the one before left off. */
describe.skipIf(noBrowser !== undefined)(`the web console${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let folder: string;
  let store: string;
  let models: string;
  let consoleDir: string;
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: BrowserPage;
  let page: Page;
  /** Complaints up to when the server was back. */
  let untilBack = 0;

  const serve = (port: number): ReturnType<typeof startServer> =>
    startServer({
      host: '127.0.0.1',
      port,
      store,
      modelsDir: models,
      dataRoots: [root],
      consoleDir,
      logLevel: 'silent',
    });
  const badge = (state: string) => page.locator(`.run-header [data-state="${state}"]`);
  const rows = async (): Promise<number> => Number((await page.getByTestId('rows').innerText()).replaceAll(/\D/g, ''));
  const rowsBeyond = (count: number) => expect.poll(rows, { timeout: 20_000 }).toBeGreaterThan(count);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-console-'));
    store = join(folder, 'store');
    models = await writeModels(join(folder, 'models'));
    consoleDir = await buildConsole(join(folder, 'console'));
    server = await serve(0);
    browser = await openBrowser('light');
    page = browser.page;
    page.setDefaultTimeout(20_000);
  }, 120_000);

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  // The steps build on one another: after a failure the others would only wait for what cannot come.
  let broken = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(broken, 'an earlier step failed');
    onTestFailed(() => {
      broken = true;
    });
  });

  it('leads from an empty list to the form', async () => {
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'No run yet' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Launch the first run' }).click();
    await page.getByText('The server accepts this scenario.').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('shows what the server refuses at the field that is wrong', async () => {
    const seed = page.getByRole('textbox', { name: 'Seed' });
    await seed.fill('-1');
    await page.getByText('1 to correct').waitFor();
    expect(await seed.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('button', { name: 'Launch', exact: true }).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await seed.fill('7');
    await page.getByText('The server accepts this scenario.').waitFor();
  });

  it('launches an attack by clicking, and its charts move', async () => {
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('by hand');
    await page.getByRole('textbox', { name: 'Steps', exact: true }).first().fill('8000');
    await page.getByRole('combobox', { name: 'Policy' }).fill('small-ppo');
    await page.getByRole('combobox', { name: 'Name' }).selectOption('toggle-bifurcation');
    await page.locator('summary', { hasText: 'Live' }).click();
    await page.getByRole('textbox', { name: 'Frame steps' }).fill('3');
    await page.getByRole('textbox', { name: 'Steps per second' }).fill('30');
    const text = await page.getByRole('textbox', { name: 'Scenario as YAML' }).inputValue();
    expect(text).toMatch(/seed: 7[^]*steps: 8000[^]*name: toggle-bifurcation[^]*stepsPerSecond: 30/);
    await page.getByText('The server accepts this scenario.').waitFor();
    await page.getByRole('button', { name: 'Launch', exact: true }).click();
    await page.waitForURL('**/runs/*');
    await rowsBeyond(0);
    const [first, before] = [await rows(), await picture(page, '[data-panel="net"]')];
    await rowsBeyond(first + 10);
    // The count is there before the picture: charts are repainted with the browser's next frame, which a busy machine delays.
    await expect.poll(() => picture(page, '[data-panel="net"]'), { timeout: 20_000 }).not.toBe(before);
    expect(Number(await page.locator('[data-panel="net"]').getAttribute('data-rows'))).toBeGreaterThan(first);
    expect(await page.getByRole('img', { name: /^Net consumption/ }).getAttribute('aria-label')).toMatch(
      /^Net consumption at day \d+, \d\d:00: .*attacked −?\d/,
    );
    expect(
      await page
        .locator('[data-panel]')
        .evaluateAll((panels) => panels.map((panel) => panel.getAttribute('data-panel'))),
    ).toEqual(expect.arrayContaining(['net', 'soc', 'feature', 'perturbation', 'action', 'regret']));
  });

  it('pauses, steps and resumes', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await badge('paused').waitFor();
    await page.waitForTimeout(400);
    const held = await rows();
    await page.waitForTimeout(400);
    expect(await rows()).toBe(held);
    await page.getByRole('textbox', { name: 'Steps to advance' }).fill('5');
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await expect.poll(rows, { timeout: 20_000 }).toBe(held + 5);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Resume' }).click();
    await badge('running').waitFor();
    await rowsBeyond(held + 5);
  });

  it('has the whole history again after a reload', async () => {
    const before = await rows();
    await page.reload();
    await rowsBeyond(before);
    expect(await page.getByTestId('stream').innerText()).toMatch(/^\d+ frames, 0 gaps$/);
  });

  it('moves the cursor of all charts by keyboard, and holds the window', async () => {
    const net = page.getByRole('group', { name: /^Net consumption/ });
    await net.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const hour = (text: string): number => {
      const [, day, of] = /day (\d+), (\d\d):00/.exec(text)!;
      return 24 * Number(day) + Number(of);
    };
    const other = page.getByRole('img', { name: /^State of charge/ });
    // The second row of the held window, which is the run's second one only where the machine is quick.
    await expect
      .poll(
        async () => {
          const end = Number(await page.getByRole('slider', { name: 'End of the window' }).inputValue());
          const said = hour(await page.getByTestId('window-end').innerText());
          return said - hour((await other.getAttribute('aria-label'))!) - (Math.min(end, 168) - 2);
        },
        { timeout: 20_000 },
      )
      .toBe(0);
    // Where somebody put the cursor it stays: the window is held.
    await page.getByTestId('unseen').waitFor();
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByRole('button', { name: 'Freeze' }).waitFor();
  });

  it('takes up the stream where it broke when the server comes back', async () => {
    const before = await rows();
    const { port } = new URL(server.url);
    await server.close();
    await page.getByText('The connection to the server is lost').waitFor();
    server = await serve(Number(port));
    await page.getByText('The connection to the server is lost').waitFor({ state: 'detached' });
    await badge('interrupted').waitFor();
    expect(await rows()).toBeGreaterThanOrEqual(before);
    expect(await page.getByTestId('stream').innerText()).toMatch(/, 0 gaps$/);
    untilBack = browser.complaints.length;
  });

  it('launches a variant, and cancels it', async () => {
    await page.getByRole('link', { name: 'launch a variant' }).click();
    await page.getByText('The server accepts this scenario.').waitFor();
    await page.getByRole('button', { name: 'Launch', exact: true }).click();
    await page.waitForURL('**/runs/*');
    await rowsBeyond(0);
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Really cancel' }).click();
    await badge('cancelled').waitFor();
  });

  it('shows the result of a finished run', async () => {
    await page.getByRole('link', { name: 'launch a variant' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('to the end');
    await page.getByRole('textbox', { name: 'Steps', exact: true }).first().fill('168');
    await page.locator('summary', { hasText: 'Live' }).click();
    await page.getByRole('textbox', { name: 'Steps per second' }).fill('');
    await page.getByText('The server accepts this scenario.').waitFor();
    await page.getByRole('button', { name: 'Launch', exact: true }).click();
    await badge('done').waitFor({ timeout: 20_000 });
    await page.locator('table[data-source="result"]').waitFor();
    expect(await rows()).toBe(168);
    const kpi = page.locator('table[data-source="result"] tbody tr').first();
    expect(await kpi.innerText()).toMatch(/Electricity consumption.*\d\.\d.*\d\.\d.*[+−]\d/s);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Result JSON' }).click();
    expect((await download).suggestedFilename()).toMatch(/result\.json$/);
  });

  it('says what a run prepares before its first step, and cancels it', async () => {
    const config = { watch: 48, epochs: 10_000, width: 256 };
    const run = await launch(server.url, smallScenario({ name: 'to learn', attack: { name: 'critic', config } }));
    await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
    const row = page.locator(`tr[data-run="${run.id}"]`);
    await row.getByText('preparing critic').waitFor();
    await expect.poll(() => row.locator('.share').innerText(), { timeout: 20_000 }).toMatch(/^[1-9]\d* %$/);
    expect(await violations(page)).toEqual([]);
    await row.getByRole('link').click();
    await badge('preparing').waitFor();
    const share = async (): Promise<number> => Number.parseInt(await page.getByTestId('preparing').innerText());
    const before = await share();
    await expect.poll(share, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Really cancel' }).click();
    await badge('cancelled').waitFor();
  });

  it('so it does of a module', async () => {
    const modules = [{ name: 'dhkd', config: { epochs: 1000, steps: 8000 } }];
    const run = await launch(server.url, { ...smallScenario({ name: 'long lesson' }), modules });
    await page.goto(`${server.url}/runs/${run.id}`);
    await badge('preparing').waitFor({ timeout: 60_000 });
    await expect.poll(() => page.locator('.run-header').innerText(), { timeout: 20_000 }).toContain('preparing dhkd');
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('button', { name: 'Really cancel' }).click();
    await badge('cancelled').waitFor();
  }, 120_000);

  it('puts a module around the policy by clicking, and shows what it did', async () => {
    await page.goto(`${server.url}/launch`);
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('with a module');
    await page.getByRole('textbox', { name: 'Steps', exact: true }).first().fill('24');
    await page.getByRole('combobox', { name: 'Policy' }).fill('small-ppo');
    await page.getByRole('button', { name: 'Add module' }).click();
    const module = page.getByRole('group', { name: 'Module 1' });
    await module.getByRole('textbox', { name: 'Alpha' }).waitFor();
    const text = page.getByRole('textbox', { name: 'Scenario as YAML' });
    expect(await text.inputValue()).toMatch(/modules:\n {2}- name: dhkd\n {4}config:\n {6}alpha: 1/);
    await module.getByRole('textbox', { name: 'Alpha' }).fill('-1');
    await page.getByText('1 to correct').waitFor();
    await page.getByText('/modules/0/config/alpha').waitFor();
    await module.getByRole('textbox', { name: 'Alpha' }).fill('1');
    await module.getByRole('textbox', { name: 'Epochs' }).fill('2');
    await module.getByRole('textbox', { name: 'Steps', exact: true }).fill('256');
    await page.getByText('The server accepts this scenario.').waitFor();
    await page.getByRole('button', { name: 'Launch', exact: true }).click();
    await page.waitForURL('**/runs/*');
    await badge('done').waitFor({ timeout: 60_000 });
    expect(await page.locator('.run-header').innerText()).toContain('small-ppo + dhkd');
    expect(await page.locator('tr[data-module="dhkd"]').innerText()).toMatch(/\d+\.\d %[^]*agreement/);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'launch a variant' }).click();
    await page.getByRole('button', { name: 'Remove module 1' }).click();
    await expect.poll(() => text.inputValue()).not.toContain('dhkd');
    await page.getByText('The server accepts this scenario.').waitFor();
  }, 240_000);

  it('lists the runs, live and filtered', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
    await expect.poll(() => page.locator('tr[data-run]').count(), { timeout: 20_000 }).toBe(6);
    await page.getByRole('searchbox', { name: 'Filter runs' }).fill('end done');
    await expect.poll(() => page.locator('tr[data-run]').count(), { timeout: 20_000 }).toBe(1);
    expect(await violations(page)).toEqual([]);
  });

  it('says when an address leads nowhere, and leads from one cut short to the list', async () => {
    await page.goto(`${server.url}/runs`);
    await page.locator('tr[data-run]').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    await page.goto(`${server.url}/nowhere`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await page.goto(`${server.url}/runs/none`);
    await page.getByRole('heading', { name: 'There is no such run' }).waitFor();
  });

  it('is as readable in the dark', async () => {
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Use the dark theme' }).click();
    await page.locator('tr[data-run] a').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'to the end' }).click();
    await rowsBeyond(0);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Launch', exact: true }).click();
    await page.getByText('The server accepts this scenario.').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('asks for the token of a server that wants one', async () => {
    const token = 'a token of some length';
    const guarded = await startServer({
      host: '127.0.0.1',
      port: 0,
      store: join(folder, 'guarded'),
      token,
      modelsDir: models,
      dataRoots: [root],
      consoleDir,
      logLevel: 'silent',
    });
    try {
      await page.goto(guarded.url);
      await page.getByLabel('Access token').first().fill(token);
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('heading', { name: 'No run yet' }).waitFor();
      // Away from it before it closes: a page that is still asking would complain of the connection.
      await page.goto(server.url);
    } finally {
      await guarded.close();
    }
  });

  it('complained of nothing that was not meant to fail', () => {
    const meant = /status of (401|404|422)|WebSocket connection to|ERR_CONNECTION_REFUSED/;
    // A server that goes closes connections which the page uses or is about to use.
    const whileGone = /ERR_(SOCKET_NOT_CONNECTED|CONNECTION_RESET|CONNECTION_CLOSED|EMPTY_RESPONSE)/;
    const odd = browser.complaints.filter(
      (complaint, at) => !meant.test(complaint) && !(at < untilBack && whileGone.test(complaint)),
    );
    expect(odd).toEqual([]);
  });
});
