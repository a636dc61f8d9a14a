import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeTraining } from '../../cli/training-folder.ts';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { runEvents } from '../../evaluation/run.ts';
import { openTraining } from '../../evaluation/train.ts';
import type { TrainingRun } from '../../evaluation/train.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { tempFolder } from '../support/server.ts';

const district = { buildings: ['Building_1'], normalisation: 'fixed', steps: 48 };
const threat = { preset: 'paper-mask-time-5%' };
const config = { net_arch: [8], n_steps: 16, batch_size: 32, n_epochs: 2 };
const scenario = scenarioFrom(
  {
    seed: 2,
    district,
    train: {
      algorithm: 'ppo',
      steps: 192,
      lanes: 2,
      config,
      adversary: { threat },
      atla: { cycles: 3, steps: 192, lanes: 2, config: { ...config, normalize: {} } },
    },
  },
  'test',
  schema,
);

it('of ATLA holds the adversary too, to the bit also when resumed, and the attack learned-adversary takes it', async () => {
  using folder = tempFolder();
  const workspace = fileWorkspace({ roots: null, modelsDir: folder.path });
  const write = (name: string, run: TrainingRun, complete: boolean): void => {
    const code = { versions: {}, codeHash: 'test' };
    writeTraining(join(folder.path, name), scenario, run, { name, title: 't', cpuSeconds: 1, code, complete });
  };
  const written = (name: string): Buffer[] =>
    ['policy.safetensors', 'adversary/policy.safetensors'].map((file) => readFileSync(join(folder.path, name, file)));

  using whole = await openTraining(scenario, workspace);
  let checkpoint: Uint8Array | undefined;
  for (const event of whole.training) {
    if (event.type !== 'evaluation' || checkpoint !== undefined) continue;
    checkpoint = whole.training.save();
    write('begun', whole, false);
  }
  write('whole', whole, true);
  using resumed = await openTraining(scenario, workspace);
  resumed.training.restore(checkpoint!);
  for (const _ of resumed.training);
  write('resumed', resumed, true);
  expect(written('resumed')).toEqual(written('whole'));
  expect(written('begun')[1]).not.toEqual(written('whole')[1]);

  const attack = { name: 'learned-adversary', config: { policy: join(folder.path, 'whole', 'adversary') }, threat };
  const judged = { district, victim: { policy: join(folder.path, 'whole') }, attacks: [attack] };
  const options = { clock: systemClock, commands: commandQueue(), versions: {}, codeHash: 'test' };
  let result: RunResult | undefined;
  for await (const event of runEvents(scenarioFrom(judged, 'test', schema), workspace, options))
    if (event.type === 'finished') ({ result } = event);
  const [, attacked] = result!.lanes;
  expect(attacked).toMatchObject({ attack: 'learned-adversary', cost: { queries: 0, gradients: 0 } });
  expect(attacked!.norms!.linfMax).toBeGreaterThan(1e-4);
  expect(attacked!.norms!.linfMax).toBeLessThanOrEqual(0.05 + 1e-6);

  // The same folder, trained again without an adversary: the one of before is not this policy's.
  const alone = { ...scenario, train: { ...scenario.train, atla: null } };
  using plain = await openTraining(alone, workspace);
  for (const _ of plain.training);
  const code = { versions: {}, codeHash: 'test' };
  writeTraining(join(folder.path, 'whole'), alone, plain, {
    name: 'whole',
    title: 't',
    cpuSeconds: 1,
    code,
    complete: true,
  });
  expect(existsSync(join(folder.path, 'whole', 'policy.json'))).toBe(true);
  expect(existsSync(join(folder.path, 'whole', 'adversary', 'policy.json'))).toBe(false);
});
