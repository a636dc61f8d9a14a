import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SuiteReport } from './tensor-suite-child.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const entry = fileURLToPath(new URL('./tensor-suite-child.ts', import.meta.url));

/** The tensor suite on a backend in a process of its own, or why the backend refuses; rejects when the process does not end by itself. */
export function runSuite(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeout = 90_000,
): Promise<SuiteReport | { readonly refused: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', entry, ...args],
      { cwd: root, env: { ...process.env, ...env }, timeout },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`, { cause: error }));
        else resolve(JSON.parse(stdout) as SuiteReport);
      },
    );
  });
}
