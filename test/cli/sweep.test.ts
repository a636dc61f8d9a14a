import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedList, varied } from '../../cli/sweep-file.ts';
import type { SweepResult } from '../../evaluation/sweep/sweep-result.ts';
import { faultlineIn } from '../support/faultline.ts';
import type { Outcome } from '../support/faultline.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-sweep-'));
const path = (...parts: string[]): string => join(scratch, ...parts);
const sweep = (...args: string[]): Promise<Outcome> => faultlineIn(scratch, ['sweep', ...args]);
const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
const result = (folder: string): SweepResult => JSON.parse(read(folder, 'result.json')) as SweepResult;

beforeAll(async () => {
  await writeModels(scratch);
  const scenario = smallScenario({ steps: 24, attack: { name: 'random-noise' } });
  writeFileSync(path('scenario.json'), JSON.stringify({ ...scenario, victim: { policy: './small-ppo' } }));
  const doc = 'name: eps\nscenario: scenario.json\nvary:\n  /attacks/0/threat/epsilon: [0.05, 0.2]\nseeds: [3, 1]\n';
  writeFileSync(path('sweep.yaml'), doc);
  writeFileSync(path('bad.yaml'), 'name: eps\nscenario:\n  district: {stepz: 3}\n');
  writeFileSync(
    path('missing.yaml'),
    doc.replace('/attacks/0/threat/epsilon: [0.05, 0.2]', '/victim/policy: [./small-ppo, ./nobody]'),
  );
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('faultline sweep', () => {
  it('evaluates every combination, once; again, it does nothing twice; shards in threads merge to the same bytes', async () => {
    const whole = await sweep('sweep.yaml', '--workers', '2', '--out', 'whole');
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stdout).toContain('4 runs, 8 episodes');
    const found = result('whole');
    expect(found.cells.map(({ values, seeds }) => [values['/attacks/0/threat/epsilon'], seeds])).toEqual([
      [0.05, [3, 1]],
      [0.2, [3, 1]],
    ]);
    const { count, mean, min, max } = found.cells[1]!.groups.find(({ attack }) => attack === 'random-noise')!.metrics[
      'kpi.electricity_consumption_total'
    ]!;
    expect(count).toBe(2);
    expect(mean! >= min! && mean! <= max! && min! < max!).toBe(true);
    const rows = await parquetReadObjects({
      file: new Uint8Array(readFileSync(path('whole', 'episodes.parquet'))).buffer,
    });
    expect(rows.map((row) => `${row['seed']} ${row['attack']}`)).toEqual(
      [3, 1, 3, 1].flatMap((seed) => [`${seed} clean`, `${seed} random-noise`]),
    );

    // What an interrupted command left: two runs, one of them damaged.
    cpSync(path('whole'), path('resumed'), { recursive: true });
    const [first, second, ...others] = readdirSync(path('resumed', 'runs'));
    for (const file of others) rmSync(path('resumed', 'runs', file));
    writeFileSync(path('resumed', 'runs', first!), read('resumed', 'runs', first!).slice(0, 100));
    rmSync(path('resumed', 'result.json'));
    const kept = read('resumed', 'runs', second!);
    const resumed = await sweep('sweep.yaml', '--out', 'resumed', '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(read('resumed', 'runs', second!)).toBe(kept);
    expect(read('resumed', 'result.json')).toBe(read('whole', 'result.json'));
    expect(JSON.parse(resumed.stdout)).toEqual(found);

    for (const index of [0, 1]) {
      const part = await sweep('sweep.yaml', '--shard', `${index}/2`, '--out', `part-${index}`);
      expect(part.code, part.stderr).toBe(0);
      expect(existsSync(path(`part-${index}`, 'result.json'))).toBe(false);
    }
    const short = await faultlineIn(scratch, ['merge', 'part-1', '--out', 'short']);
    expect([short.code, short.stderr]).toEqual([3, expect.stringContaining("2 of the sweep's 4 runs are in none")]);
    const merged = await faultlineIn(scratch, ['merge', 'part-1', 'part-0', '--out', 'merged']);
    expect(merged.code, merged.stderr).toBe(0);
    expect(read('merged', 'result.json')).toBe(read('whole', 'result.json'));
  }, 180_000);

  it('reports a run that fails, and does the others', async () => {
    const { code, stdout } = await sweep('missing.yaml', '--out', 'missing');
    expect(code).toBe(3);
    expect(stdout).toMatch(/cell 2, seed 3: failed after 1: ConfigError: .*there is no folder '.\/nobody'/);
    const { runs, failures, cells } = result('missing');
    expect([runs, failures.map(({ cell, seed }) => [cell, seed]), cells[1]!.seeds]).toEqual([2, [[1, 3], [1, 1]], []]); // prettier-ignore
  }, 60_000);

  it.each([
    [['bad.yaml'], /bad\.yaml:3:14 \/scenario\/district\/stepz: unknown key 'stepz'; did you mean 'steps'\?/],
    [['nothing.yaml'], /nothing\.yaml: cannot be read/],
    [['sweep.yaml', '--shard', '7/9'], /--shard: the sweep has 4 runs, none for it/],
    [['sweep.yaml', '--vary', '/attacks/0/threat/epsilon=0.1,-1'], /cell 2 \/attacks\/0\/threat\/epsilon/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await sweep(...args, '--out', 'x');
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(path('x', 'runs'))).toBe(false);
  });
});

describe('options of a sweep', () => {
  it('are JSON values or words, lists or ranges', () => {
    expect(varied('/a/b=0.1,true,"x y"', { '/c': [1] })).toEqual({ '/a/b': [0.1, true, 'x y'], '/c': [1] });
    expect(varied('/victim/policy=ppo20-builtin,sac-builtin')).toEqual({
      '/victim/policy': ['ppo20-builtin', 'sac-builtin'],
    });
    expect(seedList('4..6')).toEqual([4, 5, 6]);
    expect(seedList('7,0')).toEqual([7, 0]);
    for (const wrong of ['6..4', '', '1,x', '-1', '1.5'])
      expect(() => seedList(wrong)).toThrow('expected whole numbers');
    for (const wrong of ['a=1', '/a', '/a=']) expect(() => varied(wrong)).toThrow('expected /json/pointer=value');
  });
});
