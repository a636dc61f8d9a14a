import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why browser tests cannot run here; in CI a missing browser is a failure, not a reason. */
export const noBrowser: string | undefined =
  existsSync(executablePath) || process.env['CI'] !== undefined
    ? undefined
    : `${executablePath} is missing: apt-get install chromium`;

/** A page of a fresh profile, and everything that went wrong in it. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions. */
  readonly complaints: string[];
}

export async function openBrowser(scheme: 'light' | 'dark'): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), 'faultline-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    viewport: { width: 1440, height: 1000 },
    colorScheme: scheme,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  return {
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** What axe-core finds wrong with the page as it stands: rule, and the elements that break it. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<{ readonly violations: axe.AxeResults['violations'] }>('axe.run()');
  return found.violations.map(
    (rule) => `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
}

/** A number over the drawn pixels of the first canvas in an element: it changes when the picture does. */
export async function picture(page: Page, selector: string): Promise<string> {
  return page
    .locator(`${selector} canvas`)
    .first()
    .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
}
