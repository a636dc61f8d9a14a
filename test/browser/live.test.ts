import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import { api, launch, posted, runOf, until } from '../support/server.ts';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = { timeout: 60_000 };
const steps = 480;
const lane = 'Building_1/toggle-bifurcation';

/** One person at one run page after another; each test takes up where the one before left off. */
describe.skipIf(noBrowser !== undefined)(`a run's page${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let open: OpenConsole;
  let page: Page;
  let url: string;
  let done: RunDetail;

  beforeAll(async () => {
    open = await openConsole({ modelsDir: join(root, 'models') });
    ({ page, url } = open);
    const { id } = await launch(url, {
      name: 'with everything',
      district: { normalisation: 'fixed', steps },
      victim: { policy: 'ppo20-builtin' },
      grid: { homes: 900, limits: { branch_mva: 3 }, protection: { rule: 'instant' } },
      detectors: [{ name: 'energy-balance', alarms_per_month: 20 }],
      attacks: [{ name: 'toggle-bifurcation', config: { steps: 2 } }],
    });
    await until('the run to be over', async () => (await runOf(url, id)).endedAt !== null, 200_000);
    done = await runOf(url, id);
    expect(done.error).toBeNull();
  }, 300_000);
  afterAll(() => open?.[Symbol.asyncDispose]());

  let broken = false;
  beforeEach(({ skip, onTestFailed }) => {
    skip(broken, 'an earlier step failed');
    onTestFailed(() => {
      broken = true;
    });
  });

  const end = () => page.getByTestId('window-end').innerText();
  const track = (id: string) => page.locator(`[data-track="${id}"]`);
  const said = (title: string) => page.getByRole('img', { name: new RegExp(`^${title}`) }).getAttribute('aria-label');
  const column = async (channel: string): Promise<number[]> => {
    const query = new URLSearchParams({ channels: channel });
    return (await api<{ readonly values: number[][] }>(url, `/runs/${done.id}/telemetry?${query.toString()}`)).body
      .values[0]!;
  };

  it('holds its window while rows go on coming, and says how many', async () => {
    const { id } = await launch(url, {
      ...smallScenario({ name: 'goes on', steps: 8000, frameSteps: 4, stepsPerSecond: 60 }),
      victim: { policy: 'ppo20-builtin' },
    });
    await page.goto(`${url}/runs/${id}`);
    await expect
      .poll(async () => Number(await page.locator('[data-panel="net"]').getAttribute('data-rows')), patience)
      .toBeGreaterThan(60);
    await page.keyboard.press('Space');
    const held = await end();
    await page.getByTestId('unseen').waitFor();
    expect(await page.getByTestId('unseen').innerText()).toMatch(/^\d+ new$/);
    expect(await end()).toBe(held);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(end).not.toBe(held);
    await page.keyboard.press('ArrowRight');
    await expect.poll(end).toBe(held);
    await page.getByRole('slider', { name: 'End of the window' }).fill('30');
    await expect.poll(end).toBe('day 2, 05:00');
    await page.keyboard.press('Escape');
    await page.locator('h1').click();
    await page.keyboard.press('Space');
    await page.getByTestId('unseen').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Freeze' }).waitFor();
    await api(url, `/runs/${id}/cancel`, posted({}));
  }, 240_000);

  it('replays what was recorded, faster and slower, round and round', async () => {
    await page.goto(`${url}/runs/${done.id}?window=48`);
    await page.locator('table[data-source="result"]').waitFor();
    await page.getByRole('slider', { name: 'End of the window' }).fill('40');
    await page.locator('h1').click();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog');
    await help.getByText('Replay faster').waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press(']');
    expect(await page.getByRole('combobox', { name: 'Replay speed' }).inputValue()).toBe('2');
    await page.keyboard.press('p');
    const at = async (): Promise<number> =>
      Number(await page.getByRole('slider', { name: 'End of the window' }).inputValue());
    await expect.poll(at, patience).toBeGreaterThan(80);
    await page.getByRole('button', { name: 'Stop' }).click();
    const stopped = await at();
    await page.waitForTimeout(300);
    expect(await at()).toBe(stopped);
    await page.getByRole('button', { name: 'Loop' }).click();
    await page.getByText(/^loops day \d/).waitFor();
    await page.getByRole('combobox', { name: 'Replay speed' }).selectOption('16');
    await page.getByRole('button', { name: 'Replay' }).click();
    const seen: number[] = [];
    await expect
      .poll(async () => {
        seen.push(await at());
        return seen.some((value, k) => k > 0 && value < seen[k - 1]!);
      }, patience)
      .toBe(true);
    expect(Math.max(...seen)).toBeLessThanOrEqual(stopped);
    await page.getByRole('button', { name: 'Loop' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    expect(await violations(page)).toEqual([]);
  }, 240_000);

  it('has a row for each kind of event, and leads from one to the next', async () => {
    const score = await column(`${lane}/score.energy-balance`);
    const { threshold } = done.result!.lanes.find((one) => one.lane === lane)!.detection!['energy-balance']!;
    const alarms = score.filter((value) => value > threshold).length;
    expect(alarms).toBeGreaterThan(0);
    await expect
      .poll(() => track('score.energy-balance').locator('[data-count]').getAttribute('data-count'))
      .toBe(String(alarms));
    expect(await track('attack').innerText()).toMatch(/attack: toggle bifurcation/);
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByRole('group', { name: /^Net consumption/ }).focus();
    await page.keyboard.press('Home');
    const row = async (): Promise<string> => /at (day \d+, \d\d:\d\d)/.exec((await said('Net consumption'))!)![1]!;
    const before = await row();
    await track('full').getByRole('button', { name: /^Next/ }).click();
    await expect.poll(row, patience).not.toBe(before);
    expect(await said('State of charge')).toMatch(/attacked 1\.000/);
    await page.locator('summary', { hasText: 'As a table' }).click();
    await page
      .getByRole('button', { name: /^Show battery full at/ })
      .first()
      .click();
    expect(await violations(page)).toEqual([]);
    await page.locator('summary', { hasText: 'As a table' }).click();
  }, 240_000);

  it('finds the rows on which a condition holds', async () => {
    const field = page.getByRole('combobox', { name: 'Show where' });
    await field.fill('net > clean.net + 0.2 and soc < 0.5');
    await field.press('Enter');
    await track('search').waitFor();
    const [net, clean, soc] = await Promise.all([
      column(`${lane}/net`),
      column('Building_1/clean/net'),
      column(`${lane}/soc`),
    ]);
    const expected = net.filter((value, row) => value > clean[row]! + 0.2 && soc[row]! < 0.5).length;
    expect(expected).toBeGreaterThan(0);
    expect(await track('search').locator('[data-count]').getAttribute('data-count')).toBe(String(expected));
    expect(new URL(page.url()).searchParams.get('where')).toBe('net > clean.net + 0.2 and soc < 0.5');
    await field.fill('net > nothing');
    await field.press('Enter');
    await page.getByText("At character 7: there is no channel 'nothing'.").waitFor();
    expect(await violations(page)).toEqual([]);
    await field.fill('');
    await field.press('Enter');
    await track('search').waitFor({ state: 'detached' });
  }, 240_000);

  it('draws true, reported and what was done in one chart, and what the attacked lane is more than its twin', async () => {
    const feature = page.locator('section', { has: page.locator('[data-panel="feature"]') });
    expect(await feature.locator('dt').allInnerTexts()).toEqual([
      'true',
      'reported',
      'action intended',
      'action taken',
    ]);
    await page.getByText('Difference', { exact: true }).click();
    const net = page.locator('section', { has: page.locator('[data-panel="net"]') });
    await expect.poll(() => net.locator('dt').allInnerTexts(), patience).toEqual(['attacked − clean']);
    await page.getByRole('slider', { name: 'End of the window' }).fill('100');
    const [attacked, clean] = await Promise.all([column(`${lane}/net`), column('Building_1/clean/net')]);
    await page.locator('h1').click();
    await page.keyboard.press('Escape');
    const difference = attacked[99]! - clean[99]!;
    await expect
      .poll(async () => Number((await net.locator('dd').innerText()).replace('−', '-')), patience)
      .toBeCloseTo(difference, 2);
    await page.getByText('All', { exact: true }).click();
    await expect.poll(() => net.locator('.points').innerText(), patience).toBe('100 points, all drawn');
    await page.getByText('Clean and attacked', { exact: true }).click();
  }, 240_000);

  it('shows in the diagram what the relays tripped, at the step at which they did', async () => {
    const network = done.result!.grid!.networks.find(({ attack }) => attack === 'toggle-bifurcation')!;
    const { step, linesTripped } = network.cascade!;
    expect(linesTripped).toBeGreaterThan(0);
    const diagram = page.locator('.one-line[data-lane="grid/toggle-bifurcation"]');
    await diagram.scrollIntoViewIfNeeded();
    expect(await diagram.locator('.trip-mark').first().isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show the relays of toggle-bifurcation' }).click();
    await diagram.locator('.trip-mark').first().waitFor();
    expect(await diagram.locator('svg').getAttribute('aria-label')).toContain('tripped');
    expect(await diagram.locator('circle.dark').count()).toBeGreaterThan(0);
    const day = Math.floor(step / 24) + 1;
    expect(await diagram.locator('svg').getAttribute('aria-label')).toContain(`at day ${day}, `);
    await page.locator('summary', { hasText: 'Relays under toggle-bifurcation' }).click();
    expect(await page.locator('[data-relays="toggle-bifurcation"] tbody tr').count()).toBe(
      network.cascade!.events.length,
    );
    expect(await violations(page)).toEqual([]);
  }, 240_000);

  it('keeps tags, a note and whether the run is archived', async () => {
    const tags = page.getByRole('combobox', { name: 'Tags' });
    await tags.fill('interesting');
    await tags.press('Enter');
    await page.getByRole('textbox', { name: 'Note' }).fill('the second day is odd');
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('button', { name: 'Take out of the archive' }).waitFor();
    await expect
      .poll(async () => {
        const { tags: kept, note, archived } = await runOf(url, done.id);
        return { kept, note, archived };
      }, patience)
      .toEqual({ kept: ['interesting'], note: 'the second day is odd', archived: true });
    await page.reload();
    await page.getByText('interesting', { exact: true }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('the second day is odd');
    expect(await violations(page)).toEqual([]);
  }, 240_000);

  it('saves telemetry as Arrow', async () => {
    await page.getByRole('combobox', { name: 'Format of the telemetry' }).selectOption('arrow');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Telemetry', exact: true }).click();
    expect((await saved).suggestedFilename()).toBe(`${done.id}-telemetry.arrow`);
  }, 240_000);

  it('speaks of episodes and dollars where the world is a control task, and reads well in the dark', async () => {
    const { id } = await launch(url, {
      name: 'a task',
      task: { name: 'battery-dispatch', episodes: 2 },
      victim: { policy: 'ppo-battery-dispatch' },
      attacks: [{ name: 'fgsm' }],
    });
    await until('the task to be over', async () => (await runOf(url, id)).endedAt !== null, 100_000);
    await page.goto(`${url}/runs/${id}`);
    await page.locator('table[data-source="result"]').waitFor();
    await page.getByRole('combobox', { name: 'Episode', exact: true }).waitFor();
    expect(await page.locator('table[data-source="result"] tbody tr').first().innerText()).toMatch(/^Cost\s+\$/);
    expect(await page.getByRole('columnheader', { name: 'regret: cost' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Use the dark theme' }).click();
    expect(await violations(page)).toEqual([]);
    await page.goto(`${url}/runs/${done.id}`);
    await page.locator('table[data-source="grid"]').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(open.complaints).toEqual([]);
  }, 240_000);
});
