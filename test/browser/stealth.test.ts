import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetail } from '../../server/events.ts';
import { launch, runOf, until } from '../support/server.ts';
import { noBrowser, picture, violations } from './support/browser.ts';
import type { OpenConsole } from './support/console.ts';
import { openConsole } from './support/console.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = { timeout: 60_000 };

describe.skipIf(noBrowser !== undefined)(
  `who notices an attack${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let open: OpenConsole;
    let page: Page;
    let run: RunDetail;

    beforeAll(async () => {
      open = await openConsole({ modelsDir: join(root, 'models') });
      page = open.page;
      const { id } = await launch(open.url, {
        name: 'watched',
        district: { normalisation: 'fixed', steps: 480 },
        victim: { policy: 'ppo20-builtin' },
        detectors: [
          { name: 'energy-balance', alarms_per_month: 20 },
          { name: 'cusum', label: 'slow drift', alarms_per_month: 20, config: { residual: 'soc-balance' } },
        ],
        attacks: [
          { name: 'fgsm', threat: { epsilon: 0.04, mask: ['time'] } },
          { name: 'random-noise', threat: { epsilon: 0 } },
        ],
      });
      await until('the run to be over', async () => (await runOf(open.url, id)).endedAt !== null, 200_000);
      run = await runOf(open.url, id);
      expect(run.error).toBeNull();
    }, 300_000);
    afterAll(() => open?.[Symbol.asyncDispose]());

    it('is reached from the run, and says what is moved', async () => {
      await page.goto(`${open.url}/runs/${run.id}`);
      await page.getByRole('link', { name: 'perturbation and stealth' }).click();
      await page.getByRole('heading', { name: 'Detectors against fgsm' }).waitFor();
      const heat = page.getByRole('img', { name: /^Perturbation from day 1, 00:00 to day 20, 23:00: / });
      await heat.waitFor(patience);
      expect(await heat.getAttribute('aria-label')).toMatch(
        /\d+ of 31 features are moved, \S+ the most by up to 4\.0 % of its range/,
      );
      await page.locator('summary', { hasText: 'As a table' }).click();
      const table = page.locator('table[data-source="features"]');
      expect(await table.locator('tbody tr', { hasText: 'hour_cos' }).innerText()).toMatch(/0\.0 %\s+0\.0 %\s+–$/);
      const { physical } = run.result!.lanes.find((one) => one.lane === 'Building_1/fgsm')!.norms!;
      const named = page.getByRole('rowheader', { name: 'electricity_pricing', exact: true });
      const price = await table.locator('tr', { has: named }).innerText();
      expect(price.split(/\s+/)[2]).toBe(physical['electricity_pricing']!.mean.toFixed(3));
      expect(await violations(page)).toEqual([]);
    }, 240_000);

    it('has the detectors with what they found, as the result has it', async () => {
      const row = page.locator('tr[data-detector="energy-balance"]');
      const { threshold, alarmDays, heldOutDays, firstAlarm } = run.result!.lanes.find(
        (one) => one.lane === 'Building_1/fgsm',
      )!.detection!['energy-balance']!;
      const cells = await row.locator('td').allInnerTexts();
      expect(Number(cells[0])).toBeCloseTo(threshold, 3);
      expect(Number.parseFloat(cells[1]!)).toBeLessThan(50);
      expect(cells[3]).toBe(String(firstAlarm));
      expect(cells[6]).toContain(`${alarmDays} of ${heldOutDays}`);
      const curve = page.getByRole('img', {
        name: /^Receiver operating characteristic over steps: energy-balance area /,
      });
      await curve.waitFor(patience);
      await page.getByText('Days', { exact: true }).click();
      await page.getByRole('img', { name: /^Receiver operating characteristic over days: / }).waitFor();
      const score = page.getByRole('img', { name: /^Score of slow drift at / });
      await score.scrollIntoViewIfNeeded();
      await expect.poll(() => score.getAttribute('aria-label'), patience).toMatch(/clean \d.*attacked \d/);
    }, 240_000);

    it('has one cursor over the picture and the charts', async () => {
      await page.locator('.heat-picture').focus();
      await page.keyboard.press('Home');
      const norm = page.getByRole('img', { name: /^Perturbation against its budget/ });
      await norm.scrollIntoViewIfNeeded();
      await expect.poll(() => norm.getAttribute('aria-label'), patience).toContain('at day 1, 00:00');
      await page.getByText('48 h', { exact: true }).click();
      await page
        .getByRole('img', { name: /^Perturbation from day \d+, \d\d:00 to day \d+, \d\d:00: / })
        .waitFor(patience);
    }, 240_000);

    it('shows nothing where nothing is done, and says so; light and dark', async () => {
      const before = await picture(page, '.heat-picture');
      await page.getByRole('combobox', { name: 'Attack' }).selectOption('random-noise');
      await page.getByText('None of 31 features is moved.').waitFor(patience);
      await expect.poll(() => picture(page, '.heat-picture'), patience).not.toBe(before);
      expect(await page.locator('tr[data-detector="energy-balance"] td').nth(3).innerText()).toBe('not found');
      await page.getByRole('button', { name: 'Use the dark theme' }).click();
      expect(await violations(page)).toEqual([]);
      expect(open.complaints).toEqual([]);
    }, 240_000);
  },
);
