import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvText } from '../../core/csv.ts';
import { faultlineIn } from '../support/faultline.ts';
import type { Outcome } from '../support/faultline.ts';
import { model, node, tensor, text } from '../support/onnx-file.ts';

const root = join(import.meta.dirname, '..', '..');
const golden = (name: string): string => join(root, 'test', 'golden', 'import', name);
const scratch = mkdtempSync(join(tmpdir(), 'faultline-import-'));
const path = (...parts: string[]): string => join(scratch, ...parts);

const faultline = (...args: string[]): Promise<Outcome> => faultlineIn(scratch, args);

interface Golden {
  readonly observations: number[][];
  readonly outputs: number[][];
}

const known = JSON.parse(readFileSync(golden('ppo-vecnormalize.json'), 'utf8')) as Golden;
const features = [
  [1, 0],
  [40, -10],
  [2000, 100],
  [50, 0],
  [1, -1],
  [9, 5],
].map(([high, low], i) => ({ name: `sensor_${i}`, unit: '1', low, high }));
const options = [
  golden('ppo-vecnormalize.zip'),
  '--vecnormalize',
  golden('ppo-vecnormalize.pkl'),
  '--features',
  path('features.json'),
  '--reads',
  'physical',
];

beforeAll(async () => {
  writeFileSync(path('features.json'), JSON.stringify({ observation: features }));
  writeFileSync(path('check.json'), JSON.stringify({ observations: known.observations, outputs: known.outputs }));
  expect((await faultline('--version')).code).toBe(0); // builds what is missing, once
}, 180_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('faultline import', () => {
  it('writes a policy that computes what its source did, and that can be attacked', async () => {
    const done = await faultline('import', ...options, '--out', 'policy', '--check', 'check.json', '--json');
    expect(done.code, done.stderr).toBe(0);
    const card = JSON.parse(done.stdout) as {
      check: { maximumDifference: number; passed: boolean; against: string[] };
      source: { format: string };
      notes: string[];
    };
    expect(card.check).toMatchObject({ passed: true, against: ['outputs'], rows: 8 });
    expect(card.check.maximumDifference).toBeLessThan(2e-6);
    expect(card.source.format).toBe('sb3');
    expect(card.notes.join(' ')).toMatch(/VecNormalize.*low and high of each feature/s);
    expect(JSON.parse(readFileSync(path('policy', 'card.json'), 'utf8'))).toEqual(card);
    const rows = known.observations.map((row) =>
      row.map((value, i) => (value - features[i]!.low!) / (features[i]!.high! - features[i]!.low!)),
    );
    writeFileSync(
      path('normalised.csv'),
      csvText(
        features.map((feature) => feature.name),
        rows.length,
        (row, column) => rows[row]![column]!,
      ),
    );
    const attacked = await faultline(
      'attack',
      '--policy',
      'policy',
      '--observations',
      'normalised.csv',
      '--attack',
      'pgd',
      '--out',
      'attacked',
      '--json',
    );
    expect(attacked.code, attacked.stderr).toBe(0);
    expect((JSON.parse(attacked.stdout) as { gradients: number }).gradients).toBeGreaterThan(0);
  }, 60_000);

  it('writes nothing where the source computes something else, and says where', async () => {
    const outputs = known.outputs.map((row) => [...row]);
    outputs[3]![2]! += 0.001;
    writeFileSync(path('other.json'), JSON.stringify({ observations: known.observations, outputs }));
    const done = await faultline('import', ...options, '--out', 'nothing', '--check', 'other.json');
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/check failed: 8 rows.*1\.00e-3.*row 3, output 2/);
    expect(existsSync(path('nothing'))).toBe(false);
  }, 60_000);

  it('takes the features of a district, and refuses a policy for another one', async () => {
    const done = await faultline('import', golden('sac.zip'), '--district', 'builtin', '--out', 'sac');
    expect(done.code).toBe(2);
    expect(done.stderr).toContain('the policy reads 8 features, expected the environment');
  }, 60_000);

  it('shows a terminal nothing to obey that a file names', async () => {
    const graph = model({
      nodes: [node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'y' })],
      tensors: [tensor('w', [3, 2], [1, 2, 3, 4, 5, 6])],
    });
    writeFileSync(path('named.onnx'), Uint8Array.from([...graph, ...text(2, 'x\u001b[2J\u009b31m\nwrote policy')]));
    const asked = ['import', 'named.onnx', '--out', 'named', '--head', 'categorical'];
    for (const more of [[], ['--json'], ['--net', 'a\u001b[2J\u009b31m']]) {
      const { stdout, stderr } = await faultline(...asked, ...more);
      expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
      expect(stdout + stderr).toContain('x1b[2J');
      expect(stdout + stderr).not.toMatch(/^wrote policy/m);
    }
  }, 60_000);
});
