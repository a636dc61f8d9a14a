// Ten thousand hostile inputs to the real server in a process of its own: statuses, and its memory before and after.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attackServer } from '../test/support/hostile-inputs.ts';
import { writeRecordedRuns } from '../test/support/recorded-run.ts';
import { spawnServer } from '../test/support/server-process.ts';

const inputs = Number(process.env['FAULTLINE_BENCH_INPUTS'] ?? 10_000);

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
  try {
    // The first ones load what is loaded lazily.
    await attackServer(server.url, 500, 1);
    const before = residentMb(server.pid);
    const { statuses, faults } = await attackServer(server.url, inputs, 2);
    const after = residentMb(server.pid);
    const { status } = await fetch(`${server.url}/healthz`);
    return [
      { inputs, faults: faults.length, healthy: status === 200, 'MB before': before, 'MB after': after, ...statuses },
    ];
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Math.round(Number(kb) / 1024);
}
