import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-cascade-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (...args: string[]): ReturnType<typeof faultlineIn> => faultlineIn(folder, ['cascade', ...args]);

describe('faultline cascade', () => {
  it('tells both models side by side, with every event', async () => {
    const { code, stdout } = await run('case39', '--scale', '1.1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/branches tripped +13 +\d+\n/);
    expect(stdout).toMatch(/served +3702\.256 MW \(53\.8 %\)/);
    expect(stdout).toMatch(/DC +0\.00 s {2}line-trip 2–3 \(instant\) at 1\.1565/);
  });

  it('gives a script the numbers of the file, and files the events', async () => {
    const { stdout } = await run('case39', '--outages', '17-16', '--rule', 'thermal', '--json', '--out', 'one');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ format: 'faultline-cascade', case: 'case39', rule: { kind: 'thermal', tau: 600 } });
    for (const model of ['dc', 'ac']) {
      const { demandMw, servedMw, unservedMw, events } = result.models[model];
      expect(servedMw + unservedMw).toBeCloseTo(demandMw, 9);
      for (const { branch } of events) if (branch !== null) expect(branch.from).toBeGreaterThan(0);
    }
    const [head] = readFileSync(join(folder, 'one', 'events.csv'), 'utf8').split('\n');
    expect(head).toBe('model,t,round,what,where,why,value,mwLost');
  });

  it('refuses what cannot be', async () => {
    const branch = await run('case39', '--outages', '1-40');
    expect([branch.code, branch.stderr]).toEqual([2, expect.stringContaining('there is no branch 1-40 in service')]);
    const tau = await run('case39', '--tau', '60');
    expect([tau.code, tau.stderr]).toEqual([2, expect.stringContaining('are of the thermal rule, not of instant')]);
    const relay = await run('case39', '--under-voltage', '0.9,5');
    expect(relay.stderr).toContain('--under-voltage has 2 numbers, expected p.u., s, share');
  });
});
