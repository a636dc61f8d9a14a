import type { NumberTable } from '../../core/csv.ts';
import { ConfigError, DataError, nearest } from '../../core/errors.ts';
import type { EnergyColumn, PricingColumn, WeatherColumn } from './dataset.ts';
import { weatherVariables } from './dataset.ts';

/** What a column may hold. */
interface Rule {
  readonly name: string;
  /** Blank cells are allowed (the 2022 data leave indoor temperature and humidity blank). */
  readonly blank?: boolean;
  readonly low?: number;
  readonly high?: number;
  readonly whole?: boolean;
  /** A demand that only equipment which is not simulated could serve. */
  readonly unserved?: boolean;
  /** A column of newer files that may be absent, and then is this everywhere. */
  readonly absent?: number;
}

const forecasts = ['_predicted_1', '_predicted_2', '_predicted_3'];

/** In the order of the old files, whose columns are matched by position. */
const energy: readonly (Rule & { readonly name: EnergyColumn })[] = [
  { name: 'month', low: 1, high: 12, whole: true },
  { name: 'hour', low: 1, high: 24, whole: true },
  { name: 'day_type', low: 1, high: 8, whole: true },
  { name: 'daylight_savings_status', low: 0, high: 1, absent: 0 },
  { name: 'indoor_dry_bulb_temperature', blank: true },
  { name: 'average_unmet_cooling_setpoint_difference', blank: true, absent: 0 },
  { name: 'indoor_relative_humidity', blank: true, absent: 0 },
  { name: 'non_shiftable_load', low: 0 },
  { name: 'dhw_demand', low: 0, unserved: true },
  { name: 'cooling_demand', low: 0, unserved: true },
  { name: 'heating_demand', low: 0, unserved: true },
  { name: 'solar_generation', low: 0 },
];
/** Columns of newer files that we know and do not read. */
const unread = [
  'minutes',
  'occupant_count',
  'indoor_dry_bulb_temperature_cooling_set_point',
  'indoor_dry_bulb_temperature_heating_set_point',
  'indoor_dry_bulb_temperature_set_point',
  'hvac_mode',
  'power_outage',
  'comfort_band',
];

/** Old files: the four variables, then each variable's three forecasts. */
const weather: readonly Rule[] = [
  ...weatherVariables,
  ...weatherVariables.flatMap((variable) => forecasts.map((suffix) => variable + suffix)),
].map((name) => ({ name, ...(name.includes('irradiance') || name.includes('humidity') ? { low: 0 } : {}) }));
const pricing: readonly Rule[] = ['', ...forecasts].map((suffix) => ({ name: `electricity_pricing${suffix}` }));
const carbon: readonly Rule[] = [{ name: 'carbon_intensity', low: 0 }];

export const readEnergy = (table: NumberTable): Record<EnergyColumn, Float64Array> =>
  read(table, energy, unread) as Record<EnergyColumn, Float64Array>;
export const readWeather = (table: NumberTable): Record<WeatherColumn, Float64Array> =>
  read(table, weather, []) as Record<WeatherColumn, Float64Array>;
export const readPricing = (table: NumberTable): Record<PricingColumn, Float64Array> =>
  read(table, pricing, []) as Record<PricingColumn, Float64Array>;
export const readCarbon = (table: NumberTable): Float64Array => read(table, carbon, [])['carbon_intensity']!;

/**
 * The columns of one kind of file. Newer files (CityLearn ≥ 2.2) are matched by name, in any order; older ones, whose heads are
 * texts for people (`Solar Generation [W/kW]`), by position.
 */
function read(table: NumberTable, rules: readonly Rule[], ignored: readonly string[]): Record<string, Float64Array> {
  const { file, head, columns, rows } = table;
  const old = head.every((name) => /[A-Z]/.test(name));
  if (old && head.length < rules.length)
    throw new DataError(
      `${head.length} columns, expected at least ${rules.length} (${rules.map((rule) => rule.name).join(', ')})`,
      { place: { file, line: 1 } },
    );
  if (!old) {
    const names = [...rules.map((rule) => rule.name), ...ignored];
    const strange = head.findIndex((name) => !names.includes(name));
    if (strange >= 0) {
      const near = nearest(head[strange]!, names);
      throw new DataError(`unknown column '${head[strange]}'${near === undefined ? '' : `; did you mean '${near}'?`}`, {
        place: { file, line: 1, column: strange + 1 },
      });
    }
  }
  return Object.fromEntries(
    rules.map((rule, position) => {
      const at = old ? position : head.indexOf(rule.name);
      if (at < 0) {
        if (rule.absent === undefined)
          throw new DataError(`missing column '${rule.name}'; the file has ${head.join(', ')}`, {
            place: { file, line: 1 },
          });
        return [rule.name, new Float64Array(rows).fill(rule.absent)];
      }
      check(columns[at]!, rule, file, at + 1);
      return [rule.name, columns[at]!];
    }),
  );
}

/** Nothing in a district is beyond this in its unit, and sums and spans of such numbers stay finite. */
const largest = 1e9;

function check(values: Float64Array, rule: Rule, file: string, column: number): void {
  const low = rule.low ?? -largest;
  const high = rule.high ?? largest;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (rule.unserved && value > 0)
      throw new ConfigError(
        `'${rule.name}' is ${value}, and the building has nothing to serve it with (only battery and PV are simulated)`,
        { place: { file, line: row + 2, column } },
      );
    if (value >= low && value <= high && (!rule.whole || Number.isInteger(value))) continue;
    if (Number.isNaN(value) && rule.blank) continue;
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
