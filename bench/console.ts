// The live page of a run that goes on at 20 frames a second: frames of page time a second, and how old a row is when it is drawn. Chromium without
// a GPU, on the same cores as the server and the run's thread; a floor for an analyst's machine.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { decodeFrame } from '../core/frame-codec.ts';
import { api, launch, posted, runOf, until } from '../test/support/server.ts';
import { noBrowser } from '../test/browser/support/browser.ts';
import { openConsole } from '../test/browser/support/console.ts';

const hz = 20;
const frameSteps = 4;
const seconds = 20;
/** Steps before the pace is set: the history that the page has. */
const history = 3000;

/** What the page saw, frame by frame of its own: wall clock in ms, and rows in the first chart where they have grown. */
interface Seen {
  readonly pageFrames: number;
  readonly elapsedMs: number;
  /** Page frames in each whole second. */
  readonly bySecond: readonly number[];
  readonly rows: readonly (readonly [wallMs: number, rows: number])[];
}

export async function run(): Promise<readonly object[]> {
  if (noBrowser !== undefined) throw new Error(noBrowser);
  await using open = await openConsole({ modelsDir: join(import.meta.dirname, '..', 'models') });
  const { url, page } = open;
  // Room for all charts: what is out of sight is not drawn, and would not count.
  await page.setViewportSize({ width: 1440, height: 1500 });
  const { id } = await launch(url, {
    name: 'a live view',
    district: { normalisation: 'fixed' },
    victim: { policy: 'ppo20-builtin' },
    attacks: [{ name: 'toggle-bifurcation', config: { steps: 2 } }],
    live: { frameSteps, stepsPerSecond: null },
  });
  await until('the history', async () => (await runOf(url, id)).headStep >= history, 300_000);
  await api(url, `/runs/${id}/speed`, posted({ stepsPerSecond: hz * frameSteps }));
  const results: object[] = [];
  for (const [window, what] of [
    ['168', 'a week'],
    ['all', 'the whole history'],
  ] as const) {
    console.error(`  ${what} …`);
    await page.goto(`${url}/runs/${id}?window=${window}`);
    await page.locator('[data-panel="net"]').waitFor();
    await page.waitForTimeout(4000);
    const charts = await page.locator('[data-panel]').count();
    const before = (await runOf(url, id)).headSeq;
    const devtools = await page.context().newCDPSession(page);
    // Of the page's main thread alone, by its own clock: what neighbours take of the machine is not in it.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async (): Promise<number> =>
      (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value;
    const busyBefore = await busy();
    const seen = await page.evaluate<Seen>(watching);
    const busyMs = 1000 * ((await busy()) - busyBefore);
    await devtools.detach();
    const delays = await delaysOf(url, id, before, seen);
    results.push({
      what: `live page, ${charts} charts of ${what}, ${hz} Hz for ${seconds} s`,
      rows: seen.rows.at(-1)?.[1] ?? 0,
      'page frames a second': round((1000 * seen.pageFrames) / seen.elapsedMs),
      'in the worst second': Math.min(...seen.bySecond),
      'main thread, CPU ms a second': round((1000 * busyMs) / seen.elapsedMs),
      'CPU ms a page frame': round(busyMs / seen.pageFrames),
      'frames of the run': delays.length,
      'latency p50 / p95 ms': `${round(at(delays, 0.5))} / ${round(at(delays, 0.95))}`,
      'load average': round(loadavg()[0]!),
    });
  }
  await api(url, `/runs/${id}/cancel`, posted({}));
  if (open.complaints.length > 0) throw new Error(`the page complained: ${open.complaints.join('; ')}`);
  return results;
}

/** Runs in the page, as text: it is of another world than this file. Gives a {@link Seen}. */
const watching = `new Promise((resolve) => {
  const chart = document.querySelector('[data-panel="net"]');
  const rows = [];
  const bySecond = [];
  let pageFrames = 0;
  const begun = performance.now();
  requestAnimationFrame(function turn() {
    const elapsedMs = performance.now() - begun;
    if (elapsedMs >= ${1000 * seconds}) return resolve({ pageFrames, elapsedMs, bySecond, rows });
    pageFrames++;
    const second = Math.floor(elapsedMs / 1000);
    bySecond[second] = (bySecond[second] ?? 0) + 1;
    const there = Number(chart.dataset.rows);
    if (there !== rows.at(-1)?.[1]) rows.push([Date.now(), there]);
    requestAnimationFrame(turn);
  });
})`;

/** How long after a frame was made its last row was in a chart, sorted; of the frames made while the page was watched. */
async function delaysOf(url: string, id: string, from: number, { rows }: Seen): Promise<readonly number[]> {
  const delays: number[] = [];
  const [first, last] = [rows[0]!, rows.at(-1)!];
  for (let next = from; ;) {
    const response = await fetch(`${url}/api/v1/runs/${id}/frames?from=${next}&limit=256`);
    const bytes = new DataView(await response.arrayBuffer());
    for (let place = 0; place < bytes.byteLength;) {
      const length = bytes.getUint32(place, true);
      const frame = decodeFrame(new Uint8Array(bytes.buffer, place + 4, length));
      place += 4 + length;
      const end = frame.step0 + frame.rows;
      if (end <= first[1] || end > last[1]) continue;
      const drawn = rows.find(([, there]) => there >= end)!;
      delays.push(drawn[0] - 1000 * frame.wallTime);
    }
    const following = Number(response.headers.get('x-next-seq'));
    if (following === next) return delays.sort((a, b) => a - b);
    next = following;
  }
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
const round = (value: number): number => Math.round(10 * value) / 10;
