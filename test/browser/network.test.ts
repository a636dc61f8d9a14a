import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../server/server.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { launch } from '../support/server.ts';
import type { BrowserPage } from './support/browser.ts';
import { noBrowser, openBrowser, violations } from './support/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = { timeout: 60_000 };

describe.skipIf(noBrowser !== undefined)(`a run's network${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: BrowserPage;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-network-'));
    const consoleDir = join(folder, 'console');
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    await promisify(execFile)(process.execPath, [vite, 'build', 'server/console', '--outDir', consoleDir], {
      cwd: root,
    });
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      store: join(folder, 'store'),
      modelsDir: await writeModels(join(folder, 'models')),
      dataRoots: [root],
      consoleDir,
      logLevel: 'silent',
    });
    browser = await openBrowser('light');
    page = browser.page;
    page.setDefaultTimeout(patience.timeout);
    const scenario = smallScenario({ name: 'on a feeder', steps: 48 });
    const run = await launch(server.url, { ...scenario, grid: { homes: 900, limits: { branch_mva: 4 } } });
    await page.goto(`${server.url}/runs/${run.id}`);
    await page.locator('.run-header [data-state="done"]').waitFor();
    await page.locator('table[data-source="grid"]').waitFor();
  }, 240_000);

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is drawn for the clean twin and under the attack, bus by bus', async () => {
    await page.getByRole('heading', { name: 'Network case33bw' }).waitFor();
    expect(await page.locator('.one-line').count()).toBe(2);
    for (const lane of ['grid/clean', 'grid/bifurcation'])
      expect(await page.locator(`.one-line[data-lane="${lane}"] circle`).count()).toBe(33);
    expect(await violations(page)).toEqual([]);
  }, 120_000);

  it('has the cursor of the charts', async () => {
    const diagram = page.locator('.one-line[data-lane="grid/bifurcation"] svg');
    const chart = page.getByRole('group', { name: /^Lowest voltage/ });
    const image = page.getByRole('img', { name: /^Lowest voltage/ });
    const says = async (of: typeof diagram): Promise<string> => (await of.getAttribute('aria-label')) ?? '';
    await chart.focus();
    const fills = new Set<string>();
    for (const [key, day] of [
      ['Home', 'day 1, '],
      ['End', 'day 2, '],
    ] as const) {
      await page.keyboard.press(key);
      // What is out of sight is not drawn.
      await diagram.scrollIntoViewIfNeeded();
      await expect.poll(() => says(diagram), patience).toContain(`case33bw, bifurcation at ${day}`);
      await chart.scrollIntoViewIfNeeded();
      await expect.poll(() => says(image), patience).toContain(day);
      const [, lowest] = /lowest (0\.\d{4}) p\.u\. at bus \d+$/.exec(await says(diagram))!;
      const [, charted] = /attacked (0\.\d+) pu/.exec(await says(image))!;
      expect(Math.abs(Number(charted) - Number(lowest))).toBeLessThan(1e-3);
      const colours = await diagram.locator('circle').evaluateAll((all) => all.map((one) => one.getAttribute('fill')));
      // The source holds 1 p.u., and nobody else does.
      expect(colours[0]).toBe('rgb(206 212 218)');
      expect(new Set(colours.slice(1)).has(colours[0]!)).toBe(false);
      fills.add(colours.join());
    }
    expect(fills.size).toBe(2);
  }, 120_000);

  it('has a table of its KPIs with difference and ratio, and is no building', async () => {
    const losses = page.locator('table[data-source="grid"] tr[data-kpi="losses"]');
    expect(await losses.innerText()).toMatch(/MWh\s+\d+\.\d+\s+\d+\.\d+\s+[+−]?\d+\.\d+\s+\d\.\d+/);
    const buildings = page.getByRole('combobox', { name: 'Building' }).locator('option');
    expect(await buildings.allInnerTexts()).toEqual(['Building_1']);
  });

  it('is as readable in the dark', async () => {
    await page.getByRole('button', { name: 'Use the dark theme' }).click();
    await page.locator('.one-line').first().scrollIntoViewIfNeeded();
    expect(await violations(page)).toEqual([]);
  }, 120_000);

  it('is added to a scenario, and taken out of it, by clicking', async () => {
    await page.getByRole('link', { name: 'launch a variant' }).click();
    const text = page.getByRole('textbox', { name: 'Scenario as YAML' });
    await expect.poll(() => text.inputValue(), patience).toContain('homes: 900');
    await page.getByRole('button', { name: 'Remove grid' }).click();
    await expect.poll(() => text.inputValue(), patience).not.toContain('homes');
    await page.getByRole('button', { name: 'Add grid' }).click();
    await expect.poll(() => text.inputValue(), patience).toContain('case: case33bw');
    await page.getByText('The server accepts this scenario.').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(browser.complaints).toEqual([]);
  }, 120_000);
});
