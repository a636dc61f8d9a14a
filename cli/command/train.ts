import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import { openTraining, plannedTraining } from '../../evaluation/train.ts';
import type { TrainingRun } from '../../evaluation/train.ts';
import type { Scenario } from '../../core/scenario.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer } from '../arguments.ts';
import { interruption } from '../exit.ts';
import { writeFile } from '../files.ts';
import { note, print, printJson, progress } from '../output.ts';
import { readScenario } from '../scenario-file.ts';
import { csvText } from '../../core/csv.ts';

/** Seconds of computing between checkpoints. */
const checkpointEvery = 60;

/** What each reason to stop early means, for people. */
const stopping = {
  'no-improvement': 'the last evaluations brought no better policy',
  'reward-threshold': 'the return is as high as was asked for',
} as const;

/** `faultline train`: a controller from a scenario; Ctrl-C leaves a checkpoint that `--resume` continues. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a controller and write its policy')
    .argument('<scenario>', 'YAML or JSON file with a `train` section')
    .requiredOption('--out <dir>', 'folder to write policy.json, policy.safetensors, card.json and curve.csv to')
    .option('--name <name>', 'name of the policy', 'policy')
    .option('--title <text>', 'one line for lists')
    .option('--seed <n>', 'replaces the scenario’s seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER))
    .option('--steps <n>', 'replaces the scenario’s training steps', integer('--steps', 1, 1_000_000_000))
    .option('--resume', 'continue from the folder’s checkpoint')
    .option('--json', 'print the card')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline train examples/train-ppo.yaml --out runs/ppo\n  faultline train examples/train-ppo.yaml --out runs/ppo --resume',
    )
    .action(async (file, options) => {
      const signal = interruption();
      const read = readScenario(file);
      const scenario: Scenario = {
        ...read,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        train: { ...read.train, ...(options.steps === undefined ? {} : { steps: options.steps }) },
      };
      const checkpoint = join(options.out, 'checkpoint.bin');
      const identity = join(options.out, 'checkpoint.json');
      const plan = plannedTraining(scenario.train);
      const training = { district: scenario.district, train: { ...scenario.train, ...plan }, seed: scenario.seed };
      if (options.resume === true && !existsSync(checkpoint))
        throw new ConfigError(`there is no checkpoint in ${options.out}; start without --resume`);
      using run = await openTraining(scenario, fileWorkspace({ roots: null, modelsDir: installation().modelsDir }));
      const code = provenance(); // of the code that trains, whatever becomes of the files meanwhile
      let spent = 0;
      if (options.resume === true) {
        const known = JSON.parse(readFileSync(identity, 'utf8')) as { scenario: string; seconds: number };
        if (known.scenario !== hashOf(training))
          throw new ConfigError(`the checkpoint in ${options.out} is of another scenario; start without --resume`);
        run.training.restore(readFileSync(checkpoint));
        spent = known.seconds;
        note(`resumed at step ${run.training.step}`);
      }
      const started = process.cpuUsage();
      const seconds = (): number => {
        const { user, system } = process.cpuUsage(started);
        return spent + (user + system) / 1e6;
      };
      const save = (): void => {
        writeFile(`${checkpoint}.tmp`, run.training.save());
        renameSync(`${checkpoint}.tmp`, checkpoint);
        writeFile(identity, JSON.stringify({ scenario: hashOf(training), seconds: seconds() }));
        writePolicy(options.out, options.name, options.title, scenario, run, seconds(), code);
      };
      const bar = progress(plan.steps, 'train', 'steps', run.training.step);
      let saved = performance.now();
      for (const event of run.training) {
        if (event.type === 'progress') {
          bar.update(event.step, `${(event.gradientSteps / seconds()).toFixed(0)} gradient steps/s`);
        } else if (event.type === 'stopped') {
          note(`stopped early at step ${event.step}: ${stopping[event.reason]}`);
        } else {
          const { step, score, metrics } = event.point;
          note(
            `${event.best ? '*' : ' '} step ${step}: return ${(-score).toFixed(1)}, consumption ${metrics['electricity_consumption_total']?.toFixed(4) ?? '-'}, ramping ${metrics['ramping_average']?.toFixed(4) ?? '-'} (${seconds().toFixed(0)} s)`,
          );
        }
        if (performance.now() - saved > checkpointEvery * 1000 || signal.aborted) {
          save();
          saved = performance.now();
        }
        if (signal.aborted) {
          bar.stop();
          throw new CancelledError(`interrupted at step ${run.training.step}; continue with --resume`);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      bar.stop();
      const card = writePolicy(options.out, options.name, options.title, scenario, run, seconds(), code);
      for (const leftover of [checkpoint, identity]) rmSync(leftover, { force: true }); // done: there is nothing to resume
      if (options.json) printJson(card);
      else
        print(
          `wrote ${options.out}: clean consumption ${run.best?.metrics['electricity_consumption_total']?.toFixed(4) ?? '-'}`,
        );
    }) as unknown as Command;
}

function writePolicy(
  out: string,
  name: string,
  title: string | undefined,
  scenario: Scenario,
  run: TrainingRun,
  cpuSeconds: number,
  code: ReturnType<typeof provenance>,
): unknown {
  const { training } = run;
  const files = run.files(name);
  const { algorithm } = scenario.train;
  const { lanes } = plannedTraining(scenario.train);
  const card = {
    format: 'faultline-card',
    name,
    title: title ?? `${algorithm} on ${scenario.district.buildings.join(', ')} of ${scenario.district.dataset}`,
    algorithm,
    config: run.config,
    lanes,
    steps: training.step,
    gradientSteps: training.learner.gradientSteps,
    seed: scenario.seed,
    district: scenario.district,
    dataHash: run.dataHash,
    ...code,
    // Time is of the machine that trained; everything else is a function of the above.
    speed: {
      cpuSeconds,
      stepsPerSecond: training.step / cpuSeconds,
      gradientStepsPerSecond: training.learner.gradientSteps / cpuSeconds,
    },
    clean: run.best?.metrics ?? {},
    bestStep: run.best?.step ?? training.step,
  };
  writeFile(join(out, 'policy.json'), files.card);
  writeFile(join(out, 'policy.safetensors'), files.weights);
  writeFile(join(out, 'card.json'), `${JSON.stringify(card, null, 2)}\n`);
  const columns = [
    'step',
    'gradient_steps',
    'return',
    'electricity_consumption_total',
    'ramping_average',
    'cost_total',
  ];
  writeFile(
    join(out, 'curve.csv'),
    csvText(columns, training.curve.length, (row, column) => {
      const point = training.curve[row]!;
      return [
        point.step,
        point.gradientSteps,
        -point.score,
        ...columns.slice(3).map((name) => point.metrics[name] ?? null),
      ][column]!;
    }),
  );
  return card;
}
