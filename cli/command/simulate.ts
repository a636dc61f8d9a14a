import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { CancelledError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { catalogue, defectsOf, schema } from '../../evaluation/vocabulary.ts';
import { simulate, simulationEnv } from '../../evaluation/simulate.ts';
import type { Simulation } from '../../evaluation/simulate.ts';
import { assertNormalisation } from '../../evaluation/district.ts';
import { fileWorkspace, modelNames } from '../../server/workspace.ts';
import { integer, names } from '../arguments.ts';
import { readActions } from '../action-table.ts';
import { writeFile } from '../files.ts';
import { writeSimulation } from '../simulation-files.ts';
import type { ObservationForm } from '../simulation-files.ts';
import { interruption } from '../exit.ts';
import { installation } from '../../server/installation.ts';
import { note, printJson, progress } from '../output.ts';
import { provenance } from '../../server/provenance.ts';

const choices = (kind: string): string[] => catalogue[kind]!.map((entry) => entry.name);

/** `faultline simulate`: given actions through the district, its series, rewards and KPIs out. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('run the district simulator on given actions and write its series and KPIs')
    .option('--dataset <dir>', '`builtin`, or a CityLearn dataset folder', 'builtin')
    .addOption(new Option('--profile <name>', 'whose semantics').choices(choices('profiles')).default('v2.3'))
    .option('--buildings <a,b>', 'which buildings, in this order; default: all', names)
    .option('--repair <a,b|all>', 'defects of the profile `head` to repair: `faultline list defects`', names)
    .option(
      '--actions <what>',
      'a CSV file (.gz too) with a column `<i>.<action>` per building and action, `zero`, `random`, `rbc` (CityLearn’s rule for what the district can do), a rule (`faultline list controllers`), or a shipped model or policy folder',
      'zero',
    )
    .option(
      '--reward <name>',
      '`dataset` (the one its schema names), a reward function, or `=<expression>` over the hour',
      'dataset',
    )
    .addOption(
      new Option('--normalisation <name>', 'limits of the observations')
        .choices(choices('normalisations'))
        .default('citylearn-2.0.0'),
    )
    .option('--seed <n>', 'seed of `random` and of controllers that draw', integer('--seed', 0, 0xffff_ffff), 12345)
    .option(
      '--environment-seed <n>',
      'seed of what CityLearn itself draws (cars under way, outages); default: the dataset’s',
      integer('--environment-seed', 0, 0xffff_ffff),
    )
    .option('--steps <n>', 'steps to run; default: the dataset’s own episode', integer('--steps', 1, 10_000_000))
    .addOption(
      new Option('--observations [form]', 'write observations.csv too; default: raw, for v2.0 normalised').argParser(
        observationForm,
      ),
    )
    .option('--export', 'write the CSV files that CityLearn exports too, to export/ (its viewers open them)')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--json', 'print the KPIs as JSON')
    .addHelpText(
      'after',
      '\nWrites series.csv, actions.csv, rewards.csv, kpis.csv, run.json. Examples:\n  faultline simulate --actions self-consumption --out runs/rule\n  faultline simulate --actions sac-builtin --buildings Building_1 --profile v2.0 --normalisation fixed --out runs/sac\n  faultline simulate --dataset data/citylearn_challenge_2022_phase_2 --buildings Building_6 --actions actions.csv --out runs/replay',
    )
    .action(async (options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const { modelsDir } = installation();
      const repair = options.repair?.[0] === 'all' ? defectsOf(options.profile) : (options.repair ?? []);
      const district = {
        dataset: options.dataset,
        profile: options.profile,
        repair,
        reward: options.reward.startsWith('=') ? { expression: options.reward.slice(1) } : options.reward,
        normalisation: options.normalisation,
        steps: options.steps ?? null,
      };
      const scenario = scenarioFrom(
        {
          seed: options.seed,
          district: { ...district, ...(options.buildings === undefined ? {} : { buildings: options.buildings }) },
        },
        'options',
        schema,
      );
      const workspace = fileWorkspace({ roots: null, modelsDir });
      const data = await workspace.dataset(options.dataset, options.buildings ?? []);
      const trained = isPolicy(options.actions, modelsDir) ? await workspace.victim(options.actions) : undefined;
      using _trained = { [Symbol.dispose]: () => trained?.close?.() };
      if (trained !== undefined) assertNormalisation(trained, scenario);
      const { environmentSeed } = options;
      const setup = {
        scenario,
        district: data,
        actions: trained ?? options.actions,
        seed: options.seed,
        ...(environmentSeed === undefined ? {} : { environmentSeed }),
      };
      const fromFile = /\.csv(\.gz)?$/.test(options.actions);
      const actions = fromFile ? readActions(options.actions, actionNames(simulationEnv(setup))) : setup.actions;
      const started = performance.now();
      const simulation = await finished(
        simulate({
          ...setup,
          actions,
          exports: options.export === true,
          observations: options.observations !== undefined,
        }),
        options.steps ?? data.end - data.start,
        signal,
      );
      const form = options.observations === true ? defaultForm(options.profile) : options.observations;
      writeSimulation(options.out, simulation, form ?? null);
      for (const [name, text] of simulation.exports) writeFile(join(options.out, 'export', name), text);
      const count = data.buildings.length;
      const run = {
        command: 'simulate',
        district: { ...scenario.district, buildings: data.buildings.map((building) => building.name) },
        actions: options.actions,
        ...(trained === undefined ? {} : { policyHash: trained.hash }),
        seed: options.seed,
        environmentSeed: environmentSeed ?? data.randomSeed,
        dataHash: data.hash,
        scores: simulation.scores,
        ...provenance(),
        seconds: (performance.now() - started) / 1000,
      };
      writeFile(join(options.out, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
      note(`wrote ${options.out}: ${count} building${count === 1 ? '' : 's'}, ${simulation.steps} steps`);
      if (options.json) printJson({ ...run, kpis: simulation.kpis });
    }) as unknown as Command;
}

/** Whether it names a trained policy: one that ships, or a folder with one. */
function isPolicy(name: string, modelsDir: string): boolean {
  return modelNames(modelsDir).some((model) => model.name === name) || existsSync(join(name, 'policy.json'));
}

function observationForm(value: string): ObservationForm {
  if (value === 'raw' || value === 'normalised') return value;
  throw new InvalidArgumentError(`expected raw or normalised, got '${value}'`);
}

/** The golden files of v2.0.0 hold normalised observations, the others raw ones. */
function defaultForm(profile: string): ObservationForm {
  return profile === 'v2.0' ? 'normalised' : 'raw';
}

function actionNames(env: ReturnType<typeof simulationEnv>): string[][] {
  return Array.from({ length: env.numEnvs }, (_, lane) => env.laneActions(lane).map(({ name }) => name));
}

/** Runs it to its end with progress; gives way now and then, so that an interruption is heard. */
async function finished(
  running: Generator<number, Simulation, void>,
  steps: number,
  signal: AbortSignal,
): Promise<Simulation> {
  const bar = progress(steps, 'simulate', 'steps');
  for (;;) {
    const next = running.next();
    if (next.done) {
      bar.stop();
      return next.value;
    }
    bar.update(next.value);
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw new CancelledError('interrupted; nothing was written');
  }
}
