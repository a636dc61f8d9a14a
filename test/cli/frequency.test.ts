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

  it('integrates areas with limits under an attack on a mode, and tells of every area', async () => {
    const { code, stdout } = await run(join(examples, 'frequency', 'limited-areas.yaml'), '--json', '--out', 'limited');
    expect(code).toBe(0);
    const { stability, time, study, nadir } = JSON.parse(stdout);
    expect(stability.gain).toBeCloseTo(study.attack.margin * stability.modes[0].gain, 12);
    expect(time.areas).toHaveLength(3);
    expect(time.areas[0].nadir).toBe(nadir);
    const lines = readFileSync(join(folder, 'limited', 'frequency.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(lines[0]).toBe('t,f,f2,f3');
    expect(lines).toHaveLength(study.duration * 10 + 2);
    const exact = await run(join(examples, 'frequency', 'limited-areas.yaml'), '--method', 'exact');
    expect([exact.code, exact.stderr]).toEqual([2, expect.stringContaining('method exact needs all to be linear')]);
  });

  it('finds the shares of load that an attacker needs, on the frequency and on a network', async () => {
    const search = ['--thresholds', '--case', 'case39', '--most', '0.24', '--resolution', '0.04'];
    const { code, stdout } = await run(...search, '--home-kw', '5', '--json');
    expect(code).toBe(0);
    const { outcomes, baseMw } = JSON.parse(stdout);
    expect(baseMw).toBeCloseTo(6254.23, 9);
    const [shedding, , , cascade] = outcomes;
    expect(shedding).toMatchObject({ outcome: 'shedding', monotone: true });
    expect(shedding.homes).toBe(Math.ceil((shedding.least * 6254.23 * 1000) / 5));
    expect(cascade.least).toBeGreaterThan(0.05);
    const wrong = await run('--thresholds', '--most', '0.1', '--resolution', '0.2');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('a search up to 0.1 in steps of 0.2')]);
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
