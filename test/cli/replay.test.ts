import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../core/run.ts';
import { telemetryParquet } from '../../evaluation/report/parquet.ts';
import { readTelemetry } from '../../evaluation/report/telemetry-file.ts';
import { faultlineIn } from '../support/faultline.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-replay-'));
const faultline = (...args: string[]) => faultlineIn(scratch, args);
const resultFile = join(scratch, 'run', 'result.json');
const telemetryFile = join(scratch, 'run', 'telemetry.parquet');

beforeAll(async () => {
  writeFileSync(
    join(scratch, 's.yaml'),
    `name: replay
district: {buildings: [Building_1, Building_2], steps: 48}
victim: {policy: ppo20-builtin}
attacks: [{name: pgd, config: {steps: 3}}]
`,
  );
  const { code, stderr } = await faultline('evaluate', 's.yaml', '--out', 'run');
  expect(code, stderr).toBe(0);
}, 240_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('faultline replay', () => {
  it('finds the same bits again, with any number of threads', async () => {
    const { code, stdout, stderr } = await faultline('replay', 'run', '--workers', '2');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^the same to the bit: 4 lanes of the result, \d+ channels of 48 steps\n$/);
  }, 240_000);

  it('says where a record is not what comes out, to the last bit', async () => {
    const result = readFileSync(resultFile);
    const telemetry = readFileSync(telemetryFile);
    const forged = JSON.parse(result.toString()) as { lanes: { return: number }[]; timing: object } & RunResult;
    forged.lanes[1]!.return *= 1 + Number.EPSILON;
    writeFileSync(resultFile, JSON.stringify({ ...forged, timing: { seconds: 0 } }));
    const { schema, frames } = await readTelemetry(telemetry, telemetryFile);
    const channel = schema.channels[5]!.name;
    const at = 5 * 48 + 17;
    frames[0]!.values[at] = frames[0]!.values[at]! + 0.5;
    writeFileSync(telemetryFile, telemetryParquet(schema, frames));
    const { code, stdout } = await faultline('replay', 'run', '--json');
    writeFileSync(resultFile, result);
    writeFileSync(telemetryFile, telemetry);
    expect(code).toBe(1);
    const told = JSON.parse(stdout) as {
      same: boolean;
      result: { path: string }[];
      telemetry: { channel: string; steps: number; first: number }[];
    };
    expect(told.same).toBe(false);
    expect(told.result.map(({ path }) => path)).toContain('/lanes/1/return');
    expect(told.result.filter(({ path }) => !path.startsWith('/timing'))).toHaveLength(1);
    expect(told.telemetry).toMatchObject([{ channel, steps: 1, first: 17, largest: expect.closeTo(0.5, 5) as number }]);
  }, 240_000);

  it('refuses a record that is of no part there is', async () => {
    const forged = { ...(JSON.parse(readFileSync(resultFile, 'utf8')) as RunResult), shard: { index: 3, count: 2 } };
    const result = readFileSync(resultFile);
    writeFileSync(resultFile, JSON.stringify(forged));
    const { code, stderr } = await faultline('replay', 'run');
    writeFileSync(resultFile, result);
    expect(code).toBe(2);
    expect(stderr).toMatch(/DataError: .*result\.json \/shard/);
  }, 120_000);
});
