import { join } from 'node:path';
import { csvText, float32Text } from '../core/csv.ts';
import type { Simulation } from '../evaluation/simulate.ts';
import { writeFile } from './files.ts';

/** Which form `observations.csv` takes: as CityLearn's environment gives them, or as its normalising wrapper does. */
export type ObservationForm = 'raw' | 'normalised';

type Column = readonly [name: string, values: ArrayLike<number>, float32: boolean];

/** Writes a simulation in the format of the golden files: series, actions, rewards, KPIs and, if asked for, observations. */
export function writeSimulation(out: string, simulation: Simulation, form: ObservationForm | null): void {
  const { actionNames, actions, rewards, kpis, steps, env } = simulation;
  const count = env.numEnvs;
  writeFile(join(out, 'series.csv'), table(seriesColumns(simulation)));
  const width = actionNames.length;
  writeFile(
    join(out, 'actions.csv'),
    csvText(actionNames, steps, (t, j) => actions[t * width + j]!),
  );
  const buildings = Array.from({ length: count }, (_, i) => String(i));
  writeFile(
    join(out, 'rewards.csv'),
    csvText(buildings, steps, (t, i) => rewards[t * count + i]!),
  );
  writeFile(
    join(out, 'kpis.csv'),
    csvText(['level', 'name', 'cost_function', 'value'], kpis.length, (row, c) => {
      const { level, name, costFunction, value } = kpis[row]!;
      return [level, name, costFunction, value][c]!;
    }),
  );
  if (form !== null)
    writeFile(join(out, 'observations.csv'), form === 'raw' ? rawObservations(simulation) : normalised(simulation));
}

/** `<i>.<series>`, the cars' states of charge, then the district's sums. Where a release leaves a district's last hour out, its cell is blank. */
function seriesColumns({ series, cars, env, steps }: Simulation): Column[] {
  const columns = series.flatMap(({ columns: own }, i) =>
    own.map(({ name, values, float32 }): Column => [`${i}.${name}`, values, float32]),
  );
  for (const { name, soc } of cars) columns.push([`ev.${name}.soc`, soc, true]);
  const rows = series[0]!.net.length;
  // head's district series end with the last hour that was acted on.
  const summed = env.lane(0).model.profile.defects['last-hour-idle'] ? steps : rows;
  for (const name of ['net', 'cost', 'emission'] as const) {
    const own = series.map((one) => one.columns.find((column) => column.name === name)!.values);
    const sum = Float64Array.from({ length: rows }, (_, t) =>
      t < summed ? own.reduce((total, values) => total + values[t]!, 0) : Number.NaN,
    );
    columns.push([`district.${name}`, sum, false]);
  }
  return columns;
}

function table(columns: readonly Column[]): string {
  return csvText(
    columns.map(([name]) => name),
    columns[0]![1].length,
    (t, c) => {
      const [, values, float32] = columns[c]!;
      const value = values[t]!;
      return float32 ? float32Text(value) : value;
    },
  );
}

/** What buildings share once, under its plain name, the rest as `<i>.<name>`: as a central agent is shown them. */
function rawObservations({ raw, env, steps, central }: Simulation): string {
  const columns = central.raw.map(({ building, index, name }): Column => {
    const { plan } = env.lane(building);
    const width = plan.names.length;
    const values = raw[building]!;
    const own = Float64Array.from({ length: steps + 1 }, (_, t) => values[t * width + index]!);
    return [name, own, plan.float32[index]!];
  });
  return table(columns);
}

/** One building: plain names after `t`, as the golden files of v2.0.0; several: `<i>.<feature>`. */
function normalised({ normalised: values, env, steps }: Simulation): string {
  const count = env.numEnvs;
  const size = env.observationSize;
  const layout = Array.from({ length: count }, (_, lane) =>
    env.laneFeatures(lane).map(({ name }, j) => ({ name: count === 1 ? name : `${lane}.${name}`, lane, j })),
  ).flat();
  return csvText(['t', ...layout.map(({ name }) => name)], steps + 1, (t, c) =>
    // All digits: an attack's bounds are checked on these numbers to the last bit.
    c === 0 ? t : values[(t * count + layout[c - 1]!.lane) * size + layout[c - 1]!.j]!,
  );
}
