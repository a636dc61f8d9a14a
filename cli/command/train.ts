import { Command } from '@commander-js/extra-typings';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Scenario } from '../../core/scenario.ts';
import { openTraining } from '../../evaluation/train.ts';
import { kernelThreads } from '../../nn/kernel/crew.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer, names } from '../arguments.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson, progress } from '../output.ts';
import { readScenario } from '../scenario-file.ts';
import { threadsOf, threadsOption } from '../threads-option.ts';
import {
  readCheckpoint,
  removeCheckpoint,
  saveCheckpoint,
  trainingIdentity,
  writeTraining,
} from '../training-folder.ts';
import { summaryText, trainSeeds } from '../training-seeds.ts';
import { trainZoo, zooText } from '../zoo.ts';

/** What each reason to stop early means, for people. */
const stopping = {
  'no-improvement': 'the last evaluations brought no better policy',
  'reward-threshold': 'the return is as high as was asked for',
} as const;

/** `faultline train`: a controller from a scenario; what is interrupted or killed, `--resume` continues to the same bits. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a controller and write its policy')
    .argument('[scenario]', 'YAML or JSON file with a `train` section; none with --zoo')
    .option('--out <dir>', 'folder to write policy.json, policy.safetensors, card.json and curve.csv to')
    .option('--zoo', 'train the models that ship (models/zoo/*.yaml, three seeds each); --out is models unless given')
    .option('--only <names>', 'of the zoo: these models or recipes, with commas between', names, [])
    .option('--name <name>', 'name of the policy', 'policy')
    .option('--title <text>', 'one line for lists')
    .option('--seed <n>', 'replaces the scenario’s seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER))
    .option(
      '--seeds <n>',
      'train this many seeds from there on, each in a folder of its own',
      integer('--seeds', 1, 1000),
    )
    .option('--workers <n>', 'trainings at a time, of several seeds or of the zoo', integer('--workers', 1, 256), 1)
    .addOption(threadsOption())
    .option('--steps <n>', 'replaces the scenario’s training steps', integer('--steps', 1, 1_000_000_000))
    .option(
      '--checkpoint-every <seconds>',
      'time between checkpoints; 0: at every report and evaluation',
      integer('--checkpoint-every', 0, 86_400),
      60,
    )
    .option('--resume', 'continue from the folder’s checkpoint; of several seeds, those that are not done')
    .option('--json', 'print the card, or the summary of several seeds')
    .addHelpText(
      'after',
      `
Examples:
  faultline train examples/train-ppo.yaml --out runs/ppo
  faultline train examples/train-ppo.yaml --out runs/ppo --resume
  faultline train examples/train-cart-pole.yaml --seeds 5 --workers 2 --out runs/cart-pole
  faultline train --zoo --workers 2 --resume`,
    )
    .action(async (file, asked) => {
      const alone = asked.zoo !== true && asked.seeds === undefined;
      const given = { ...asked, threads: threadsOf(asked.threads, alone ? 1 : asked.workers) };
      using interrupted = interruption();
      const { signal } = interrupted;
      if (given.zoo === true) {
        for (const [name, value] of Object.entries({
          'a scenario': file,
          '--seed': given.seed,
          '--steps': given.steps,
        }))
          if (value !== undefined) throw new ConfigError(`--zoo has its own recipes: leave ${name} away`);
        const { modelsDir } = installation();
        const cards = await trainZoo({ ...given, out: given.out ?? modelsDir, modelsDir, signal });
        if (given.json) printJson(cards);
        else print(zooText(cards));
        return;
      }
      if (file === undefined) throw new ConfigError('train needs a scenario file, or --zoo');
      if (given.out === undefined) throw new ConfigError('train needs --out, a folder to write the policy to');
      const options = { ...given, out: given.out };
      const read = readScenario(file);
      const scenario: Scenario = {
        ...read,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        train: { ...read.train, ...(options.steps === undefined ? {} : { steps: options.steps }) },
      };
      if (options.seeds === undefined) {
        const card = await trainOne(scenario, options, signal);
        if (options.json) printJson(card);
        else print(`wrote ${options.out}: ${figures(card.clean)}`);
        return;
      }
      if (scenario.seed + options.seeds - 1 > Number.MAX_SAFE_INTEGER)
        throw new ConfigError(`--seeds ${options.seeds} from seed ${scenario.seed} on leaves the whole numbers`);
      const summary = await trainSeeds(scenario, { ...options, file, seeds: options.seeds, signal });
      if (options.json) printJson(summary);
      else print(summaryText(summary));
    }) as unknown as Command;
}

interface TrainOptions {
  readonly out: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly threads: number;
  readonly checkpointEvery: number;
  readonly resume?: true | undefined;
}

async function trainOne(scenario: Scenario, options: TrainOptions, signal: AbortSignal) {
  const { out, name, title } = options;
  const identity = trainingIdentity(scenario);
  const checkpoint = options.resume === true ? readCheckpoint(out, identity) : undefined;
  using _threads = kernelThreads(options.threads);
  using run = await openTraining(scenario, fileWorkspace({ roots: null, modelsDir: installation().modelsDir }));
  const { training } = run;
  const code = provenance(); // of the code that trains, whatever becomes of the files meanwhile
  if (checkpoint !== undefined) {
    if (checkpoint.dataHash !== run.dataHash)
      throw new ConfigError(
        `the data of ${scenario.district.dataset} have changed since the checkpoint in ${out} was saved; start without --resume`,
      );
    training.restore(checkpoint.training);
    note(`resumed at step ${training.step}`);
  }
  const started = process.cpuUsage();
  const seconds = (): number => {
    const { user, system } = process.cpuUsage(started);
    return (checkpoint?.seconds ?? 0) + (user + system) / 1e6;
  };
  const write = (complete: boolean) =>
    writeTraining(out, scenario, run, { name, title, cpuSeconds: seconds(), code, complete });
  const bar = progress(training.totalSteps, 'train', 'steps', training.step);
  let saved = performance.now();
  try {
    for (const event of training) {
      if (event.type === 'progress') {
        bar.update(event.step, `${(event.gradientSteps / seconds()).toFixed(0)} gradient steps/s`);
      } else if (event.type === 'stopped') {
        note(`stopped early at step ${event.step}: ${stopping[event.reason]}`);
      } else {
        const shown = ['return', ...run.curveMetrics].flatMap((metric) =>
          event.point.metrics[metric] === undefined ? [] : [[metric, event.point.metrics[metric]] as const],
        );
        note(
          `${event.best ? '*' : ' '} step ${event.point.step}: ${figures(Object.fromEntries(shown))} (${seconds().toFixed(0)} s)`,
        );
      }
      if (performance.now() - saved >= options.checkpointEvery * 1000 || signal.aborted) {
        saveCheckpoint(out, { identity, dataHash: run.dataHash, seconds: seconds(), training: training.save() });
        write(false);
        saved = performance.now();
      }
      if (signal.aborted) throw new CancelledError(`interrupted at step ${training.step}; continue with --resume`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    bar.stop(); // gives a terminal its cursor back
  }
  const card = write(true);
  removeCheckpoint(out); // done: there is nothing to resume
  return card;
}

/** `return 487.2, ramping_average 1.031`: the first few metrics, for people. */
function figures(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .slice(0, 4)
    .map(([name, value]) => `${name} ${Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(4)}`)
    .join(', ');
}
