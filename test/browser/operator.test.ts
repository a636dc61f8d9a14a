import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { writeRecordedRuns } from '../support/recorded-run.ts';
import { openServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import type { BrowserPage } from './support/browser.ts';
import { noBrowser, openBrowser, violations } from './support/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const own = 'the-token-of-the-server';

/** The two screens of who looks after a server, as that person uses them. */
describe.skipIf(noBrowser !== undefined)(`SQL and System${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let folder: string;
  let server: TestServer;
  let browser: BrowserPage;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-operator-'));
    const store = join(folder, 'store');
    writeRecordedRuns(store, [
      { id: 'one', attack: 'pgd', kpis: { electricity_consumption_total: 1.5 } },
      { id: 'two', attack: 'fgsm', kpis: { electricity_consumption_total: 1.25 } },
    ]);
    const opened = new Store(store, 0);
    for (const id of ['one', 'two']) await opened.compact(id);
    opened.create('halted', scenarioFrom(smallScenario({ name: 'halted' }), 'test', schema), 5); // its server was killed
    await opened.warehouse[Symbol.asyncDispose]();
    opened[Symbol.dispose]();
    const consoleDir = join(folder, 'console');
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    await promisify(execFile)(process.execPath, [vite, 'build', 'server/console', '--outDir', consoleDir], {
      cwd: root,
    });
    server = await openServer({ store, consoleDir, token: own });
    browser = await openBrowser('dark');
    page = browser.page;
    page.setDefaultTimeout(20_000);
    await page.goto(`${server.url}/#token=${own}`);
  }, 180_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const bothSchemes = async (): Promise<void> => {
    for (const theme of ['light', 'dark']) {
      const button = page.getByRole('button', { name: `Use the ${theme} theme` });
      if (await button.isVisible()) await button.click();
      expect([theme, await violations(page)]).toEqual([theme, []]);
    }
  };

  it('answers an example by Ctrl+Enter, in a table that reads well in light and dark', async () => {
    await page.getByRole('link', { name: 'SQL', exact: true }).click();
    await page.getByRole('button', { name: 'Worst attacks' }).click();
    await page.getByRole('textbox', { name: 'Question' }).press('Control+Enter');
    await page.getByText(/^2 rows in/).waitFor();
    expect(await page.locator('.answer tbody tr:not(.gap)').allInnerTexts()).toEqual([
      expect.stringMatching(/^pgd\s+1\s+0\.5\s+0\.5$/),
      expect.stringMatching(/^fgsm\s+1\s+0\.25\s+0\.25$/),
    ]);
    expect(decodeURIComponent(page.url().replaceAll('+', ' '))).toContain('order by mean_regret desc');
    await bothSchemes();
  });

  it('shows thousands of rows without having them all in the page, and saves them', async () => {
    await page.getByRole('textbox', { name: 'Question' }).fill(`select range as n, 'a,"b"' as t from range(20000)`);
    await page.getByRole('button', { name: 'Run (Ctrl+Enter)' }).click();
    await page.getByText(/^the first 10,000 rows in/).waitFor();
    expect(await page.locator('.answer tbody tr').count()).toBeLessThan(60);
    await page.getByRole('region', { name: 'Answer' }).evaluate((region) => region.scrollTo(0, region.scrollHeight));
    await page.getByRole('cell', { name: '9999', exact: true }).waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV' }).click(),
    ]);
    const lines = (await readFile(await saved.path(), 'utf8')).split('\r\n');
    expect([lines.length, lines[0], lines[10_000]]).toEqual([10_002, 'n,t', '9999,"a,""b"""']);
  });

  it('says where a question is wrong, and puts the cursor there', async () => {
    const editor = page.getByRole('textbox', { name: 'Question' });
    await editor.fill('select id,\n  nosuch\nfrom runs');
    await editor.press('Control+Enter');
    await page.getByText('Referenced column "nosuch" not found', { exact: false }).first().waitFor();
    await page.getByLabel('Line 2, column 3').waitFor();
    expect(await editor.evaluate((area) => (area as unknown as { selectionStart: number }).selectionStart)).toBe(13);
    await bothSchemes();
  });

  it('asks the newest run that is done, and can be cancelled', async () => {
    await page.getByRole('button', { name: 'Telemetry of a run' }).click();
    await expect
      .poll(() => page.getByRole('textbox', { name: 'Question' }).inputValue())
      .toMatch(/telemetry\('(one|two)'\)/);
    await page.getByRole('button', { name: 'Run (Ctrl+Enter)' }).click();
    await page.getByText(/^16 rows in/).waitFor();
    await page.getByRole('textbox', { name: 'Question' }).fill('select count(*) from range(1000000000000)');
    await page.getByRole('button', { name: 'Run (Ctrl+Enter)' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' });
    await page.getByRole('textbox', { name: 'Question' }).fill('select 1 as one');
    await page.getByRole('button', { name: 'Run (Ctrl+Enter)' }).click();
    await page.getByText(/^1 row in/).waitFor();
  });

  it('tells what the server is, does and keeps', async () => {
    await page.getByRole('link', { name: 'System', exact: true }).click();
    await page.getByText('3: 2 done, 1 interrupted').waitFor();
    await page.getByText('0 of 2 at once').waitFor();
    await page.getByText('who has a token').waitFor();
    await page.getByText('None was issued.').waitFor();
    await bothSchemes();
  });

  it('issues a token, shows it once, and revokes it', async () => {
    await page.getByRole('textbox', { name: 'Whose it is' }).fill('a colleague');
    await page.getByRole('combobox', { name: 'What it allows' }).selectOption('read');
    await page.getByRole('button', { name: 'Issue a token' }).click();
    const token = await page.locator('.secret code').innerText();
    expect(token).toMatch(/^flt_[\w-]{43}$/);
    const status = async (): Promise<number> =>
      (await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status()).toBe(200);
    await bothSchemes();
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByText(token).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Revoke a colleague …' }).click();
    await page.getByRole('button', { name: 'Revoke a colleague', exact: true }).click();
    await page.getByText('None was issued.').waitFor();
    expect(await status()).toBe(401);
    expect(browser.complaints.filter((line) => !/422|401/.test(line))).toEqual([]);
  });

  it('takes up a run whose server was killed', async () => {
    await page.goto(`${server.url}/runs/halted`);
    await page.locator('.run-header [data-state="interrupted"]').waitFor();
    await page.getByRole('button', { name: 'Take it up again' }).click();
    await page.locator('.run-header [data-state="done"]').waitFor({ timeout: 60_000 });
  });

  it('runs no script but its own', async () => {
    const ran = await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.foreign = true';
      document.body.append(script);
      const image = document.createElement('img');
      image.setAttribute('onerror', 'globalThis.foreign = true');
      image.src = 'data:,';
      document.body.append(image);
      return new Promise((resolve) => setTimeout(() => resolve(globalThis.foreign === true), 200));
    })()`);
    expect(ran).toBe(false);
    expect(browser.complaints.filter((line) => /Content Security Policy/.test(line)).length).toBeGreaterThan(1);
  });
});
