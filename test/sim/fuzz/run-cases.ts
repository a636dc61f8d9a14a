import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { writeFolder } from './damaged-folder.ts';
import type { DamagedFolder } from './damaged-folder.ts';
import { runFolder } from './folder-run.ts';
import type { Outcome } from './folder-run.ts';

/** What one case may take; a sound one takes some milliseconds. */
const longestMs = 4000;
const mostBytes = 256e6;

export interface Case extends DamagedFolder {
  readonly number: number;
  /** Which profile simulates it first. */
  readonly turn: number;
}

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

/** Runs the cases one after another. @returns the outcomes of those that behave, and what is wrong with the others */
export async function runCases(
  cases: Iterable<Case>,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly failures: readonly string[] }> {
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-fuzz-'));
  const dog = watchdog();
  const failures: string[] = [];
  const outcomes: Outcome[] = [];
  try {
    for (const { number, what, files, turn, allowed } of cases) {
      dog.begin(number);
      const path = writeFolder(scratch, number, files);
      const started = performance.now();
      const before = memory();
      try {
        const outcome = await runFolder(path, turn);
        outcomes.push(outcome);
        const strange = outcome.taken.find((name) => allowed?.includes(name) === false);
        if (strange !== undefined) failures.push(`${what}\n  is simulated by ${strange}`);
      } catch (error) {
        failures.push(`${what}\n  ${error instanceof Error ? error.message : String(error)}`);
      }
      const ms = performance.now() - started;
      if (ms > longestMs) failures.push(`${what}\n  took ${ms.toFixed(0)} ms`);
      if (memory() - before > mostBytes) failures.push(`${what}\n  took ${memory() - before} bytes`);
      rmSync(path, { recursive: true });
    }
  } finally {
    await dog.end();
    rmSync(scratch, { recursive: true, force: true });
  }
  return { outcomes, failures };
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
