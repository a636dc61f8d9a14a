import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profiles } from '../../../sim/district/profile.ts';
import { baseFolders } from './base-folders.ts';
import { damagedFolder } from './damaged-folder.ts';
import { edgeFolders } from './edge-folders.ts';
import type { Outcome } from './folder-run.ts';
import { runCases } from './run-cases.ts';

/*
 * Damaged dataset folders on the whole way to a simulation and its KPIs. A random case is its number: FUZZ_CASE=123 runs that one alone,
 * FUZZ_CASES=5000 more of them; FUZZ_ALL=1 simulates each in every profile that takes it;
 * FUZZ_REPORT=file writes down what became of each.
 */
const only = process.env['FUZZ_CASE'];
const count = Number(process.env['FUZZ_CASES'] ?? 800);
const numbers = only === undefined ? Array.from({ length: count }, (_, k) => k) : [Number(only)];

function check({ outcomes, failures }: Awaited<ReturnType<typeof runCases>>): readonly Outcome[] {
  const report = process.env['FUZZ_REPORT'];
  if (report !== undefined) writeFileSync(report, JSON.stringify({ failures, outcomes }, null, 1));
  expect(failures.slice(0, 10).join('\n'), `${failures.length} failed`).toBe('');
  return outcomes;
}

describe('a damaged dataset folder', () => {
  it(`is simulated or refused by name and place, ${numbers.length} times`, { timeout: 240_000 }, async () => {
    const cases = numbers.map((number) => ({
      number,
      turn: Math.floor(number / baseFolders.length),
      ...damagedFolder(number),
    }));
    const outcomes = check(await runCases(cases));
    if (count < 800 || only !== undefined) return;
    const ran = outcomes.flatMap((outcome) => outcome.ran);
    const refused = outcomes.filter((outcome) => outcome.ran.length === 0);
    expect(ran.length).toBeGreaterThan(250);
    expect(refused.length).toBeGreaterThan(250);
    for (const name of Object.keys(profiles))
      expect(ran.filter((one) => one === name).length, name).toBeGreaterThan(15);
  });

  it.skipIf(only !== undefined)('is, with every value at the edge by itself', { timeout: 240_000 }, async () => {
    const cases = [...edgeFolders()].map((folder, number) => ({ ...folder, number, turn: number }));
    const outcomes = check(await runCases(cases));
    const ran = outcomes.filter((outcome) => outcome.ran.length > 0);
    expect(ran.length).toBeGreaterThan(100);
    expect(outcomes.length - ran.length).toBeGreaterThan(100);
  });
});
