import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallScenario } from '../support/model-folder.ts';
import { api, launch, posted, runOf, until } from '../support/server.ts';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const patience = { timeout: 60_000 };

/** Runs in the page before it: counts how often lines were drawn as a whole, and how often only what had come since. */
const counting = `
  window.drawn = { whole: 0, added: 0 };
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (x, ...rest) {
    if (this.canvas.classList.contains('lines')) window.drawn[x > 0 ? 'added' : 'whole']++;
    return clear.call(this, x, ...rest);
  };`;

/** Runs in the page: the pixels of every chart's lines. */
const pixels = `[...document.querySelectorAll('canvas.lines')].map((canvas) =>
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)`;

/** One run that is held after some thousand steps, and looked at. */
describe.skipIf(noBrowser !== undefined)(`lines${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let open: OpenConsole;
  let page: Page;
  let url: string;
  let id: string;

  beforeAll(async () => {
    open = await openConsole();
    ({ page, url } = open);
    ({ id } = await launch(url, smallScenario({ name: 'long', steps: 8000, frameSteps: 2, stepsPerSecond: null })));
    await until('a history', async () => (await runOf(url, id)).headStep >= 1500, 200_000);
    await api(url, `/runs/${id}/speed`, posted({ stepsPerSecond: 8 }));
    await page.addInitScript({ content: counting });
    // What is out of sight is not drawn.
    await page.setViewportSize({ width: 1440, height: 2000 });
  }, 300_000);
  afterAll(() => open?.[Symbol.asyncDispose]());

  const rows = async (): Promise<number> => Number(await page.locator('[data-panel="net"]').getAttribute('data-rows'));
  const theme = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: `Use the ${name} theme` }).click();
    await page.locator(`[data-mantine-color-scheme="${name}"]`).first().waitFor();
    await page.waitForTimeout(1000);
  };

  it('of a picture that was added to are those of one that is drawn as a whole', async () => {
    await page.goto(`${url}/runs/${id}?window=all`);
    await expect.poll(rows, patience).toBeGreaterThan(1500);
    await api(url, `/runs/${id}/pause`, posted({}));
    let head = await until('the run to be held', async () => {
      const { state, headStep } = await runOf(url, id);
      return state === 'paused' && headStep;
    });
    await expect.poll(rows, patience).toBe(head);
    await page.waitForTimeout(500);
    await page.evaluate('window.drawn = { whole: 0, added: 0 }');
    // Step by step: on a busy machine a page that follows a run would draw once in so many rows that its range has grown.
    for (let k = 0; k < 16; k++) {
      await api(url, `/runs/${id}/step`, posted({ steps: 2 }));
      head += 2;
      await expect.poll(rows, patience).toBe(head);
    }
    await page.waitForTimeout(500);
    const { whole, added } = await page.evaluate<{ whole: number; added: number }>('window.drawn');
    expect(added).toBeGreaterThan(whole);
    await page.evaluate(`window.before = ${pixels}; undefined`);
    await theme('dark');
    await theme('light');
    const compared = await page.evaluate<{ charts: number; inked: number; differ: number; most: number }>(`(() => {
      const found = { charts: 0, inked: 0, differ: 0, most: 0 };
      ${pixels}.forEach((data, chart) => {
        const before = window.before[chart];
        if (data.length !== before.length) throw new Error('another size');
        found.charts++;
        for (let k = 0; k < data.length; k++) {
          if (k % 4 === 3 && data[k] > 0) found.inked++;
          const difference = Math.abs(data[k] - before[k]);
          if (difference > 0) found.differ++;
          found.most = Math.max(found.most, difference);
        }
      });
      return found;
    })()`);
    expect(compared.charts).toBeGreaterThanOrEqual(6);
    expect(compared.inked).toBeGreaterThan(10_000);
    expect(compared).toMatchObject({ differ: 0, most: 0 });
  }, 240_000);

  it('of rows that were left out are bands from their least to their greatest, until every row is fetched', async () => {
    await page.goto(`${url}/runs/${id}?window=all&stream=live`);
    await page.getByText(/rows were left out to keep up with the run/).waitFor();
    expect(await page.getByTestId('stream').innerText()).toMatch(/^1 frames, 1 gap$/);
    const panel = page.getByRole('group', { name: /^Net consumption/ });
    await panel.focus();
    await page.keyboard.press('Home');
    const section = page.locator('section', { has: page.locator('[data-panel="net"]') });
    const attacked = section.locator('dd').last();
    await expect.poll(() => attacked.innerText(), patience).toContain(' … ');
    const [least, greatest] = (await attacked.innerText()).split(' … ').map((text) => Number(text.replace('−', '-')));
    const { schema } = await runOf(url, id);
    const net = schema!.channels.find(({ lane, signal }) => signal === 'net' && !lane!.endsWith('/clean'))!.name;
    const query = new URLSearchParams({ channels: net });
    const values = (await api<{ values: number[][] }>(url, `/runs/${id}/telemetry?${query.toString()}`)).body
      .values[0]!;
    expect(least).toBeLessThan(greatest!);
    expect(values[0]).toBeGreaterThanOrEqual(least! - 1e-3);
    expect(values[0]).toBeLessThanOrEqual(greatest! + 1e-3);
    expect(least).toBeGreaterThanOrEqual(Math.min(...values) - 1e-3);
    // The topmost pixel of the lines is that of the greatest value there is, which only a band has.
    const inked = await page.evaluate<{ bands: number; opaque: number }>(`(() => {
      const canvas = document.querySelector('[data-panel="net"] canvas.lines');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const found = { bands: 0, opaque: 0 };
      for (let k = 3; k < data.length; k += 4)
        if (data[k] === 255) found.opaque++;
        else if (data[k] > 60) found.bands++;
      return found;
    })()`);
    expect(inked.bands).toBeGreaterThan(20 * inked.opaque);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Fetch every row' }).click();
    await expect.poll(() => page.getByTestId('stream').innerText(), patience).toMatch(/^\d[\d\s]{2,} frames, 0 gaps$/);
    await expect.poll(() => attacked.innerText(), patience).toBe(values[0]!.toFixed(3).replace('-', '−'));
    await page.getByText(/left out/).waitFor({ state: 'detached' });
    // What comes next is told from here on, in either mode.
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByRole('combobox', { name: 'What comes' }).selectOption('live');
    await api(url, `/runs/${id}/step`, posted({ steps: 10 }));
    await expect.poll(rows, patience).toBe(values.length + 10);
    expect(await page.getByTestId('stream').innerText()).toMatch(/ 0 gaps$/);
    await api(url, `/runs/${id}/cancel`, posted({}));
    expect(open.complaints).toEqual([]);
  }, 240_000);
});
