import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-report-'));
const faultline = (...args: string[]) => faultlineIn(scratch, args);
const read = (name: string): string => readFileSync(join(scratch, name), 'utf8');

beforeAll(async () => {
  const scenario = `name: gates
district: {buildings: [Building_1], steps: 72}
victim: {policy: ppo20-builtin}
attacks: [{name: fgsm}, {name: random-noise}]
`;
  writeFileSync(join(scratch, 's.yaml'), scenario);
  const { code, stderr } = await faultline(
    'evaluate',
    's.yaml',
    '--out',
    'run',
    '--junit',
    'junit.xml',
    '--fail-if',
    'norms.linfMax > 0.2',
  );
  expect(code, stderr).toBe(0);
}, 240_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('gates of evaluate and report', () => {
  it('pass with exit code 0 and are in the JUnit file', () => {
    expect(read('junit.xml')).toContain('<testsuite name="gates" tests="2" failures="0" errors="0"');
    expect(read('junit.xml')).toContain('name="norms.linfMax &gt; 0.2 on Building_1/random-noise"');
  });

  it('fail with exit code 1 and say on which lane, of which figures', async () => {
    const { code, stderr } = await faultline(
      'report',
      'run',
      '--fail-if',
      'norms.linfMax >= 0.05 - 1e-6',
      '--fail-if',
      'steps > 100',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /gate: norms\.linfMax >= 0\.05 - 1e-6: failed on Building_1\/fgsm \(norms\.linfMax = 0\.0[45]/,
    );
    expect(stderr).not.toContain('steps > 100');
  }, 120_000);

  it('are refused before anything runs', async () => {
    const { code, stderr } = await faultline(
      'evaluate',
      's.yaml',
      '--out',
      'never',
      '--fail-if',
      'regret.ramping > 0.1 and foo > 1',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/1:26 .*unknown quantity in the condition 'foo'/);
    expect(() => read('never/result.json')).toThrow();
  }, 120_000);
});

describe('faultline report', () => {
  it('draws the same report again from what was recorded, and exports techniques', async () => {
    const { code, stderr } = await faultline('report', 'run', '--format', 'html,stix,navigator', '--out', 'again');
    expect(code, stderr).toBe(0);
    expect(read('again/report.html')).toBe(read('run/report.html'));
    expect(JSON.parse(read('again/stix.json'))).toMatchObject({ type: 'bundle' });
    expect(JSON.parse(read('again/navigator-layer.json'))).toMatchObject({ domain: 'ics-attack' });
  }, 120_000);

  it('writes the figures as pictures and as numbers', async () => {
    const { code, stderr } = await faultline('report', 'run', '--png', '--svg', '--format', 'json', '--out', 'figures');
    expect(code, stderr).toBe(0);
    const { figures } = JSON.parse(read('figures/report.json')) as {
      figures: { name: string; series: { label: string; y: number[] }[] }[];
    };
    expect(figures.map(({ name }) => name)).toEqual(['load-duration', 'average-day']);
    expect(figures[0]!.series.map(({ label, y }) => [label, y.length])).toEqual([
      ['clean', 72],
      ['fgsm', 72],
      ['random-noise', 72],
    ]);
    for (const { name } of figures) {
      expect(read('run/report.html')).toContain(read(`figures/${name}.svg`));
      expect(
        readFileSync(join(scratch, 'figures', `${name}.png`))
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
    }
  }, 120_000);

  it.each([
    [['report', 'nowhere'], /nowhere\/result\.json: cannot be read/],
    [['report', 'run', '--format', 'pdf'], /unknown format 'pdf'/],
    [['report', 'damaged', '--format', 'html'], /telemetry\.parquet: is no Parquet file/],
  ])(
    '%j is refused by name',
    async (args, expected) => {
      await faultline('report', 'run', '--format', 'html', '--out', 'damaged');
      writeFileSync(join(scratch, 'damaged', 'result.json'), read('run/result.json'));
      writeFileSync(join(scratch, 'damaged', 'telemetry.parquet'), 'PAR1 no');
      const { code, stderr } = await faultline(...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(expected);
    },
    60_000,
  );
});
