import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-estimate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = async (...args: string[]): Promise<ReturnType<typeof JSON.parse>> => {
  const { code, stdout, stderr } = await faultlineIn(folder, ['estimate', ...args]);
  return code === 0 ? JSON.parse(stdout) : { code, stderr };
};

describe('faultline estimate', () => {
  it('is quiet on honest meters, finds a gross error, and does not see false data that is made of the model', async () => {
    expect(await run('case14', '--json')).toMatchObject({ suspicious: false, states: 27, meters: 73 });
    const gross = await run('case14', '--gross', '37,0.15', '--remove-above', '3', '--json');
    expect(gross).toMatchObject({ suspicious: false, removed: ['P 2→4'] });
    const hidden = await run('case14', '--attack', '5,0.2', '--json');
    expect(hidden).toMatchObject({ suspicious: false });
    expect(hidden.attacked.length).toBeGreaterThan(5);
    expect(await run('case14', '--attack', '5,0.2', '--attack-model', 'linear', '--json')).toMatchObject({
      suspicious: true,
    });
  });

  it('refuses readings that do not fit, and buses that are not there', async () => {
    writeFileSync(join(folder, 'z.csv'), 'z\n1\n2\n');
    expect((await run('case14', '--readings', 'z.csv')).stderr).toContain('2 readings, expected 73');
    expect((await run('case14', '--attack', '99,0.1')).stderr).toContain('--attack takes a bus of the network');
  });
});
