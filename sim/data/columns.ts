import type { NumberTable } from '../../core/csv.ts';
import { DataError, nearest } from '../../core/errors.ts';
import type { EnergyColumn, PricingColumn, WeatherColumn } from './dataset.ts';
import { weatherVariables } from './dataset.ts';

/** What a column may hold. */
interface Rule {
  readonly name: string;
  /** Blank cells are allowed: everywhere (the 2022 data leave indoor temperature and humidity blank), or in the older files only. */
  readonly blank?: boolean | 'older';
  readonly low?: number;
  readonly high?: number;
  readonly whole?: boolean;
  /** What an optional column is everywhere when it is absent. */
  readonly absent?: number;
}

const forecasts = ['_predicted_1', '_predicted_2', '_predicted_3'];

/** In the order of the old files, whose columns are matched by position. */
const oldest: readonly (Rule & { readonly name: EnergyColumn })[] = [
  { name: 'month', low: 1, high: 12, whole: true },
  // 0: the EV data count from midnight in their first row.
  { name: 'hour', low: 0, high: 24, whole: true },
  { name: 'day_type', low: 1, high: 8, whole: true },
  { name: 'daylight_savings_status', low: 0, high: 1, absent: 0 },
  { name: 'indoor_dry_bulb_temperature', blank: true },
  { name: 'average_unmet_cooling_setpoint_difference', blank: true, absent: 0 },
  { name: 'indoor_relative_humidity', blank: true, absent: 0 },
  { name: 'non_shiftable_load', low: 0 },
  { name: 'dhw_demand', low: 0, blank: 'older' },
  { name: 'cooling_demand', low: 0, blank: 'older' },
  { name: 'heating_demand', low: 0, blank: 'older' },
  { name: 'solar_generation' },
];
/** Every file has these, or could have: they are written whatever they hold. */
export const firstEnergyColumns: readonly EnergyColumn[] = oldest.map((rule) => rule.name);

const setPoint = 'indoor_dry_bulb_temperature_set_point';
const occupants: Rule = { name: 'occupant_count', low: 0, blank: true, absent: 0 };
const mode: Rule = { name: 'hvac_mode', low: 0, high: 3, whole: true, absent: 1 };
const outage: Rule = { name: 'power_outage', low: 0, high: 1, whole: true, absent: 0 };
/** Of 2.0 and 2.1: one set point for both seasons. */
const older: readonly Rule[] = [...oldest, occupants, { name: setPoint, blank: true, absent: 0 }, mode, outage];
/** Since 2.2, by name. */
const newer: readonly Rule[] = [
  ...oldest,
  occupants,
  { name: 'indoor_dry_bulb_temperature_cooling_set_point', blank: true, absent: 0 },
  { name: 'indoor_dry_bulb_temperature_heating_set_point', blank: true, absent: 0 },
  { name: setPoint, blank: true, absent: 0 },
  mode,
  outage,
  { name: 'comfort_band', low: 0, blank: true, absent: 2 },
  { name: 'minutes', low: 0, high: 60, whole: true, absent: 0 },
];

/** What an energy column is everywhere in a building whose file has none; undefined: every file has it. Source: specs/citylearn.md 2.2. */
export function energyDefault(name: EnergyColumn): number | undefined {
  return newer.find((rule) => rule.name === name)?.absent;
}

/** Old files: the four variables, then each variable's three forecasts. */
const weather: readonly Rule[] = [
  ...weatherVariables,
  ...weatherVariables.flatMap((variable) => forecasts.map((suffix) => variable + suffix)),
].map((name) => ({ name, ...(name.includes('irradiance') || name.includes('humidity') ? { low: 0 } : {}) }));
const pricing: readonly Rule[] = ['', ...forecasts].map((suffix) => ({ name: `electricity_pricing${suffix}` }));
const carbon: readonly Rule[] = [{ name: 'carbon_intensity', low: 0 }];

/** @throws {DataError} for a column that is missing, unknown or out of range, or both cooled and heated at once. */
export function readEnergy(table: NumberTable): Record<EnergyColumn, Float64Array> {
  const old = isOld(table);
  const columns = read(table, old ? older : newer);
  const { [setPoint]: both, ...energy } = columns;
  const one = both !== undefined && isPresent(table, old, setPoint);
  for (const side of ['cooling', 'heating'] as const) {
    const name = `indoor_dry_bulb_temperature_${side}_set_point` as const;
    if (energy[name] === undefined || (one && !isPresent(table, old, name)))
      energy[name] = one ? both : new Float64Array(table.rows);
  }
  energy['comfort_band'] ??= new Float64Array(table.rows).fill(2);
  energy['minutes'] ??= new Float64Array(table.rows);
  if (!old) checkOneDemand(table, energy['cooling_demand']!, energy['heating_demand']!);
  return energy as Record<EnergyColumn, Float64Array>;
}

/** CityLearn ≥ 2 refuses data that cool and heat in one step; the older files, which v1 reads too, may. */
function checkOneDemand(table: NumberTable, cooling: Float64Array, heating: Float64Array): void {
  for (let row = 0; row < table.rows; row++) {
    const product = cooling[row]! * heating[row]!;
    if (product === 0) continue;
    throw new DataError(
      `'cooling_demand' is ${cooling[row]} and 'heating_demand' ${heating[row]}, expected one of them to be 0 in a step`,
      { place: { file: table.file, line: row + 2, column: table.head.indexOf('heating_demand') + 1 } },
    );
  }
}

function isPresent(table: NumberTable, old: boolean, name: string): boolean {
  return old ? older.findIndex((rule) => rule.name === name) < table.head.length : table.head.includes(name);
}

export const readWeather = (table: NumberTable): Record<WeatherColumn, Float64Array> =>
  read(table, weather) as Record<WeatherColumn, Float64Array>;
export const readPricing = (table: NumberTable): Record<PricingColumn, Float64Array> =>
  read(table, pricing) as Record<PricingColumn, Float64Array>;
export const readCarbon = (table: NumberTable): Float64Array => read(table, carbon)['carbon_intensity']!;

/** Heads of CityLearn 1.x … 2.1.2 are texts for people (`Solar Generation [W/kW]`); newer ones are names. */
function isOld({ head }: NumberTable): boolean {
  return head.every((name) => /[A-Z]/.test(name));
}

/** The columns of one kind of file: newer files are matched by name, in any order; older ones by position. */
function read(table: NumberTable, rules: readonly Rule[]): Record<string, Float64Array> {
  const { file, head, columns, rows } = table;
  const old = isOld(table);
  // The twelve of v1 are all that an old building file must have; what 2.0 added follows them.
  const needed = rules === older ? oldest : rules;
  if (old && head.length < needed.length)
    throw new DataError(
      `${head.length} columns, expected at least ${needed.length} (${needed.map((rule) => rule.name).join(', ')})`,
      { place: { file, line: 1 } },
    );
  if (!old) refuseUnknown(table, rules);
  return Object.fromEntries(
    rules.map((rule, position) => {
      const at = old ? position : head.indexOf(rule.name);
      if (at < 0 || at >= head.length) {
        if (rule.absent === undefined)
          throw new DataError(`missing column '${rule.name}'; the file has ${head.join(', ')}`, {
            place: { file, line: 1 },
          });
        return [rule.name, new Float64Array(rows).fill(rule.absent)];
      }
      checkCells(columns[at]!, rule, old, file, at + 1);
      return [rule.name, columns[at]!];
    }),
  );
}

function refuseUnknown({ file, head }: NumberTable, rules: readonly Rule[]): void {
  const names = rules.map((rule) => rule.name);
  const strange = head.findIndex((name) => !names.includes(name));
  if (strange < 0) return;
  const near = nearest(head[strange]!, names);
  throw new DataError(`unknown column '${head[strange]}'${near === undefined ? '' : `; did you mean '${near}'?`}`, {
    place: { file, line: 1, column: strange + 1 },
  });
}

/** Nothing in a district is beyond this in its unit, and sums and spans of such numbers stay finite. */
const largest = 1e9;

function checkCells(values: Float64Array, rule: Rule, old: boolean, file: string, column: number): void {
  const low = rule.low ?? -largest;
  const high = rule.high ?? largest;
  const blank = rule.blank === true || (rule.blank === 'older' && old);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value >= low && value <= high && (!rule.whole || Number.isInteger(value))) continue;
    if (Number.isNaN(value) && blank) continue;
    const got = Number.isNaN(value) ? 'blank (not a number)' : value;
    throw new DataError(`'${rule.name}' is ${got}, expected ${expected(rule, Math.abs(value) > largest)}`, {
      place: { file, line: row + 2, column },
    });
  }
}

function expected({ low, high, whole }: Rule, beyond: boolean): string {
  const kind = whole ? 'a whole number' : 'a number';
  if (low !== undefined && high !== undefined) return `${kind} from ${low} to ${high}`;
  if (beyond) return `${kind} of at most ${largest} in size`;
  return low === undefined ? kind : `${kind} ≥ ${low}`;
}
