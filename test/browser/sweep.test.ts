import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { smallScenario } from '../support/model-folder.ts';
import { api } from '../support/server.ts';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const patience = { timeout: 60_000 };
const metric = 'regret.electricity_consumption_total';

interface Table {
  readonly metrics: readonly string[];
  readonly groups: readonly { readonly key: Readonly<Record<string, string>>; readonly lanes: number }[];
  readonly lanes: readonly { readonly group: number; readonly values: readonly (number | null)[] }[];
}

/** A person who varies a setting and compares what came of it; each test takes up where the one before left off. */
describe.skipIf(noBrowser !== undefined)(
  `a sweep, and its comparison${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let open: OpenConsole;
    let page: Page;
    let sweep: string;
    let table: Table;

    beforeAll(async () => {
      open = await openConsole();
      page = open.page;
    }, 180_000);
    afterAll(() => open?.[Symbol.asyncDispose]());

    let broken = false;
    beforeEach(({ skip, onTestFailed }) => {
      skip(broken, 'an earlier step failed');
      onTestFailed(() => {
        broken = true;
      });
    });

    const figure = () => page.locator('.drawing');
    const choose = async (label: string, option: string): Promise<void> => {
      await page.getByLabel(label, { exact: true }).selectOption({ label: option });
    };
    const saved = async (button: string): Promise<string> => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button }).click(),
      ]);
      return readFile(await file.path(), 'utf8');
    };

    it('is written in a form that counts its runs and refuses what cannot be read', async () => {
      await page.goto(`${open.url}/sweeps`);
      await page.getByRole('heading', { name: 'No sweep yet' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('link', { name: 'Launch the first sweep' }).click();
      await page.getByLabel('Name of the sweep').fill('How strong');
      const text = stringify({ ...smallScenario({ steps: 48 }), attacks: [{ name: 'random-noise' }] });
      await page.getByLabel('Scenario as YAML').fill(text);
      await page.getByRole('textbox', { name: /^Values/ }).fill('0.02, 0.05');
      await page.getByLabel('Seeds').fill('2-');
      await page.getByText('The seeds cannot be read.').waitFor();
      expect(await page.getByRole('button', { name: 'Launch', exact: true }).isDisabled()).toBe(true);
      await page.getByLabel('Seeds').fill('0-4');
      await page.getByText('10 runs: every combination with every seed.').waitFor();
      expect(await violations(page)).toEqual([]);
    }, 120_000);

    it('says at which setting the server refuses it', async () => {
      await page.getByRole('textbox', { name: /^Values/ }).fill('0.02, strong');
      await page.getByRole('button', { name: 'Launch', exact: true }).click();
      await page
        .getByText(/epsilon/)
        .last()
        .waitFor();
      expect(new URL(page.url()).pathname).toBe('/sweeps/new');
      await page.getByRole('textbox', { name: /^Values/ }).fill('0.02, 0.05');
    }, 120_000);

    it('shows its cells fill, and the runs of one', async () => {
      await page.getByRole('button', { name: 'Launch', exact: true }).click();
      await page.waitForURL(/\/sweeps\/(?!new)/);
      sweep = new URL(page.url()).pathname.split('/').at(-1)!;
      await page.getByRole('progressbar', { name: 'Progress: 100 %' }).waitFor({ timeout: 180_000 });
      expect(await page.getByTestId('states').innerText()).toMatch(/^done\s+10$/i);
      const cells = page.locator('[data-cell]');
      expect(await cells.count()).toBe(2);
      await expect.poll(() => cells.first().innerText(), patience).toMatch(/^−?\d+\.\d+\s+5 of 5$/);
      await cells.last().click();
      await page.getByRole('heading', { name: 'epsilon 0.05' }).waitFor();
      expect(await page.locator('tr[data-run]').count()).toBe(5);
      expect(new URL(page.url()).searchParams.get('cell')).toBe('1');
      expect(await violations(page)).toEqual([]);
      await page.goto(`${open.url}/sweeps`);
      expect(await page.locator('tr[data-sweep]').innerText()).toMatch(/How strong\s+100 %\s+10 of 10\s+–/);
      expect(await violations(page)).toEqual([]);
    }, 240_000);

    it('is compared by group, over all lanes', async () => {
      await page.getByRole('link', { name: 'How strong' }).click();
      await page.getByRole('link', { name: 'Compare all' }).click();
      await figure().locator('svg').first().waitFor();
      ({ body: table } = await api<Table>(open.url, `/compare/table?sweep=${sweep}&groupBy=!seed`));
      const rows = page.locator('[data-table="figures"] tbody tr');
      await page.getByLabel('Metric', { exact: true }).selectOption(metric);
      await expect.poll(() => rows.count(), patience).toBe(table.groups.length);
      expect(table.groups.filter(({ key }) => key['attack'] !== 'clean').map(({ lanes }) => lanes)).toEqual([5, 5]);
      // Every mean is that of all of its lanes, computed here anew.
      for (const [index, { key }] of table.groups.entries()) {
        if (key['attack'] === 'clean') continue;
        const values = table.lanes
          .filter((lane) => lane.group === index)
          .map((lane) => lane.values[table.metrics.indexOf(metric)]!);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const cells = await rows.nth(index).locator('td').allInnerTexts();
        expect(cells.slice(0, 2)).toEqual(['5', mean.toFixed(3).replace('-', '−')]);
        expect(cells[5]).toMatch(/^−?\d+\.\d+ … −?\d+\.\d+$/);
      }
      expect(await violations(page)).toEqual([]);
    }, 120_000);

    it('draws the figures that the keys choose, and keeps the choice in the address', async () => {
      for (const [key, name, label] of [
        ['2', 'parallel', /^Parallel coordinates of /],
        ['3', 'scatter', / against /],
        ['4', 'ecdf', /^Share of the lanes of each group/],
        ['1', 'series', / by step, mean of each group/],
      ] as const) {
        await page.locator('h1').click();
        await page.keyboard.press(key);
        await page.getByRole('img', { name: label }).locator('svg').first().waitFor();
        expect(new URL(page.url()).searchParams.get('figure')).toBe(name);
        expect(await violations(page)).toEqual([]);
      }
      await choose('Lanes as', 'thin lines');
      await expect.poll(() => figure().locator('path').count(), patience).toBeGreaterThan(10);
    }, 120_000);

    it('leaves a group out of the drawing and not out of the figures', async () => {
      const before = await page.locator('[data-table="figures"] tbody').innerText();
      const paths = await figure().locator('path').count();
      await page.getByRole('group', { name: 'Groups drawn' }).getByRole('checkbox').last().uncheck();
      await expect.poll(() => figure().locator('path').count(), patience).toBeLessThan(paths);
      expect(await page.locator('[data-table="figures"] tbody').innerText()).toBe(before);
      await page.reload();
      await figure().locator('svg').first().waitFor();
      const boxes = page.getByRole('group', { name: 'Groups drawn' }).getByRole('checkbox');
      expect(await boxes.last().isChecked()).toBe(false);
      await boxes.last().check();
    }, 120_000);

    it('narrows parallel coordinates by dragging along an axis', async () => {
      await choose('Figure', 'Parallel coordinates');
      const said = page.getByText(/lanes in range\. Drag/);
      const all = Number.parseInt(await said.innerText(), 10);
      expect(all).toBe(table.lanes.length);
      await figure().scrollIntoViewIfNeeded();
      const axis = (await figure().locator('g line').first().boundingBox())!;
      await page.mouse.move(axis.x, axis.y + axis.height / 2);
      await page.mouse.down();
      await page.mouse.move(axis.x, axis.y + axis.height - 2, { steps: 4 });
      await page.mouse.up();
      await expect.poll(async () => Number.parseInt(await said.innerText(), 10), patience).toBeLessThan(all);
      expect(await violations(page)).toEqual([]);
      await page.getByTitle('Take this range off').click();
      await expect.poll(async () => Number.parseInt(await said.innerText(), 10), patience).toBe(all);
    }, 120_000);

    it('is taken away as CSV and as SVG', async () => {
      const csv = (await saved('Table as CSV')).trim().split('\n');
      expect(csv[0]).toBe('group,metric,count,mean,std,min,max,ci95_low,ci95_high');
      expect(csv).toHaveLength(1 + table.groups.length * table.metrics.length);
      expect(await saved('Figure as SVG')).toMatch(/^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    }, 120_000);

    it('reads as well in the dark, and complains of nothing', async () => {
      await page.getByRole('button', { name: 'Use the dark theme' }).click();
      for (const name of ['Over time', 'Scatter', 'Distribution', 'Parallel coordinates']) {
        await choose('Figure', name);
        await figure().locator('svg').first().waitFor();
        expect(await violations(page)).toEqual([]);
      }
      for (const [path, there] of [
        [`/sweeps/${sweep}?cell=0`, '[data-cell]'],
        ['/sweeps', 'tr[data-sweep]'],
        ['/sweeps/new', 'form.launch'],
      ] as const) {
        await page.goto(`${open.url}${path}`);
        await page.locator(there).first().waitFor();
        expect(await violations(page)).toEqual([]);
      }
      expect(open.complaints.filter((complaint) => !/status of 422/.test(complaint))).toEqual([]);
    }, 120_000);
  },
);
