import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { startServer } from '../../../server/server.ts';
import { writeModels } from '../../support/model-folder.ts';
import { openBrowser } from './browser.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A server with the console of the tree as it stands, and a page that has not gone anywhere yet. */
export interface OpenConsole extends AsyncDisposable {
  readonly url: string;
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions. */
  readonly complaints: readonly string[];
}

/**
 * @param modelsDir of policies; absent: a folder with `small-ppo` alone
 * @param redis of the workers that do runs of sweeps; absent: the server does them
 */
export async function openConsole({
  modelsDir,
  redis,
}: { readonly modelsDir?: string; readonly redis?: string } = {}): Promise<OpenConsole> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-console-'));
  const consoleDir = join(folder, 'console');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', 'server/console', '--outDir', consoleDir], { cwd: root });
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    store: join(folder, 'store'),
    modelsDir: modelsDir ?? (await writeModels(join(folder, 'models'))),
    dataRoots: [root],
    consoleDir,
    writesPerMinute: 10_000,
    logLevel: 'silent',
    ...(redis !== undefined && { redis }),
  });
  const browser = await openBrowser('light');
  browser.page.setDefaultTimeout(60_000);
  return {
    url: server.url,
    page: browser.page,
    complaints: browser.complaints,
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
