import { UnknownNameError } from '../../core/errors.ts';
import type { EpisodeWindow } from './episode.ts';
import { ratioKpis } from './kpi-building.ts';
import type { CountKpi, RatioKpi } from './kpi-building.ts';
import { defaultComfortBand, DistrictMeter } from './kpi-district.ts';
import type { Kpi } from './kpi-district.ts';
import type { BuildingModel } from './model.ts';
import type { Profile } from './profile.ts';

/** A release's KPIs: its names, in the order of `evaluate()`'s rows, and which KPI each is. */
interface KpiTable {
  readonly building: ReadonlyMap<string, RatioKpi | CountKpi>;
  readonly district: ReadonlyMap<string, Kpi>;
}

const own = <Name extends string>(names: readonly Name[]): (readonly [string, Name])[] =>
  names.map((name) => [name, name] as const);

/** pandas groups by name, so that a district's rows are sorted. */
function table(
  building: readonly (readonly [string, RatioKpi | CountKpi])[],
  shape: readonly (readonly [string, Kpi])[],
): KpiTable {
  const all: (readonly [string, Kpi])[] = [...building, ...shape];
  return { building: new Map(building), district: new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

const outage = own([
  'one_minus_thermal_resilience_proportion',
  'power_outage_normalized_unserved_energy_total',
  'annual_normalized_unserved_energy_total',
] as const);
const v23 = table(
  [
    ...own(ratioKpis),
    ...own([
      'discomfort_proportion',
      'discomfort_cold_proportion',
      'discomfort_hot_proportion',
      'discomfort_cold_delta_minimum',
      'discomfort_cold_delta_maximum',
      'discomfort_cold_delta_average',
      'discomfort_hot_delta_minimum',
      'discomfort_hot_delta_maximum',
      'discomfort_hot_delta_average',
    ] as const),
    ...outage,
  ],
  own([
    'ramping_average',
    'daily_one_minus_load_factor_average',
    'monthly_one_minus_load_factor_average',
    'daily_peak_average',
    'all_time_peak_average',
  ] as const),
);
const v21 = table(
  [
    ...own(ratioKpis),
    ['discomfort_proportion', 'discomfort_proportion'],
    ['discomfort_too_cold_proportion', 'discomfort_cold_proportion'],
    ['discomfort_too_hot_proportion', 'discomfort_hot_proportion'],
    ...own(['discomfort_delta_minimum', 'discomfort_delta_maximum', 'discomfort_delta_average'] as const),
    ...outage,
  ],
  own([
    'ramping_average',
    'daily_one_minus_load_factor_average',
    'monthly_one_minus_load_factor_average',
    'daily_peak_average',
    'annual_peak_average',
  ] as const),
);
const v20Names = [
  'electricity_consumption_total',
  'cost_total',
  'carbon_emissions_total',
  'zero_net_energy',
  'ramping_average',
  'daily_peak_average',
  'annual_peak_average',
  'daily_one_minus_load_factor_average',
  'monthly_one_minus_load_factor_average',
] as const;
const tables: Readonly<Record<Profile['kpis'], KpiTable>> = {
  v1: table(
    [
      ['electricity_consumption', 'electricity_consumption_total'],
      ['zero_net_energy', 'zero_net_energy'],
      ['carbon_emissions', 'carbon_emissions_total'],
      ['cost', 'cost_total'],
    ],
    [
      ['ramping', 'ramping_average'],
      ['1 - load_factor', 'monthly_one_minus_load_factor_average'],
      ['average_daily_peak', 'daily_peak_average'],
      ['peak_demand', 'annual_peak_average'],
    ],
  ),
  'v2.0': {
    building: new Map(own(v20Names.slice(0, 4) as readonly RatioKpi[])),
    district: new Map<string, Kpi>(own(v20Names)),
  },
  'v2.1': v21,
  'v2.3': v23,
  head: v23,
};

/** Names of a profile's KPIs, in the order of a district's rows. Each is a ratio to the case without storage, a share, °C. Lower is better. */
export function kpiNames(profile: Profile): readonly string[] {
  return [...tables[profile.kpis].district.keys()];
}

/** KPIs of a running episode, O(1) an hour. */
export interface KpiMeter {
  /** @param hours, at the booked hour of a lane  @param row of the simulation range */
  push(hours: Float64Array, at: number, row: number): void;
  /** null where it is not defined: nothing to divide by, nobody there, no outage. */
  value(name: string): number | null;
  values(): Readonly<Record<string, number | null>>;
}

/** One line of `kpis.csv`, as CityLearn's `evaluate()` names them. */
export interface KpiRow {
  readonly level: 'district' | 'building';
  readonly name: string;
  readonly costFunction: string;
  readonly value: number | null;
}

/** KPIs of a district's buildings and of the district. */
export interface DistrictKpiMeter {
  /** @param ats [buildings] of each building's block in `hours` */
  push(hours: Float64Array, ats: ArrayLike<number>, row: number): void;
  rows(): readonly KpiRow[];
}

function openMeter(models: readonly BuildingModel[], episode: EpisodeWindow): DistrictMeter {
  const { kpis } = models[0]!.profile;
  return new DistrictMeter(models, episode, {
    comfort: kpis !== 'v1' && kpis !== 'v2.0',
    comfortBand: defaultComfortBand,
    baseline: 'default',
  });
}

/** All of a profile's KPIs of one lane, those of a district as for a district of this one building. */
export function kpiMeter(model: BuildingModel, episode: EpisodeWindow): KpiMeter {
  const { district } = tables[model.profile.kpis];
  const meter = openMeter([model], episode);
  const ats = new Int32Array(1);
  const value = (name: string): number | null => {
    const kpi = district.get(name);
    if (kpi === undefined) throw new UnknownNameError('KPI', name, [...district.keys()]);
    return meter.value(kpi);
  };
  return {
    push(hours, at, row) {
      ats[0] = at;
      meter.push(hours, ats, row);
    },
    value,
    values: () => Object.fromEntries([...district].map(([name, kpi]) => [name, meter.value(kpi)])),
  };
}

/** The rows of `evaluate()`: the district's, then each building's. All models are of one profile. */
export function districtKpiMeter(models: readonly BuildingModel[], episode: EpisodeWindow): DistrictKpiMeter {
  const { building, district } = tables[models[0]!.profile.kpis];
  const meter = openMeter(models, episode);
  return {
    push(hours, ats, row) {
      meter.push(hours, ats, row);
    },
    rows: () => [
      ...[...district].map(([costFunction, kpi]): KpiRow => ({
        level: 'district',
        name: 'District',
        costFunction,
        value: meter.value(kpi),
      })),
      ...models.flatMap(({ data }, i) =>
        [...building].map(([costFunction, kpi]): KpiRow => ({
          level: 'building',
          name: data.name,
          costFunction,
          value: meter.ofBuilding(i, kpi),
        })),
      ),
    ],
  };
}
