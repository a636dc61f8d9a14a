import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noBrowser, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = 300_000;
/** A folder for pictures of the pages, to be looked at; absent: none are taken. */
const pictures = process.env['FAULTLINE_PICTURES'];

interface Task {
  readonly name: string;
  readonly text: string;
  /** Charts that it must have, by their titles. */
  readonly charts: readonly string[];
  /** Rows of the event lane. */
  readonly tracks: readonly string[];
  readonly steps: number;
}

const live = 'live: { frameSteps: 2, stepsPerSecond: 20 }';
const tasks: readonly Task[] = [
  {
    name: 'Volt-var control',
    text: `name: Volt-var control\ntask: { name: volt-var, episodes: 2, steps: 2400 }\nvictim: { policy: idle }\nattacks: [{ name: random-noise }]\n${live}\n`,
    charts: ['Cost', 'Voltage violation', 'Voltage least', 'Loss', 'Perturbation and its effect'],
    tracks: ['attack: random noise', 'at its bound: bus14 reactive power', 'voltage outside its band'],
    steps: 2400,
  },
  {
    name: 'Topology',
    text: `name: Topology\ntask: { name: topology, episodes: 2, steps: 1920 }\nvictim: { policy: idle }\nattacks: [{ name: random-noise }]\n${live}\n`,
    charts: ['Action', 'Overloads', 'Trips', 'Rho most', 'Unserved', 'Survival'],
    tracks: ['branches overloaded', 'branches tripped', 'load not served', 'action refused', 'blackout'],
    steps: 1920,
  },
  {
    name: 'Battery dispatch',
    text: `name: Battery dispatch\ntask: { name: battery-dispatch, episodes: 2, steps: 2400 }\nvictim: { policy: ppo-battery-dispatch }\nattacks: [{ name: fgsm }, { name: bifurcation, config: { steps: 4 } }]\n${live}\n`,
    charts: ['Cost', 'Action', 'True, reported, acted on', 'Throughput'],
    tracks: ['attack: fgsm', 'at its bound: action', 'voltage outside its band'],
    steps: 2400,
  },
];

/** Each control task on a grid as somebody would run it: pasted into the form, watched, paused, scrubbed, to its end. */
describe.skipIf(noBrowser !== undefined)(`control tasks${noBrowser === undefined ? '' : ` (${noBrowser})`}`, () => {
  let open: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    open = await openConsole({ modelsDir: join(root, 'models') });
    ({ page } = open);
    page.setDefaultTimeout(120_000);
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  }, 300_000);
  afterAll(() => open?.[Symbol.asyncDispose]());

  const rows = async (): Promise<number> => Number((await page.getByTestId('rows').innerText()).replaceAll(/\D/g, ''));
  const photograph = async (name: string): Promise<void> => {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  };

  it.each(tasks)(
    '$name',
    async ({ name, text, charts, tracks, steps }) => {
      await page.goto(`${open.url}/launch`);
      await page.getByText('The server accepts this scenario.').waitFor();
      await page.getByRole('textbox', { name: 'Scenario as YAML' }).fill(text);
      await page.waitForTimeout(500); // what was said of the text before is no answer to this one
      await page.getByText('The server accepts this scenario.').waitFor();
      await page.getByRole('button', { name: 'Launch', exact: true }).click();
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await expect.poll(rows, { timeout: 90_000 }).toBeGreaterThan(5);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.locator('.badge, [data-state]').getByText('paused', { exact: true }).first().waitFor();
      for (const title of charts)
        expect([title, await page.getByRole('heading', { level: 2, name: title, exact: true }).count()]).toEqual([
          title,
          1,
        ]);
      for (const label of tracks)
        expect([label, await page.getByRole('button', { name: `Next: ${label}` }).count()]).toEqual([label, 1]);
      await page.getByRole('combobox', { name: 'Episode', exact: true }).selectOption('episode-1');
      const slider = page.getByRole('slider', { name: 'End of the window' });
      await slider.focus();
      await page.keyboard.press('Home');
      const first = await slider.getAttribute('aria-valuetext');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => slider.getAttribute('aria-valuetext'), { timeout: 20_000 }).not.toBe(first);
      await photograph(`${name}-paused`);
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByRole('combobox', { name: 'Pace' }).selectOption({ label: 'as fast as it goes' });
      await page.locator('table[data-source="result"]').waitFor();
      expect(await rows()).toBe(steps);
      await page.keyboard.press('Escape');
      expect(await violations(page)).toEqual([]);
      // Of a rule nobody can say which decisions an attack changed.
      const said = await page.getByText(/^The attack changed [\d.]+ % of the decisions\.$/).count();
      expect(said).toBe(/policy: idle/.test(text) ? 0 : 1);
      await photograph(`${name}-done`);
      await page.getByRole('link', { name: 'perturbation and stealth' }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForTimeout(1500);
      await photograph(`${name}-stealth`);
      expect(await violations(page)).toEqual([]);
      expect(open.complaints).toEqual([]);
    },
    patience,
  );
});
