import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { CancelledError, DataError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { catalogue, schema } from '../../evaluation/vocabulary.ts';
import { simulate } from '../../evaluation/simulate.ts';
import type { ActionTable, Simulation } from '../../evaluation/simulate.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer, names } from '../arguments.ts';
import { csvText } from '../../core/csv.ts';
import { readNumbers, writeFile } from '../files.ts';
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
    .addOption(new Option('--profile <name>', 'whose semantics').choices(choices('profiles')).default('v2.0'))
    .option('--buildings <a,b>', 'which buildings, in this order; default: all', names)
    .option(
      '--actions <what>',
      'a CSV file (.gz too) with a column `<i>.electrical_storage` per building, `zero`, `random`, or a controller',
      'zero',
    )
    .addOption(new Option('--reward <name>', 'reward function').choices(choices('rewards')).default('RewardFunction'))
    .addOption(
      new Option('--normalisation <name>', 'limits of the observations')
        .choices(choices('normalisations'))
        .default('citylearn-2.0.0'),
    )
    .option('--seed <n>', 'seed of `random` and of controllers that draw', integer('--seed', 0, 0xffff_ffff), 12345)
    .option('--steps <n>', 'steps to run; default: the whole range', integer('--steps', 1, 10_000_000))
    .option('--observations', 'write observations.csv too (normalised)')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--json', 'print the KPIs as JSON')
    .addHelpText(
      'after',
      '\nWrites series.csv, actions.csv, rewards.csv, kpis.csv, run.json. Examples:\n  faultline simulate --actions self-consumption --out runs/rule\n  faultline simulate --dataset data/citylearn_challenge_2022_phase_2 --buildings Building_6 --actions actions.csv --out runs/replay',
    )
    .action(async (options) => {
      const signal = interruption();
      const { modelsDir } = installation();
      const district = {
        dataset: options.dataset,
        profile: options.profile,
        reward: options.reward,
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
      const data = await fileWorkspace({ roots: null, modelsDir }).dataset(options.dataset, options.buildings ?? []);
      const count = data.buildings.length;
      const actions = /\.csv(\.gz)?$/.test(options.actions) ? actionTable(options.actions, count) : options.actions;
      const started = performance.now();
      const running = simulate({ scenario, district: data, actions, seed: options.seed });
      const bar = progress(options.steps ?? data.end - data.start, 'simulate');
      let simulation: Simulation;
      for (;;) {
        const next = running.next();
        if (next.done) {
          simulation = next.value;
          break;
        }
        bar.update(next.value, '');
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) throw new CancelledError('interrupted; nothing was written');
      }
      bar.stop();
      write(
        options.out,
        simulation,
        data.buildings.map((building) => building.name),
        options.observations === true,
      );
      const run = {
        command: 'simulate',
        district: { ...scenario.district, buildings: data.buildings.map((building) => building.name) },
        actions: options.actions,
        seed: options.seed,
        dataHash: data.hash,
        ...provenance(),
        seconds: (performance.now() - started) / 1000,
      };
      writeFile(join(options.out, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
      note(`wrote ${options.out}: ${count} building${count === 1 ? '' : 's'}, ${simulation.env.episodeSteps} steps`);
      if (options.json) printJson({ ...run, kpis: simulation.kpis });
    }) as unknown as Command;
}

/** Columns `<i>.electrical_storage`, or for one building also `electrical_storage` or `action`. */
function actionTable(file: string, count: number): ActionTable {
  const { head, columns } = readNumbers(file);
  const rows = columns[0]!.length;
  const values = new Float64Array(rows * count);
  for (let building = 0; building < count; building++) {
    const wanted = [`${building}.electrical_storage`, ...(count === 1 ? ['electrical_storage', 'action'] : [])];
    const at = head.findIndex((name) => wanted.includes(name));
    if (at < 0)
      throw new DataError(`no column '${wanted[0]}'; the file has ${head.join(', ')}`, { place: { file, line: 1 } });
    columns[at]!.forEach((value, row) => {
      if (!Number.isFinite(value))
        throw new DataError(`action is ${value}, expected a fraction of capacity`, {
          place: { file, line: row + 2, column: at + 1 },
        });
      values[row * count + building] = value;
    });
  }
  return { file, rows, values };
}

function write(
  out: string,
  { series, actions, rewards, observations, kpis, env }: Simulation,
  names: readonly string[],
  withObservations: boolean,
): void {
  const count = names.length;
  const rows = env.episodeSteps + 1;
  const perBuilding = series.map(({ net, price, carbon, soc, battery, netWithoutStorage }) => ({
    net,
    cost: net.map((kwh, t) => kwh * price[t]!),
    emission: net.map((kwh, t) => Math.max(0, kwh * carbon[t]!)),
    'electrical_storage.soc': soc,
    'electrical_storage.energy_balance': battery,
    net_without_storage: netWithoutStorage,
  }));
  const columns: [string, Float64Array][] = perBuilding.flatMap((one, i) =>
    Object.entries(one).map(([name, values]): [string, Float64Array] => [`${i}.${name}`, values]),
  );
  for (const name of ['net', 'cost', 'emission'] as const)
    columns.push([
      `district.${name}`,
      Float64Array.from({ length: rows }, (_, t) => perBuilding.reduce((sum, one) => sum + one[name][t]!, 0)),
    ]);
  writeFile(
    join(out, 'series.csv'),
    csvText(
      columns.map(([name]) => name),
      rows,
      (t, c) => columns[c]![1][t]!,
    ),
  );
  writeFile(
    join(out, 'actions.csv'),
    csvText(
      names.map((_, i) => `${i}.electrical_storage`),
      rows - 1,
      (t, i) => actions[t * count + i]!,
    ),
  );
  writeFile(
    join(out, 'rewards.csv'),
    csvText(
      names.map((_, i) => String(i)),
      rows - 1,
      (t, i) => rewards[t * count + i]!,
    ),
  );
  writeFile(
    join(out, 'kpis.csv'),
    csvText(['level', 'name', 'cost_function', 'value'], kpis.length, (row, c) => {
      const { level, name, costFunction, value } = kpis[row]!;
      return [level, name, costFunction, value][c]!;
    }),
  );
  if (!withObservations) return;
  const features = env.observationSpace.features;
  const shared = (name: string): boolean =>
    !/^(non_shiftable_load|solar_generation|electrical_storage_soc|net_electricity_consumption)$/.test(name);
  // One building: the plain names, as the golden files of v2.0.0. Several: what they share once, the rest per building.
  const layout =
    count === 1
      ? features.map((feature, j) => ({ name: feature.name, lane: 0, j }))
      : names.flatMap((_, lane) =>
          features
            .map((feature, j) => ({ name: shared(feature.name) ? feature.name : `${lane}.${feature.name}`, lane, j }))
            .filter(({ name }) => lane === 0 || name.startsWith(`${lane}.`)),
        );
  const size = features.length;
  writeFile(
    join(out, 'observations.csv'),
    csvText(['t', ...layout.map(({ name }) => name)], rows, (t, c) =>
      c === 0 ? t : observations[(t * count + layout[c - 1]!.lane) * size + layout[c - 1]!.j]!,
    ),
  );
}
