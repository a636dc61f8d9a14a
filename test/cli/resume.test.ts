import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { killCommands, startCommand } from '../support/command-process.ts';
import { faultlineIn } from '../support/faultline.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { until } from '../support/server.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-resume-'));
afterEach(killCommands);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('an evaluation that was killed goes on from the attacks that it had finished, to the same bytes', async () => {
  await writeModels(scratch);
  const attacks = [{ name: 'random-noise' }, { name: 'bifurcation', config: { steps: 40 } }];
  const scenario = { ...smallScenario({ steps: 1500 }), victim: { policy: './small-ppo' }, attacks };
  writeFileSync(join(scratch, 'panel.json'), JSON.stringify(scenario));
  const parts = join(scratch, 'killed', 'parts');
  const kept = (): string[] =>
    existsSync(parts) ? readdirSync(parts).filter((file) => file.endsWith('.msgpack')) : [];
  const args = ['evaluate', 'panel.json', '--resume', '--out', 'killed'];
  const first = startCommand(scratch, args);
  await until('the first attack', () => kept().length > 0, 240_000);
  await first.kill('SIGKILL');
  expect(kept()).toHaveLength(1);
  expect(existsSync(join(scratch, 'killed', 'result.json'))).toBe(false);
  const second = await faultlineIn(scratch, args);
  expect(second.code, second.stderr).toBe(0);
  expect(existsSync(parts)).toBe(false);
  const whole = await faultlineIn(scratch, ['evaluate', 'panel.json', '--out', 'whole']);
  expect(whole.code, whole.stderr).toBe(0);
  for (const file of ['telemetry.parquet', 'episodes.parquet'])
    expect(readFileSync(join(scratch, 'killed', file)).equals(readFileSync(join(scratch, 'whole', file))), file).toBe(
      true,
    );
}, 300_000);
