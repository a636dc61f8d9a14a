import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { problemLines, describeText, rounded } from '../../cli/describe-text.ts';
import type { TextOptions } from '../../cli/describe-text.ts';
import { dataCommand } from '../../cli/command/data.ts';
import { ConfigError } from '../../core/errors.ts';
import { profiles } from '../../sim/district/profile.ts';
import { describeFolder } from '../../sim/data/describe.ts';
import { folderReader } from '../../server/folder-reader.ts';
import { sharedMissing, sharedPath } from '../support/shared.ts';
import { soundFolder } from '../sim/data/sound-folder.ts';

const plain: TextOptions = { width: 100, paint: (_, text) => text };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'describe-'));
  for (const [name, text] of soundFolder()) writeFileSync(join(folder, name), text);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.exitCode = 0;
});

/** What `faultline data …` prints, and its exit code. */
async function data(...args: string[]): Promise<{ readonly out: string; readonly code: unknown }> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  process.exitCode = 0;
  try {
    await dataCommand().parseAsync(args, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return { out, code: process.exitCode };
}
interface Json {
  readonly suggestion: { readonly profile: string };
  readonly profiles: readonly {
    readonly profile: string;
    readonly runs: boolean | null;
    readonly refusal: string | null;
  }[];
  readonly problems: readonly { readonly severity: string; readonly text: string }[];
  readonly resolved: {
    readonly profile: string;
    readonly buildings: readonly { readonly battery: { readonly efficiency: number; readonly initialSoc: number } }[];
  } | null;
}

describe('faultline data describe', () => {
  it('prints a page that fits 100 columns, with every column of every file', async () => {
    const { out, code } = await data('describe', folder);
    expect(code).toBe(0);
    const [page, problems] = out.split('\nProblems\n') as [string, string];
    for (const line of page.split('\n')) if (!line.includes(folder)) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(problems).toContain('warning');
    for (const text of soundFolder().values()) {
      const head = text.split('\n')[0]!;
      if (head.startsWith('{')) continue;
      for (const name of head.split(',')) expect(page).toContain(`    ${name} `);
    }
    expect(page).toContain('v2.3: column names are those of 2.2 and later');
    expect(page).toMatch(/electrical_storage +Battery: capacity 6\.4 kWh, nominal_power 5 kW, efficiency 0\.9/);
    expect(page).not.toContain('\u001B');
  });

  it('tries every profile and shows what it makes of the open attributes', async () => {
    const of = async (...args: string[]): Promise<Json> =>
      JSON.parse((await data('describe', folder, '--json', ...args)).out) as Json;
    const suggested = await of();
    expect(suggested.profiles.map(({ profile }) => profile)).toEqual(Object.keys(profiles));
    expect(suggested.profiles.map(({ runs, refusal }) => [runs, refusal])).toEqual(
      suggested.profiles.map(() => [true, null]),
    );
    expect(suggested.resolved!.profile).toBe('v2.3');
    const fixed = await of('--profile', 'v2.0');
    expect(fixed.resolved!.profile).toBe('v2.0');
    expect(fixed.resolved!.buildings.map(({ battery }) => battery.initialSoc)).toEqual([0, 0]);
  });

  it('lists every problem one a line and exits with 3', async () => {
    writeFileSync(join(folder, 'weather.csv'), soundFolder().get('weather.csv')!.replace('\n0,', '\nhot,'));
    rmSync(join(folder, 'pricing.csv'));
    const { out, code } = await data('describe', folder);
    expect(code).toBe(3);
    expect(out).toContain(
      `error    ${folder}/weather.csv:2:1: 'hot' is not a number (column 'outdoor_dry_bulb_temperature')\n`,
    );
    expect(out).toContain(
      `error    ${folder}/pricing.csv: there is no such file; Building_1, Building_2 needs it as pricing`,
    );
    const json = JSON.parse((await data('describe', folder, '--json')).out) as Json;
    expect(json.problems.filter(({ severity }) => severity === 'error')).toHaveLength(2);
    expect(json.profiles.every(({ runs }) => runs === null)).toBe(true);
    expect(json.resolved).toBeNull();
  });

  it('describes the built-in district', async () => {
    const { out, code } = await data('describe', 'builtin');
    expect(code).toBe(0);
    expect(out).toMatch(/^buildings +8$/m);
  });

  it.each([
    [['describe', '/nowhere/at/all'], "there is no folder '/nowhere/at/all'"],
    [['describe', 'x', '--profile', 'v9'], 'v9'],
  ])('%j is a usage error', async (args, message) => {
    const error: unknown = await data(...args).catch((fault: unknown) => fault);
    expect(String(error)).toContain(message);
    if (args.length === 2) expect(error).toBeInstanceOf(ConfigError);
  });
});

describe('the page', () => {
  it('says the same warning of several files once', () => {
    const warning = (file: string) => ({ severity: 'warning' as const, place: { file }, message: 'constant: x (0)' });
    expect(problemLines([warning('a.csv'), warning('b.csv'), warning('c.csv')], plain)).toEqual([
      'warning  a.csv: constant: x (0) (and so in 2 more)',
    ]);
  });

  it.each([
    [0, '0'],
    [0.123456, '0.1235'],
    [-1234.567, '-1235'],
    [99994, '99990'],
    [99999, '1.0e+5'],
    [123456, '1.2e+5'],
    [1e-5, '1.0e-5'],
    [-1e-100, '-1e-100'],
  ])('%f is %s, in seven characters', (value, text) => {
    expect(rounded(value)).toBe(text);
    expect(rounded(value).length).toBeLessThanOrEqual(7);
  });

  it.skipIf(sharedMissing)('says which reward a profile lacks (skipped without ../shared)', async () => {
    const { out } = await data('describe', sharedPath('datasets/citylearn_challenge_2023_phase_1'), '--json');
    const { profiles: tried } = JSON.parse(out) as Json;
    expect(tried.filter(({ runs }) => runs === false).map(({ profile }) => profile)).toEqual(['v1']);
    expect(tried.find(({ profile }) => profile === 'v1')!.refusal).toMatch(
      /ComfortReward.*it runs with --reward RewardFunction/,
    );
  });

  it.skipIf(sharedMissing)('of each published set fits 100 columns (skipped without ../shared)', async () => {
    for (const name of readdirSync(sharedPath('datasets'))) {
      const reader = { ...folderReader(sharedPath(`datasets/${name}`)), label: name };
      const { description } = await describeFolder(reader);
      const page = describeText({ description, verdicts: [], resolved: null }, plain).split('\nProblems\n')[0]!;
      for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });
});
