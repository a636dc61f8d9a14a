// Ten thousand hostile inputs to the real server in a process of its own: statuses, its memory before and after, and what was written where.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attackServer } from '../test/support/hostile-inputs.ts';
import { writeRecordedRuns } from '../test/support/recorded-run.ts';
import { spawnServer } from '../test/support/server-process.ts';

const inputs = Number(process.env['FAULTLINE_BENCH_INPUTS'] ?? 10_000);
/** Inputs before the count: they load what is loaded lazily. */
const first = 1000;
/** What a server may weigh more after so many inputs than after the first ones. */
const allowedMb = 40;

export async function run(): Promise<readonly object[]> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-hostile-'));
  const store = join(folder, 'store');
  writeRecordedRuns(store, [{ id: 'done' }]);
  const server = await spawnServer({
    host: '127.0.0.1',
    port: 0,
    store,
    modelsDir: join(folder, 'models'),
    dataRoots: [],
    consoleDir: join(folder, 'console'),
    maxConcurrent: 0,
    writesPerMinute: 1e9,
    requestsPerMinute: 1e9,
    logLevel: 'silent',
  });
  const begun = performance.now();
  const progress =
    (what: string) =>
    (done: number, faults: number): void => {
      if (done % 500 !== 0) return;
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.error(`  ${what}: ${done}, ${faults} faults, ${residentMb(server.pid)} MB, ${seconds} s`);
    };
  try {
    await attackServer(server.url, first, 1, progress('first'));
    const before = residentMb(server.pid);
    const { statuses, faults } = await attackServer(server.url, inputs, 2, progress('inputs'));
    // The reports' thread goes a minute after the last report; its memory is no leak.
    await new Promise((resolve) => setTimeout(resolve, 65_000));
    const after = residentMb(server.pid);
    const healthy = (await fetch(`${server.url}/healthz`)).status === 200;
    const elsewhere = readdirSync(folder).filter((name) => name !== 'store');
    for (const fault of faults) console.error(`  fault: ${fault}`);
    const held = faults.length === 0 && healthy && elsewhere.length === 0 && after - before <= allowedMb;
    console.error(`  verdict: ${held ? 'held' : 'DID NOT HOLD'}`);
    if (!held) process.exitCode = 1;
    const figures = { 'MB before': before, 'MB after': after, 'written elsewhere': elsewhere.length };
    return [{ inputs, held, 'faults (5xx or no answer)': faults.length, healthy, ...figures, ...statuses }];
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Math.round(Number(kb) / 1024);
}
