import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-frequency-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (...args: string[]): ReturnType<typeof faultlineIn> => faultlineIn(folder, ['frequency', ...args]);
const examples = join(import.meta.dirname, '..', '..', 'examples');

describe('faultline frequency', () => {
  it('says how low a step takes the frequency, what is shed, and how many homes that needs', async () => {
    const { code, stdout } = await run('--step', '0.2', '--shedding', 'ce', '--base-mw', '1000');
    expect(code).toBe(0);
    expect(stdout).toMatch(/reaches 49 Hz +0\.1846 p\.u\. = 184\.6 MW = 18465 homes of 10 kW/);
    expect(stdout).toMatch(/shed 1: 0\.0750 p\.u\. at 4[89]\.\d+ Hz/);
  });

  it('runs areas under an attack that answers to the frequency, into files', async () => {
    const { code, stdout } = await run(join(examples, 'frequency', 'three-areas.yaml'), '--json', '--out', 'three');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.stability.attacked).toBeLessThan(1e-9);
    expect(result.stability.criticalGain).toBeCloseTo(0.0248, 3);
    const lines = readFileSync(join(folder, 'three', 'frequency.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(lines[0]).toBe('t,f');
    expect(lines).toHaveLength(402);
  });

  it('refuses what cannot be, with its place', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'f0: 50\nsystem: { H: -1 }\n');
    const bad = await run('bad.yaml');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('bad.yaml:2:');
    const scheme = await run('--step', '0.1', '--shedding', 'cee');
    expect(scheme.code).toBe(2);
    expect(scheme.stderr).toContain("unknown shedding scheme 'cee'. Did you mean 'ce'?");
  });
});
