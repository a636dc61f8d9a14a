// The whole gate: types, lint, formatting, dead code, tests. Prints what fails as it happens and, last, `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-gate-'));
const report = join(scratch, 'vitest.json');
const bin = (name) => join('node_modules', '.bin', name);

const stages = [
  ['types', bin('tsc'), ['-p', 'tsconfig.json']],
  ['types of the console', bin('tsc'), ['-p', 'server/console/tsconfig.json']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings', '.']],
  ['formatting', bin('prettier'), ['--check', '--log-level', 'warn', '.']],
  ['dead code', bin('knip'), ['--no-progress']],
  ['build', 'npm', ['run', '--silent', 'build']],
];

let passed = 0;
let failed = 0;
for (const [name, command, args] of stages) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status === 0) passed++;
  else failed++;
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${String(name)} (${seconds} s)`);
}

const { status } = spawnSync(
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
let skipped = 0;
try {
  const results = JSON.parse(readFileSync(report, 'utf8'));
  passed += results.numPassedTests;
  failed += results.numFailedTests;
  skipped = results.numPendingTests + results.numTodoTests;
  // A suite that dies before its first test has no failed test to count.
  if (status !== 0 && results.numFailedTests === 0) failed += Math.max(1, results.numFailedTestSuites);
} catch (error) {
  console.error(`the test runner left no report: ${String(error)}`);
  failed++;
}
rmSync(scratch, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
