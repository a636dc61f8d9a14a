/**
 * Photographs the screens of the console, light and dark, into docs/img/console: a server on a store of its own, real runs of shipped policies.
 *
 *     npm run screenshots [-- NAME…]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { RunState, RunSummary } from '../server/events.ts';
import { startServer } from '../server/server.ts';
import type { ServerOptions } from '../server/server.ts';
import { buildConsole } from '../test/browser/support/build.ts';
import { noBrowser, openBrowser } from '../test/browser/support/browser.ts';
import { startCommand } from '../test/support/command-process.ts';
import { openRedis } from '../test/support/redis-server.ts';
import { launchSweep, pacedSweep } from '../test/support/served-sweep.ts';
import { api, launch, posted, runOf, until } from '../test/support/server.ts';

/** What the photographed server has to show, made when a screen first asks for it. */
interface Demo {
  readonly url: string;
  /** A sweep that is over: two attacks at two strengths, five seeds each. */
  readonly sweep: () => Promise<{ readonly id: string; readonly runs: readonly RunSummary[] }>;
  /** Id of a run that is over: a district on a feeder with relays, watched by detectors. */
  readonly watched: () => Promise<string>;
  /** Page of a sweep whose runs two workers over a Redis do, slowly. */
  readonly workers: () => Promise<string>;
  /** Id of a run that goes on, three simulated weeks after its start, two steps a second. */
  readonly live: () => Promise<string>;
}

/** A screen: how a person gets to what is worth showing. Its picture is docs/img/console/NAME-{light,dark}.png. */
type Screen = (page: Page, demo: Demo) => Promise<void>;

const screens: Readonly<Record<string, Screen>> = {
  async runs(page, { url, sweep }) {
    await sweep();
    await page.goto(url);
    await page.locator('tr[data-run]').first().waitFor();
  },
  async launch(page, { url }) {
    await page.goto(`${url}/launch`);
    await page.getByText('The server accepts this scenario.').waitFor();
  },
  async live(page, { url, watched }) {
    await page.goto(`${url}/runs/${await watched()}?window=168`);
    await page.locator('table[data-source="result"]').waitFor();
    await page.getByRole('button', { name: /^Before: voltage outside/ }).click();
  },
  async network(page, { url, watched }) {
    await page.goto(`${url}/runs/${await watched()}?window=168`);
    await page.getByRole('button', { name: 'Show the relays of toggle-bifurcation' }).click();
    await page.getByRole('heading', { name: 'Network case33bw' }).evaluate((heading) => heading.scrollIntoView());
    await page.mouse.wheel(0, -120); // out from under the bar
    await page.locator('.trip-mark').first().waitFor();
  },
  async stealth(page, { url, watched }) {
    await page.goto(`${url}/runs/${await watched()}/stealth?window=168`);
    await page.getByRole('img', { name: /^Receiver operating/ }).waitFor();
    await page.getByText(/features are moved/).waitFor();
    await page.getByText('Of 480 rows.').waitFor();
  },
  async compare(page, { url, sweep }) {
    await page.goto(`${url}/compare?sweep=${(await sweep()).id}`);
    await page.locator('.drawing svg').first().waitFor();
  },
  async sweep(page, { url, sweep }) {
    await page.goto(`${url}/sweeps/${(await sweep()).id}?cell=0`);
    await page.locator('tr[data-run]').first().waitFor();
  },
  async workers(page, { workers }) {
    await page.goto(await workers());
    const table = page.locator('tr[data-worker]');
    await table.getByRole('progressbar').nth(2).waitFor(); // all three threads of the two
    await page.getByRole('heading', { name: 'Workers' }).evaluate((heading) => heading.scrollIntoView());
  },
  async sql(page, { url, sweep }) {
    await sweep();
    await page.goto(`${url}/sql`);
    await page.getByRole('textbox', { name: 'Question' }).press('Control+Enter');
    await page.getByText(/ rows? in/).waitFor();
  },
  async system(page, { url, sweep }) {
    await sweep();
    await page.goto(`${url}/system`);
    await page.getByText('Does now').waitFor();
    await page.getByRole('button', { name: 'Issue a token' }).waitFor();
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs', 'img', 'console');

async function main(wanted: readonly string[]): Promise<void> {
  if (noBrowser !== undefined) throw new Error(noBrowser);
  const unknown = wanted.find((name) => !Object.hasOwn(screens, name));
  if (unknown !== undefined)
    throw new Error(`there is no screen '${unknown}', expected some of ${Object.keys(screens).join(', ')}`);
  const scratch = await mkdtemp(join(tmpdir(), 'faultline-screenshots-'));
  const consoleDir = await buildConsole(join(scratch, 'console'));
  const options = {
    host: '127.0.0.1',
    port: 0,
    store: join(scratch, 'store'),
    modelsDir: join(root, 'models'),
    dataRoots: [root],
    consoleDir,
    writesPerMinute: 10_000,
    logLevel: 'error',
  };
  const server = await startServer(options);
  const remote = new RemoteDemo(scratch, options);
  try {
    const demo = demoOf(server.url, remote);
    await mkdir(folder, { recursive: true });
    for (const scheme of ['light', 'dark'] as const) {
      await using browser = await openBrowser(scheme);
      await browser.page.setViewportSize({ width: 1280, height: 800 });
      browser.page.setDefaultTimeout(120_000);
      for (const name of wanted.length === 0 ? Object.keys(screens) : wanted) {
        await screens[name]!(browser.page, demo);
        await browser.page.waitForTimeout(500); // charts fade and settle
        await browser.page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
        console.log(`${name}-${scheme}.png`);
      }
    }
  } finally {
    await remote[Symbol.asyncDispose]();
    await server.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

const over: readonly RunState[] = ['done', 'failed', 'cancelled', 'interrupted'];
const scenario = {
  name: 'Bifurcation, live',
  district: { dataset: 'builtin', buildings: ['Building_1'], normalisation: 'fixed', steps: 72 },
  victim: { policy: 'ppo20-builtin' },
  attacks: [{ name: 'bifurcation', threat: { epsilon: 0.05 }, config: { steps: 10 } }],
};

function demoOf(url: string, remote: RemoteDemo): Demo {
  let sweep: ReturnType<Demo['sweep']> | undefined;
  let live: Promise<string> | undefined;
  let watched: Promise<string> | undefined;
  const workers = (): Promise<string> => remote.page();
  return { url, workers, sweep: () => (sweep ??= runSweep(url)), live: () => (live ??= startLive(url)), watched: () => (watched ??= runWatched(url)) };
}

/** A second server, whose sweeps workers over a Redis do. */
class RemoteDemo implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: ServerOptions;
  #page: Promise<string> | undefined;
  readonly #close: (() => PromiseLike<void>)[] = [];

  constructor(folder: string, options: ServerOptions) {
    this.#folder = folder;
    this.#options = { ...options, store: join(folder, 'store-remote') };
  }

  page(): Promise<string> {
    return (this.#page ??= this.#open());
  }

  async #open(): Promise<string> {
    const redis = await openRedis(this.#folder);
    this.#close.push(() => redis[Symbol.asyncDispose]());
    const server = await startServer({ ...this.#options, redis: redis.url });
    this.#close.push(() => server.close());
    const workers = [2, 1].map((threads) =>
      startCommand(this.#folder, ['worker', '--redis', redis.url, '--workers', String(threads)]),
    );
    this.#close.push(async () => void (await Promise.all(workers.map((worker) => worker.kill('SIGTERM')))));
    return `${server.url}/sweeps/${await launchSweep(server.url, pacedSweep([0, 1, 2, 3, 4], 8000, 20))}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#close.toReversed()) await close();
  }
}

async function runSweep(url: string): ReturnType<Demo['sweep']> {
  const vary = { '/attacks/0/name': ['pgd', 'bifurcation'], '/attacks/0/threat/epsilon': [0.02, 0.08] };
  const spec = { name: 'Strength of two attacks', scenario, vary, seeds: [0, 1, 2, 3, 4] };
  const { status, body } = await api<{ readonly id: string }>(url, '/sweeps', posted(spec));
  if (status !== 201) throw new Error(`the sweep was refused: ${JSON.stringify(body)}`);
  const finished = async (): Promise<readonly RunSummary[] | false> => {
    const { runs } = (await api<{ readonly runs: readonly RunSummary[] }>(url, `/runs?sweep=${body.id}&limit=500`)).body;
    return runs.every((run) => over.includes(run.state)) && runs;
  };
  return { id: body.id, runs: await until('the sweep to be over', finished, 600_000) };
}

async function runWatched(url: string): Promise<string> {
  const { id } = await launch(url, {
    ...scenario,
    name: 'Toggled, on a feeder, watched',
    district: { ...scenario.district, start: 4344, steps: 480 },
    grid: {
      homes: 800,
      limits: { branch_mva: 3.5 },
      protection: { rule: 'instant', under_voltage: { pu: 0.9, seconds: 10, share: 0.2 } },
    },
    detectors: [
      { name: 'energy-balance', alarms_per_month: 10 },
      { name: 'mahalanobis', alarms_per_month: 10 },
    ],
    attacks: [
      { name: 'toggle-bifurcation', threat: { epsilon: 0.05, mask: ['time'] }, config: { steps: 5 } },
      { name: 'random-noise', threat: { epsilon: 0.05 } },
    ],
  });
  await until('the watched run to be over', async () => over.includes((await runOf(url, id)).state), 300_000);
  const { events } = (
    await api<{ readonly events: readonly { readonly from: number }[] }>(
      url,
      `/runs/${id}/events?lane=grid/toggle-bifurcation&kind=voltage`,
    )
  ).body;
  await api(url, `/runs/${id}/notes`, posted({ step: events.at(-1)!.from, text: 'The last time that a voltage leaves its band.' }));
  return id;
}

async function startLive(url: string): Promise<string> {
  const { id } = await launch(url, {
    ...scenario,
    district: { ...scenario.district, steps: 8759 },
    live: { frameSteps: 4, stepsPerSecond: 400 },
  });
  const thirdWeek = async (): Promise<boolean> => (await runOf(url, id)).headStep >= 504;
  await until('the live run to be in its third week', thirdWeek, 120_000);
  await api(url, `/runs/${id}/speed`, posted({ stepsPerSecond: 2 }));
  return id;
}

await main(process.argv.slice(2));
