import type { Feature } from '../../core/space.ts';
import type { BuildingData, WeatherColumn } from '../data/dataset.ts';
import { weatherVariables } from '../data/dataset.ts';
import type { Profile } from './profile.ts';

export type Normalisation = 'citylearn-2.0.0' | 'fixed';
export const normalisations: readonly Normalisation[] = ['fixed', 'citylearn-2.0.0'];

/** A building's observations but for what the battery decides, normalised, one row an hour. */
export interface ObservationTable {
  readonly features: readonly Feature[];
  /** [rows×O] float32; the two columns below are left 0 and filled in by the step. */
  readonly rows: Float32Array;
  readonly socColumn: number;
  readonly netColumn: number;
}

const horizons = ['6h', '12h', '24h'] as const;
const weatherUnits = {
  outdoor_dry_bulb_temperature: '°C',
  outdoor_relative_humidity: '%',
  diffuse_solar_irradiance: 'W/m²',
  direct_solar_irradiance: 'W/m²',
} as const;

/**
 * The 31 features in CityLearn 2.0.0's order, with their limits over the whole simulation range [start, end].
 *
 * `citylearn-2.0.0` builds the limits of solar generation and net consumption from the raw W/kW column, as that release does;
 * `fixed` builds them from kWh. Source: specs/bifurcation.md 1.4.
 */
export function observationTable(
  data: BuildingData,
  start: number,
  end: number,
  profile: Profile,
  normalisation: Normalisation,
): ObservationTable {
  const rows = end - start + 1;
  const columns: { readonly feature: Feature; readonly values: Float64Array | undefined }[] = [];
  const range = (column: Float64Array): Float64Array => column.subarray(start, end + 1);
  const plain = (name: string, unit: string, column: Float64Array): void => {
    const values = range(column);
    columns.push({ feature: { name, unit, low: min(values), high: max(values) }, values });
  };
  const cycle = (name: string, column: Float64Array, period: number): void => {
    const values = range(column);
    for (const [suffix, wave] of [
      ['cos', Math.cos],
      ['sin', Math.sin],
    ] as const) {
      columns.push({
        feature: { name: `${name}_${suffix}`, unit: '1', low: -1, high: 1 },
        values: values.map((value) => wave((2 * Math.PI * value) / period)),
      });
    }
  };
  cycle('month', data.energy.month, 12);
  cycle('day_type', data.energy.day_type, profile.dayTypes);
  cycle('hour', data.energy.hour, 24);
  for (const variable of weatherVariables) {
    plain(variable, weatherUnits[variable], data.weather[variable]);
    horizons.forEach((horizon, i) =>
      plain(
        `${variable}_predicted_${horizon}`,
        weatherUnits[variable],
        data.weather[`${variable}_predicted_${i + 1}` as WeatherColumn],
      ),
    );
  }
  const zeros = new Float64Array(data.rows);
  plain('carbon_intensity', 'kgCO₂/kWh', data.carbon ?? zeros);
  plain('non_shiftable_load', 'kWh', data.energy.non_shiftable_load);

  const load = range(data.energy.non_shiftable_load);
  const raw = range(data.energy.solar_generation);
  const pv = raw.map((watts) => (data.pvNominalPower * watts) / 1000);
  const limitSolar = normalisation === 'fixed' ? pv : raw;
  const power = data.battery?.nominalPower ?? 0;
  columns.push({
    feature: { name: 'solar_generation', unit: 'kWh', low: min(limitSolar), high: max(limitSolar) },
    values: pv,
  });
  const socColumn = columns.length;
  columns.push({ feature: { name: 'electrical_storage_soc', unit: 'fraction', low: 0, high: 1 }, values: undefined });
  columns.push({
    feature: {
      name: 'net_electricity_consumption',
      unit: 'kWh',
      low: Math.min(min(load.map((kwh, t) => kwh - (power + limitSolar[t]!))), 0),
      high: max(load.map((kwh, t) => kwh + power - limitSolar[t]!)),
    },
    values: undefined,
  });
  plain('electricity_pricing', '$/kWh', data.pricing?.electricity_pricing ?? zeros);
  horizons.forEach((horizon, i) =>
    plain(
      `electricity_pricing_predicted_${horizon}`,
      '$/kWh',
      data.pricing?.[`electricity_pricing_predicted_${(i + 1) as 1 | 2 | 3}`] ?? zeros,
    ),
  );

  const size = columns.length;
  const table = new Float32Array(rows * size);
  columns.forEach(({ feature: { low, high }, values }, j) => {
    const span = high - low;
    if (values !== undefined && span !== 0)
      for (let t = 0; t < rows; t++) table[t * size + j] = (values[t]! - low) / span;
  });
  return { features: columns.map((column) => column.feature), rows: table, socColumn, netColumn: socColumn + 1 };
}

function min(values: Float64Array): number {
  return values.reduce((least, value) => (value < least ? value : least), Infinity);
}

function max(values: Float64Array): number {
  return values.reduce((most, value) => (value > most ? value : most), -Infinity);
}
