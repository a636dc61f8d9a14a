import * as hour from '../../sim/district/hour.ts';
import type { BuildingModel } from '../../sim/district/model.ts';
import { openModel } from '../../sim/district/open-model.ts';
import { profiles } from '../../sim/district/profile.ts';
import { goldenColumns, goldenDistrict } from './golden-run.ts';
import type { GoldenRun } from './golden-run.ts';

const releases: Readonly<Record<string, 'v1' | 'v2.3' | 'head'>> = { 'v1.8.0': 'v1', 'v2.3.1': 'v2.3', head: 'head' };

/** CityLearn's own series as hours of our simulator: the blocks of all buildings, refilled for every row. */
export interface GoldenHours {
  readonly models: readonly BuildingModel[];
  readonly rows: number;
  readonly hours: Float64Array;
  readonly ats: Int32Array;
  /** The columns of the series file in their number types. */
  readonly series: Readonly<Record<string, Float64Array>>;
  fill(t: number): void;
}

export async function goldenHours(run: GoldenRun): Promise<GoldenHours> {
  const district = await goldenDistrict(run);
  const models = district.buildings.map((building) => openModel(building, district, profiles[releases[run.release]!]));
  const { series_dtypes: types, T } = run.meta;
  const series = Object.fromEntries(
    Object.entries(goldenColumns(run, 'series')!).map(([name, values]) => [
      name,
      types[name] === 'float32' ? values.map(Math.fround) : values,
    ]),
  );
  const stride = 64;
  const hours = new Float64Array(models.length * stride);
  const ats = Int32Array.from(models, (_, i) => i * stride);
  return {
    models,
    rows: T,
    hours,
    ats,
    series,
    fill: (t) => models.forEach((model, i) => fillHour(hours, ats[i]!, model, series, i, t)),
  };
}

/** An hour's fields from a series file; what it leaves out is the dataset's. */
function fillHour(
  hours: Float64Array,
  at: number,
  model: BuildingModel,
  series: Readonly<Record<string, Float64Array>>,
  building: number,
  t: number,
): void {
  const { columns, profile } = model;
  const float = profile.float32 ? Math.fround : Number;
  const of = (name: string): number | undefined => series[`${building}.${name}`]?.[t];
  const net = of('net')!;
  // The shortest files, all of 2022, hold the net alone: what they leave out follows from it and from the dataset.
  const cost = of('cost') ?? float(net * columns.price[t]!);
  const emission = of('emission') ?? Math.max(float(net * columns.carbon[t]!), 0);
  const base = of('net_without_storage') ?? float(columns.load[t]! + columns.solar[t]!);
  hours[at + hour.NET] = net;
  hours[at + hour.COST] = cost;
  hours[at + hour.EMISSION] = emission;
  hours[at + hour.NET_WITHOUT_STORAGE] = base;
  hours[at + hour.NET_WITHOUT_PARTIAL_LOAD] = of('net_without_storage_and_partial_load') ?? base;
  hours[at + hour.BATTERY_BALANCE] = of('electrical_storage.energy_balance') ?? 0;
  hours[at + hour.BATTERY_SOC] = of('electrical_storage.soc') ?? 0;
  hours[at + hour.SOLAR] = columns.solar[t]!;
  hours[at + hour.INDOOR_TEMPERATURE] =
    of('indoor_dry_bulb_temperature') ?? columns.named['indoor_dry_bulb_temperature']![t]!;
  hours[at + hour.COOLING_SET_POINT] = columns.named['indoor_dry_bulb_temperature_cooling_set_point']![t]!;
  hours[at + hour.HEATING_SET_POINT] = columns.named['indoor_dry_bulb_temperature_heating_set_point']![t]!;
  hours[at + hour.LOAD_SERVED] = of('energy_to_non_shiftable_load') ?? columns.load[t]!;
  hours[at + hour.LOAD_CONSUMPTION] = hours[at + hour.LOAD_SERVED]!;
  for (const [name, block] of [
    ['cooling', hour.COOLING],
    ['heating', hour.HEATING],
    ['dhw', hour.DHW],
  ] as const) {
    const demand = of(`${name}_demand`) ?? columns[`${name}Demand`][t]!;
    hours[at + block + hour.DEMAND] = demand;
    hours[at + block + hour.FROM_DEVICE] = of(`energy_from_${name}_device`) ?? demand;
    hours[at + block + hour.TANK_BALANCE] = of(`${name}_storage.energy_balance`) ?? 0;
  }
}
