/**
 * Trains a victim on a real building and prints its learning curve: consumption KPI against steps and CPU seconds.
 *
 *     npx tsx bench/train.ts ppo|sac [--dataset DIR] [--building NAME] [--normalisation NAME] [--seed N] [--steps N] [--lanes N] [--every N]
 *                                    [--config JSON] [--out DIR]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioFrom } from '../core/scenario.ts';
import { openTraining } from '../evaluation/train.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { fileWorkspace } from '../server/workspace.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dataset: { type: 'string', default: '../shared/datasets/citylearn_challenge_2022_phase_2' },
    building: { type: 'string', default: 'Building_6' },
    normalisation: { type: 'string', default: 'citylearn-2.0.0' },
    seed: { type: 'string', default: '0' },
    steps: { type: 'string' },
    lanes: { type: 'string' },
    every: { type: 'string' },
    config: { type: 'string', default: '{}' },
    out: { type: 'string' },
  },
});

const scenario = scenarioFrom(
  {
    name: `bench train ${positionals[0]}`,
    seed: Number(values.seed),
    district: {
      dataset: values.dataset,
      profile: 'v2.0',
      buildings: [values.building],
      reward: 'RewardFunction',
      normalisation: values.normalisation,
    },
    train: {
      algorithm: positionals[0],
      ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
      ...(values.lanes === undefined ? {} : { lanes: Number(values.lanes) }),
      ...(values.every === undefined ? {} : { evaluateEvery: Number(values.every) }),
      config: JSON.parse(values.config) as Record<string, unknown>,
    },
  },
  'bench/train',
  schema,
);

using run = await openTraining(scenario, fileWorkspace({ roots: null, modelsDir: 'models' }));
console.log(JSON.stringify(scenario.train));
const start = process.cpuUsage();
const began = performance.now();
let metrics = '';
for (const event of run.training) {
  const { user, system } = process.cpuUsage(start);
  const cpu = (user + system) / 1e6;
  if (event.type === 'progress') {
    metrics = Object.entries(event.metrics)
      .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
      .join('  ');
    continue;
  }
  if (event.type === 'stopped') break;
  const { step, gradientSteps, metrics: kpis } = event.point;
  const kpi = (name: string): string => (kpis[name] ?? Number.NaN).toFixed(4);
  console.log(
    `${cpu.toFixed(0)} s cpu  ${step} steps (${(step / cpu).toFixed(0)}/s)  ${gradientSteps} gradients (${(gradientSteps / cpu).toFixed(1)}/s)` +
      `  consumption ${kpi('electricity_consumption_total')}${event.best ? ' *' : ''}  ramping ${kpi('ramping_average')}  ${metrics}`,
  );
}
console.log(`wall ${((performance.now() - began) / 1000).toFixed(0)} s, best score ${run.training.bestScore}`);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  const { card, weights } = run.files(`${positionals[0]}-${values.building}`);
  writeFileSync(join(values.out, 'policy.json'), card);
  writeFileSync(join(values.out, 'policy.safetensors'), weights);
  writeFileSync(join(values.out, 'curve.json'), `${JSON.stringify(run.training.curve, null, 1)}\n`);
}
