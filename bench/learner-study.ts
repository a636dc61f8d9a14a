/**
 * Every learner on classic control, five seeds each: `npm run study:learners [-- --seeds N --only 'sac pendulum' --table]`.
 *
 * Writes bench/learner-study.json after every training and leaves what is there already, so that it can be cut and go on; `--fresh`
 * starts over. `--table` prints the table of docs/learners-results.md. CPU seconds are of this process alone.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioFrom } from '../core/scenario.ts';
import { meanInterval } from '../evaluation/interval.ts';
import { openTraining } from '../evaluation/train.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { learnerSettings } from './learner-settings.ts';
import type { LearnerSetting } from './learner-settings.ts';

interface Trained {
  readonly learner: string;
  readonly seed: number;
  /** Of the policy that was kept, over 100 episodes that had no say in keeping it. */
  readonly return: number;
  /** Of the policy at the end. */
  readonly lastReturn: number;
  /** Steps after which an evaluation first reached the goal; null: never. */
  readonly goalStep: number | null;
  readonly steps: number;
  readonly cpuSeconds: number;
}

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
  },
});
const file = join(import.meta.dirname, 'learner-study.json');
const settings: Readonly<Record<string, LearnerSetting>> = learnerSettings;
const trained: Trained[] =
  options.fresh || !existsSync(file) ? [] : (JSON.parse(readFileSync(file, 'utf8')) as { trained: Trained[] }).trained;

if (!options.table) {
  for (let seed = 0; seed < Number(options.seeds); seed++) {
    for (const [learner, setting] of Object.entries(settings)) {
      if (options.only !== undefined && options.only !== learner) continue;
      if (trained.some((done) => done.learner === learner && done.seed === seed)) continue;
      const result = await study(learner, setting, seed);
      trained.push(result);
      console.error(result);
      const machine = { node: process.version, cpu: cpus()[0]?.model };
      writeFileSync(file, `${JSON.stringify({ machine, trained }, null, 2)}\n`);
    }
  }
}
console.log(tableOf(trained));

async function study(learner: string, { train, goal }: LearnerSetting, seed: number): Promise<Trained> {
  const scenario = scenarioFrom({ name: learner, seed, train }, 'bench/learner-study', schema);
  using run = await openTraining(scenario, fileWorkspace({ roots: null, modelsDir: 'models' }));
  const started = process.cpuUsage();
  for (const event of run.training) void event;
  const { user, system } = process.cpuUsage(started);
  return {
    learner,
    seed,
    return: run.examine()['return']!,
    lastReturn: -run.training.curve.at(-1)!.score,
    goalStep: run.training.curve.find((point) => -point.score >= goal)?.step ?? null,
    steps: run.training.step,
    cpuSeconds: (user + system) / 1e6,
  };
}

function tableOf(all: readonly Trained[]): string {
  const rows = Object.entries(settings).flatMap(([learner, { known }]) => {
    const own = all.filter((one) => one.learner === learner).sort((a, b) => a.seed - b.seed);
    if (own.length === 0) return [];
    const returns = own.map((one) => one.return);
    const interval = meanInterval(returns);
    const goals = own.map((one) => one.goalStep);
    return [
      [
        learner,
        returns.map((value) => value.toFixed(0)).join(', '),
        `**${mean(returns).toFixed(0)}**`,
        interval === null ? '' : `${interval.low.toFixed(0)} … ${interval.high.toFixed(0)}`,
        mean(own.map((one) => one.lastReturn)).toFixed(0),
        known,
        goals.some((step) => step === null) ? 'not all' : mean(goals.map((step) => step!)).toFixed(0),
        mean(own.map((one) => one.steps)).toFixed(0),
        mean(own.map((one) => one.cpuSeconds)).toFixed(0),
      ],
    ];
  });
  const head = ['learner', 'seeds', 'mean', '95 % interval', 'last', 'known', 'steps to goal', 'steps', 'CPU s'];
  return [head, head.map((_, i) => (i === 1 || i === 0 || i === 5 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
