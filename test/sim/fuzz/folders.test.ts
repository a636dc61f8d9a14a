import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { profiles } from '../../../sim/district/profile.ts';
import { baseFolders } from './base-folders.ts';
import { damagedFolder, writeFolder } from './damaged-folder.ts';
import { runFolder } from './folder-run.ts';
import type { Outcome } from './folder-run.ts';

/*
 * 1000 damaged dataset folders on the whole way to a simulation. A case is its number: FUZZ_CASE=123 runs that one alone, FUZZ_CASES=5000 more of them.
 */
const only = process.env['FUZZ_CASE'];
const count = Number(process.env['FUZZ_CASES'] ?? 1000);
const cases = only === undefined ? Array.from({ length: count }, (_, k) => k) : [Number(only)];

/** What one case may take; a sound one takes some milliseconds. */
const longestMs = 4000;
const mostBytes = 256e6;

const scratch = mkdtempSync(join(tmpdir(), 'faultline-fuzz-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Names the case and ends the process where one never returns, which no timeout of this thread could. */
function watchdog(): { readonly begin: (number: number) => void; readonly end: () => Promise<unknown> } {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { workerData } = require('node:worker_threads');
    let last = -1;
    setInterval(() => {
      if (workerData[0] === last) {
        require('node:fs').writeSync(2, 'fuzz: case ' + last + ' hangs\\n');
        process.kill(process.pid, 'SIGKILL');
      }
      last = workerData[0];
    }, 60_000);`;
  const worker = new Worker(source, { eval: true, workerData: shared });
  return { begin: (number) => void Atomics.store(shared, 0, number), end: () => worker.terminate() };
}

describe('a damaged dataset folder', () => {
  it(`is simulated or refused by name and place, ${cases.length} times`, { timeout: 240_000 }, async () => {
    const dog = watchdog();
    const failures: string[] = [];
    const outcomes: Outcome[] = [];
    for (const number of cases) {
      dog.begin(number);
      const { files, what } = damagedFolder(number);
      const path = writeFolder(scratch, number, files);
      const started = performance.now();
      const before = memory();
      try {
        outcomes.push(await runFolder(path, Math.floor(number / baseFolders.length)));
      } catch (error) {
        failures.push(`${what}\n  ${error instanceof Error ? error.message : String(error)}`);
      }
      const ms = performance.now() - started;
      if (ms > longestMs) failures.push(`${what}\n  took ${ms.toFixed(0)} ms`);
      if (memory() - before > mostBytes) failures.push(`${what}\n  took ${memory() - before} bytes`);
      if (only === undefined) rmSync(path, { recursive: true });
      else process.stderr.write(`${what}\n${JSON.stringify(outcomes, null, 1)}\n`);
    }
    await dog.end();
    if (process.env['FUZZ_REPORT'] !== undefined) writeFileSync(process.env['FUZZ_REPORT'], JSON.stringify({ failures, outcomes }, null, 1)); // prettier-ignore
    expect(failures.slice(0, 10).join('\n'), `${failures.length} failed`).toBe('');
    if (only !== undefined) return;
    const ran = outcomes.flatMap((outcome) => outcome.ran);
    const refused = outcomes.filter((outcome) => outcome.ran.length === 0);
    expect(ran.length).toBeGreaterThan(100);
    expect(refused.length).toBeGreaterThan(100);
    for (const name of Object.keys(profiles))
      expect(ran.filter((one) => one === name).length, name).toBeGreaterThan(10);
  });
});

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
