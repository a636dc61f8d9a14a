import type { Report } from './describe-problem.ts';
import type { BuildingSummary, SchemaSummary } from './describe-schema.ts';
import type { Table } from './describe-table.ts';

/** What buildings need of their energy file and of the schema; each check reports in the words of who wonders at the result. */
export function checkBuilding(
  building: BuildingSummary,
  table: Table,
  file: string,
  schema: SchemaSummary,
  report: Report,
): void {
  const warn = (message: string, line?: number): void =>
    report({ severity: 'warning', place: { file, line }, message: `${building.name}: ${message}` });
  const has = (key: string): boolean => building.devices.some((device) => device.key === key);
  const column = (name: string): Float64Array => table.values.get(name) ?? new Float64Array(0);
  for (const use of ['cooling', 'heating', 'dhw'] as const) {
    const most = largestOf(column(`${use}_demand`));
    if (most > 0 && !has(`${use}_device`))
      warn(`${use}_demand is up to ${Number(most.toPrecision(3))} kWh, and no ${use}_device serves it`);
  }
  const generates = largestOf(column('solar_generation')) > 0;
  if (generates && !has('pv')) warn('solar_generation is not 0, and there are no panels');
  if (!generates && has('pv') && table.rows > 0) warn('has panels, and solar_generation is 0 in every row');
  if (building.dynamics !== null && blanksOf(column('indoor_dry_bulb_temperature')) > 0)
    warn('has dynamics, and indoor_dry_bulb_temperature has blanks');
  for (const action of ['electrical_storage', 'cooling_storage', 'heating_storage', 'dhw_storage'])
    if (schema.actions.includes(action) && !building.inactiveActions.includes(action) && !has(action))
      warn(`action '${action}' is active, and there is no ${action}`);
  bothDemands(column('cooling_demand'), column('heating_demand'), file, report);
  spacing(column('hour'), table.values.get('minutes'), schema.secondsPerTimeStep, warn);
}

/** CityLearn ≥ 2.0 refuses a file that asks for cooling and heating in one step. */
function bothDemands(cooling: Float64Array, heating: Float64Array, file: string, report: Report): void {
  let count = 0;
  let first = -1;
  for (let row = 0; row < Math.min(cooling.length, heating.length); row++) {
    if (!(cooling[row]! * heating[row]! > 0)) continue;
    if (count === 0) first = row;
    count++;
  }
  if (count > 0)
    report({
      severity: 'error',
      place: { file, line: first + 2 },
      message: `cooling and heating demand in the same step (${count} such rows), which CityLearn refuses`,
    });
}

/** Seconds from the first row's clock to the second one's against what the schema says. Source: specs/citylearn.md 3. */
function spacing(
  hour: Float64Array,
  minutes: Float64Array | undefined,
  expected: number | null,
  warn: (message: string, line?: number) => void,
): void {
  if (hour.length < 2 || expected === null) return;
  const clock = (row: number): number => hour[row]! * 3600 + (minutes?.[row] ?? 0) * 60;
  const seconds = (clock(1) - clock(0) + 86_400) % 86_400;
  if (seconds > 0 && seconds !== expected)
    warn(`its first two rows are ${seconds} s apart, and seconds_per_time_step is ${expected}`, 3);
}

/** Rows against the simulation's range, and what is the same everywhere or blank. */
export function checkTable(table: Table, file: string, schema: SchemaSummary | null, report: Report): void {
  const warn = (message: string): void => report({ severity: 'warning', place: { file }, message });
  const end = schema?.end ?? null;
  if (end !== null && table.rows > 0 && table.rows < end + 1)
    report({
      severity: 'error',
      place: { file, line: table.rows + 1 },
      message: `${table.rows} rows, expected ${end + 1} as simulation_end_time_step says`,
    });
  if (end !== null && table.rows > end + 1)
    warn(`${table.rows} rows, of which the simulation uses ${schema?.start ?? 0} to ${end}`);
  const constant = table.columns.filter(({ min, max, count }) => count > 1 && min !== null && min === max);
  if (constant.length > 0) warn(`constant: ${constant.map(({ name, min }) => `${name} (${String(min)})`).join(', ')}`);
  const blank = table.columns.filter(({ blanks, distinct }) => blanks > 0 && distinct === undefined);
  if (blank.length > 0)
    warn(`blank: ${blank.map(({ name, blanks }) => `${name} (${blanks} of ${table.rows})`).join(', ')}`);
}

/** Whether the cars that a charger's file names are defined. */
export function checkCharger(table: Table, cars: readonly string[], file: string, report: Report): void {
  const ids = table.columns.find(({ name }) => name === 'electric_vehicle_id')?.distinct;
  for (const id of ids ?? [])
    if (!cars.includes(id))
      report({
        severity: 'error',
        place: { file },
        message: `car '${id}' is not in electric_vehicles_def (${cars.join(', ') || 'which is empty'})`,
      });
}

/** What a schema asks for that cannot be, or is seldom meant. */
export function checkSchema(schema: SchemaSummary, file: string, report: Report): void {
  const warn = (path: string, message: string): void => report({ severity: 'warning', place: { file, path }, message });
  const { timeSteps, random, count } = schema.episodes;
  if (count === 0)
    warn('/episode_time_steps', `is ${JSON.stringify(timeSteps)}: the range has not a single whole episode`);
  if (random && count === 1) warn('/random_episode_split', 'is true with one episode, with which CityLearn fails');
  if (schema.randomSeed === null) warn('/random_seed', 'is missing, which CityLearn 2.2 and later refuse; 0 is taken');
  if (schema.secondsPerTimeStep !== null && schema.secondsPerTimeStep !== 3600)
    warn(
      '/seconds_per_time_step',
      `is ${schema.secondsPerTimeStep}: v1, v2.0, v2.1, v2.3 and head compare kW with kWh a step`,
    );
  const classes = new Set(schema.buildings.map((building) => building.className));
  const actions = new Set(schema.actions);
  for (const action of ['cooling_device', 'heating_device', 'cooling_or_heating_device'])
    if (actions.has(action) && schema.buildings.every(({ dynamics }) => dynamics === null))
      warn(`/actions/${action}`, 'is active, and no building has dynamics: only the file’s demand is served');
  if ([...classes].some((name) => name.includes('Occupant')))
    warn('/buildings', 'occupant models are pickled decision trees, which are not read: set points are the file’s');
}

function largestOf(column: Float64Array): number {
  let largest = -Infinity;
  for (const value of column) if (value > largest) largest = value;
  return largest;
}

function blanksOf(column: Float64Array): number {
  let count = 0;
  for (const value of column) if (Number.isNaN(value)) count++;
  return count;
}
