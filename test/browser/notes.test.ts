import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StepNote } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import { api, launch, posted, runOf, until } from '../support/server.ts';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const patience = { timeout: 60_000 };

/** Somebody who writes down what is seen in a run, and somebody else who looks on; each test takes up where the one before left off. */
describe.skipIf(noBrowser !== undefined)(`notes at steps${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let open: OpenConsole;
  let page: Page;
  let other: Page;
  let url: string;
  let id: string;

  beforeAll(async () => {
    open = await openConsole();
    ({ page, url } = open);
    ({ id } = await launch(url, smallScenario({ name: 'noted', steps: 4000, frameSteps: 4, stepsPerSecond: 20 })));
    await until('its first steps', async () => (await runOf(url, id)).headStep >= 24);
    await page.goto(`${url}/runs/${id}?window=48`);
    const panel = page.locator('[data-panel="net"]');
    await until('its rows in the page', async () => Number(await panel.getAttribute('data-rows')) > 20);
  }, 300_000);
  afterAll(() => open?.[Symbol.asyncDispose]());

  let broken = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(broken, 'an earlier step failed');
    onTestFailed(() => {
      broken = true;
    });
  });

  const kept = async (): Promise<readonly StepNote[]> =>
    (await api<{ readonly notes: StepNote[] }>(url, `/runs/${id}/notes`)).body.notes;
  const texts = (of: Page) => of.locator('[data-note] p').allInnerTexts();
  const dialog = () => page.getByRole('dialog', { name: /^Note at day \d+, \d\d:\d\d, step \d+$/ });
  const simTime = async (): Promise<string> =>
    /^Note at (day \d+, \d\d:\d\d)/.exec(await dialog().getByRole('heading').innerText())![1]!;
  const cursor = async (): Promise<string> => {
    const label = await page.getByRole('img', { name: /^Net consumption/ }).getAttribute('aria-label');
    return /at (day \d+, \d\d:\d\d)/.exec(label!)![1]!;
  };
  const bothSchemes = async (): Promise<void> => {
    for (const theme of ['dark', 'light']) {
      await page.getByRole('button', { name: `Use the ${theme} theme` }).click();
      expect([theme, await violations(page)]).toEqual([theme, []]);
    }
  };

  it('are written by a key at the step that is shown, while the run goes on', async () => {
    await page.keyboard.press('n');
    const text = dialog().getByRole('textbox');
    await text.waitFor();
    const time = await simTime();
    expect(await violations(page)).toEqual([]);
    expect(await dialog().getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await page.keyboard.type('nine times it was here');
    await page.keyboard.press('Enter');
    await page.keyboard.type('<b>and</b> now it is not');
    await page.keyboard.press('Control+Enter');
    await dialog().waitFor({ state: 'detached' });
    const list = page.getByRole('list', { name: 'Notes' });
    await list.getByRole('button', { name: `Show the note at ${time}` }).waitFor();
    expect(await texts(page)).toEqual(['nine times it was here\n<b>and</b> now it is not']);
    const [note] = await kept();
    expect(note!.step).toBeGreaterThanOrEqual(20);
    expect((await runOf(url, id)).state).toBe('running');
  }, 240_000);

  it('are written by a button at the cursor, with the keyboard alone, and others see them at once', async () => {
    other = await page.context().newPage();
    await other.goto(`${url}/runs/${id}`);
    await page.bringToFront(); // a page that is out of sight draws nothing
    await expect.poll(() => texts(other), patience).toHaveLength(1);
    const chart = page.getByRole('group', { name: /^Net consumption/ });
    await chart.focus();
    await page.keyboard.press('Home');
    for (let k = 0; k < 3; k++) await page.keyboard.press('ArrowRight');
    await page.getByRole('button', { name: 'Note at this step' }).focus();
    await page.keyboard.press('Enter');
    await dialog().getByRole('textbox').waitFor();
    const at = await simTime();
    // The picture says where the cursor is when it is drawn next.
    await expect.poll(cursor, patience).toBe(at);
    await page.keyboard.type('here it begins');
    await dialog().getByRole('button', { name: 'Save' }).focus();
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(() => texts(page), patience).toHaveLength(2);
    await expect.poll(() => texts(other), patience).toEqual(await texts(page));
    expect((await kept()).find(({ text }) => text === 'here it begins')).toBeDefined();
    await bothSchemes();
  }, 240_000);

  it('are there after the page was loaded anew, in the lane, and lead to their step', async () => {
    await page.reload();
    await expect.poll(() => texts(page), patience).toHaveLength(2);
    const track = page.locator('[data-track="note"]');
    expect(await track.locator('[data-count]').getAttribute('data-count')).toBe('2');
    const [first, second] = await page.locator('[data-note] button:first-child').allInnerTexts();
    expect(first).not.toBe(second);
    await page.getByRole('button', { name: `Show the note at ${first}` }).click();
    await expect.poll(cursor, patience).toBe(first);
    await track.getByRole('button', { name: 'Next: note' }).click();
    await expect.poll(cursor, patience).toBe(second);
    await track.getByRole('button', { name: 'Before: note' }).click();
    await expect.poll(cursor, patience).toBe(first);
    const lane = page.getByRole('group', { name: /^Events: arrow keys/ }).getByRole('img');
    await expect.poll(() => lane.getAttribute('aria-label'), patience).toMatch(/note (once|2 times)/);
  }, 240_000);

  it('are changed, and deleted by who says it twice, of a run that is over too', async () => {
    await api(url, `/runs/${id}/cancel`, posted({}));
    await page.locator('.run-header [data-state="cancelled"]').waitFor(patience);
    const [first, second] = await kept();
    const of = (note: StepNote) => page.locator(`[data-note="${note.id}"]`);
    await of(first!).getByRole('button', { name: 'Change' }).click();
    await dialog().getByRole('textbox').fill('it began here');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => texts(other), patience).toContain('it began here');
    await of(second!).getByRole('button', { name: 'Delete' }).click();
    expect(await kept()).toHaveLength(2);
    await of(second!).getByRole('button', { name: 'Really delete' }).click();
    await of(second!).waitFor({ state: 'detached' });
    await expect.poll(() => texts(other), patience).toEqual(['it began here']);
    expect(await kept()).toMatchObject([{ id: first!.id, step: first!.step, text: 'it began here' }]);
    await bothSchemes();
    await of(first!).getByRole('button', { name: 'Delete' }).click();
    await of(first!).getByRole('button', { name: 'Really delete' }).click();
    await page.locator('[data-track="note"]').waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  }, 240_000);
});
