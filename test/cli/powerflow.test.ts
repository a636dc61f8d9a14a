import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-powerflow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (...args: string[]): ReturnType<typeof faultlineIn> => faultlineIn(folder, ['powerflow', ...args]);

describe('faultline powerflow', () => {
  it('solves a network that ships, for a person, for a script and into files', async () => {
    const text = await run('case33bw', '--algorithm', 'sweep');
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('0.202677 MW');
    expect(text.stdout).toContain('0.913090 p.u. at bus 18');

    const json = await run('case14', '--q-limits', 'all', '--json', '--out', 'limited');
    const result = JSON.parse(json.stdout);
    expect(result).toMatchObject({ format: 'faultline-powerflow', case: 'case14', converged: true });
    expect(result.islands[0].changed).toEqual([1, 2]);
    expect(result.buses).toHaveLength(14);
    expect(JSON.parse(readFileSync(join(folder, 'limited', 'result.json'), 'utf8'))).toEqual(result);
    const [head, first] = readFileSync(join(folder, 'limited', 'buses.csv'), 'utf8').split('\n');
    expect(head).toBe('bus,vmPu,vaDeg');
    expect(first!.split(',').map(Number)).toEqual([1, result.buses[0].vmPu, 0]);
  });

  it('says of a network without a solution why and where, as a result', async () => {
    const { code, stdout } = await run('case9', '--scale', '5');
    expect(code).toBe(0);
    expect(stdout).toMatch(/case9: no solution \(.*\)\nlargest mismatch at bus \d+/);
    const { stdout: json } = await run('case9', '--scale', '5', '--json');
    const result = JSON.parse(json);
    expect(result).toMatchObject({
      converged: false,
      code: 'NOT_CONVERGED',
      diagnosis: { atTenth: true, atHalf: false },
    });
    expect(result.buses).toEqual(expect.any(Array));
    // Of five times the loads, generators as they are: the share that is the last with a solution.
    const { loadable, dcAngleDeg } = result.diagnosis;
    const share = await run('case9', '--scale', String(5 * loadable), '--start', 'flat', '--json');
    expect(JSON.parse(share.stdout)).toMatchObject({ converged: true });
    const above = await run('case9', '--scale', String(5 * (loadable + 0.5 / 2 ** 9)), '--start', 'flat', '--json');
    expect(JSON.parse(above.stdout)).toMatchObject({ converged: false });
    expect(stdout).toContain(`up to ${loadable.toFixed(3)} of them\nthe DC power flow has ${dcAngleDeg.toFixed(1)}°`);
  });

  it('refuses a wrong file with its line, an unknown name with the names there are', async () => {
    writeFileSync(join(folder, 'bad.m'), 'function mpc = bad\nmpc.baseMVA = 100;\nmpc.bus = [1 3 0];\n');
    const bad = await run('bad.m');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('GridCaseError: bad.m:3: E_FORMAT: mpc.bus has 3 columns');
    const missing = await run('missing.m');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('missing.m: cannot be read');
    const unknown = await run('case15');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/unknown grid case 'case15'\. Did you mean 'case1[48]'\?/);
  });
});
