import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { killServers, spawnServer } from '../support/server-process.ts';
import { noBrowser, openBrowser } from './support/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
afterEach(async () => {
  killServers();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(noBrowser !== undefined)(
  `a console whose server is killed${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    it('reconnects by itself and shows the interrupted run with every row it had, without a gap', async () => {
      folder = await mkdtemp(join(tmpdir(), 'faultline-killed-'));
      const consoleDir = join(folder, 'console');
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
      await promisify(execFile)(process.execPath, [vite, 'build', 'server/console', '--outDir', consoleDir], {
        cwd: root,
      });
      const modelsDir = await writeModels(join(folder, 'models'));
      const options = {
        host: '127.0.0.1',
        port: 0,
        store: join(folder, 'store'),
        modelsDir,
        dataRoots: [root],
        consoleDir,
        logLevel: 'silent',
      };
      const first = await spawnServer(options);
      const answer = await fetch(`${first.url}/api/v1/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(smallScenario({ steps: 8000, stepsPerSecond: 100, frameSteps: 5 })),
      });
      const { id } = (await answer.json()) as { id: string };
      await using browser = await openBrowser('light');
      const { page } = browser;
      const rows = async (): Promise<number> =>
        Number((await page.getByTestId('rows').innerText()).replaceAll(/\D/g, ''));
      await page.goto(`${first.url}/runs/${id}`);
      await expect.poll(rows, { timeout: 30_000 }).toBeGreaterThan(60);
      await first.kill();
      const seen = await rows();
      await page.getByText('connection lost', { exact: false }).first().waitFor({ timeout: 30_000 });

      await spawnServer({ ...options, port: Number(new URL(first.url).port) });
      await page.locator('.run-header [data-state="interrupted"]').waitFor({ timeout: 30_000 });
      const stored = (await (await fetch(`${first.url}/api/v1/runs/${id}`)).json()) as {
        headStep: number;
        state: string;
      };
      expect(stored.state).toBe('interrupted');
      expect(stored.headStep).toBeGreaterThanOrEqual(seen);
      await expect.poll(rows, { timeout: 30_000 }).toBe(stored.headStep);
      expect(await page.locator('body').innerText()).toMatch(/frames, 0 gaps/);
    }, 180_000);
  },
);
