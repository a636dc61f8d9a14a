import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = 240_000;

/**
 * Somebody who has never seen it, in a fresh data folder: launches, watches, pauses, scrubs, launches a second run, compares the two and exports. Everything is found by what
 * stands on the screen: no address is typed but the first, nothing is asked of the API.
 */
describe.skipIf(noBrowser !== undefined)(`a new user${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let open: OpenConsole;
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-new-user-'));
    open = await openConsole({ modelsDir: join(root, 'models') });
    ({ page } = open);
    page.setDefaultTimeout(120_000);
  }, 300_000);
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  let broken = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(broken, 'an earlier step failed');
    onTestFailed(() => {
      broken = true;
    });
  });

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
  /** Rows that the page says it has. */
  const shown = async (): Promise<number> => {
    const fact = page.locator('dl > div', { has: page.getByText('rows', { exact: true }) });
    return Number((await fact.locator('dd').innerText()).replaceAll(/\D/g, ''));
  };
  const saved = async (
    what: () => Promise<void>,
  ): Promise<{ readonly name: string; readonly path: string; readonly text: string }> => {
    const waiting = page.waitForEvent('download');
    await what();
    const download = await waiting;
    const name = download.suggestedFilename();
    const path = join(folder, name);
    await download.saveAs(path);
    return { name, path, text: (await readFile(path)).toString('latin1') };
  };

  it(
    'launches what the form offers',
    async () => {
      await page.goto(open.url);
      await page.getByRole('link', { name: 'Launch the first run' }).click();
      await page.getByText('The server accepts this scenario.').waitFor();
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('My first run');
      await page.getByRole('textbox', { name: 'Steps', exact: true }).first().fill('240');
      await page.locator('summary', { hasText: 'Live' }).click();
      await page.getByRole('textbox', { name: 'Frame steps' }).fill('2');
      await page.getByRole('textbox', { name: 'Steps per second' }).fill('10');
      await page.getByText('The server accepts this scenario.').waitFor();
      await button('Launch').click();
      await page.getByRole('heading', { name: 'My first run' }).waitFor();
    },
    patience,
  );

  it(
    'watches it, pauses it, and scrubs through what there is',
    async () => {
      await page.getByRole('heading', { name: 'Net consumption' }).waitFor();
      await expect.poll(shown, { timeout: 60_000 }).toBeGreaterThan(20);
      await button('Pause').click();
      await page.getByText('paused', { exact: true }).waitFor();
      const label = () => page.getByRole('img', { name: /^Net consumption at / }).getAttribute('aria-label');
      const slider = page.getByRole('slider', { name: 'End of the window' });
      await slider.focus();
      await page.keyboard.press('Home');
      const first = await slider.getAttribute('aria-valuetext');
      await page.keyboard.press('End');
      await expect.poll(() => slider.getAttribute('aria-valuetext'), { timeout: 20_000 }).not.toBe(first);
      // A click in a chart leaves the cursor there: every chart and the events say that time.
      const chart = page.getByRole('group', { name: /^Net consumption: arrow keys/ });
      await chart.click({ position: { x: 200, y: 60 } });
      const time = /at (day \d+, \d\d:\d\d)/.exec((await label())!)![1]!;
      await expect
        .poll(() => page.getByRole('img', { name: /^State of charge at / }).getAttribute('aria-label'), {
          timeout: 20_000,
        })
        .toContain(time);
      await page.keyboard.press('Escape');
      expect(await violations(page)).toEqual([]);
      await button('Resume').click();
      await page.getByRole('combobox', { name: 'Pace' }).selectOption({ label: 'as fast as it goes' });
      await page.getByText('done', { exact: true }).waitFor();
    },
    patience,
  );

  it(
    'launches a variant, and compares the two',
    async () => {
      await page.getByRole('link', { name: 'launch a variant' }).click();
      await page.getByText('The server accepts this scenario.').waitFor();
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('My second run');
      await page.getByRole('combobox', { name: 'Name' }).selectOption('fgsm');
      await page.locator('summary', { hasText: 'Live' }).click();
      await page.getByRole('textbox', { name: 'Steps per second' }).fill('');
      await page.getByText('The server accepts this scenario.').waitFor();
      await button('Launch').click();
      await page.getByRole('heading', { name: 'My second run' }).waitFor();
      await page.getByText('done', { exact: true }).waitFor();

      await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
      for (const name of ['My first run', 'My second run'])
        await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
      await page.getByText('2 runs chosen').waitFor();
      await page.getByRole('link', { name: 'Compare', exact: true }).last().click();
      // The clean twins of both are one group.
      await page.getByText(/^3 lanes of 2 runs in 3 groups/).waitFor();
      await page.getByRole('img', { name: /Net by step, mean of each group/ }).waitFor();
      expect(await violations(page)).toEqual([]);
      const csv = await saved(() => button(/CSV/).click());
      expect(csv.text.split('\n').length).toBeGreaterThan(3);
    },
    patience,
  );

  it(
    'exports the report, which opens by itself and has its figures, and everything else',
    async () => {
      await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
      await page.getByRole('link', { name: 'My second run' }).click();
      await button('Report HTML').waitFor();
      const report = await saved(() => button('Report HTML').click());
      expect(report.name).toMatch(/\.html$/);
      const reader = await page.context().newPage();
      await reader.goto(pathToFileURL(report.path).href);
      expect(await reader.locator('figure svg').count()).toBeGreaterThanOrEqual(3);
      expect(await reader.locator('h1').innerText()).toContain('My second run');
      expect(await reader.locator('script[src], link[href], img[src^="http"]').count()).toBe(0);
      for (const svg of await reader.locator('figure svg').all()) {
        const box = (await svg.boundingBox())!;
        expect(box.width * box.height).toBeGreaterThan(1000);
      }
      expect(await violations(reader)).toEqual([]);
      await reader.close();

      const result = await saved(() => button('Result JSON').click());
      expect((JSON.parse(result.text) as { format: string }).format).toBe('faultline-result');
      for (const [form, check] of [
        ['STIX 2.1 bundle', (text: string) => (JSON.parse(text) as { type: string }).type === 'bundle'],
        [
          'ATT&CK Navigator layer',
          (text: string) => Array.isArray((JSON.parse(text) as { techniques: unknown }).techniques),
        ],
        ['JUnit XML', (text: string) => /<testsuites?[^]*<testcase/.test(text)],
      ] as const) {
        await page.getByRole('combobox', { name: 'Form of the export' }).selectOption({ label: form });
        const file = await saved(() => button('Export').click());
        expect([form, check(file.text)]).toEqual([form, true]);
      }
      for (const [format, begins] of [
        ['CSV', 'step,'],
        ['Parquet', 'PAR1'],
        ['Arrow', '\u00ff\u00ff\u00ff\u00ff'],
      ] as const) {
        await page.getByRole('combobox', { name: 'Format of the telemetry' }).selectOption({ label: format });
        const table = await saved(() => button('Telemetry').click());
        expect([format, table.text.slice(0, begins.length)]).toEqual([format, begins]);
        if (format === 'CSV') expect(table.text.trim().split('\n')).toHaveLength(241);
      }
      expect(open.complaints).toEqual([]);
    },
    patience,
  );
});
