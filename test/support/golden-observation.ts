import { readFileSync } from 'node:fs';
import type { BuildingModel, Converter, Devices } from '../../sim/district/model.ts';
import { profiles } from '../../sim/district/profile.ts';
import type { Profile } from '../../sim/district/profile.ts';
import { weatherVariables } from '../../sim/data/dataset.ts';
import type { DynamicsData } from '../../sim/data/dataset.ts';
import { bareModel, noBattery } from './bare-model.ts';
import type { NamedColumns } from './bare-model.ts';
import { numberColumns, sharedPath } from './shared.ts';

interface MetaBuilding {
  readonly name: string;
  readonly type: string;
  readonly observations: readonly string[];
  readonly observation_limits: Readonly<Record<string, readonly [number, number]>>;
  readonly normalized_observation_limits: Readonly<Record<string, readonly [number, number]>>;
  readonly cooling_device: MetaConverter;
  readonly heating_device: MetaConverter;
  readonly dhw_device: MetaConverter;
  readonly electrical_storage: {
    readonly nominal_power: number;
    readonly capacity: number;
    readonly efficiency: number;
  };
  readonly pv: { readonly nominal_power: number };
}
interface MetaConverter {
  readonly type: 'HeatPump' | 'ElectricHeater';
  readonly nominal_power: number;
  readonly efficiency: number;
  readonly target_cooling_temperature?: number;
  readonly target_heating_temperature?: number;
}

interface Schema {
  readonly observations: Readonly<Record<string, { active: boolean; shared_in_central_agent: boolean }>>;
  readonly buildings: Readonly<
    Record<string, { inactive_observations?: string[]; pricing?: string | null; carbon_intensity?: string | null }>
  >;
}

const profileOf: Readonly<Record<string, Profile>> = {
  'v1.8.0': profiles.v1,
  'v2.3.1': profiles['v2.3'],
  head: profiles.head,
};
const hours = { '6h': 1, '12h': 2, '24h': 3 } as const;
const numbered = (name: string): string =>
  name.replace(/_predicted_(6h|12h|24h)$/, (_, step: keyof typeof hours) => `_predicted_${hours[step]}`);

/** By position in the files of the first releases, by name since; their order of building columns is another one than ours. */
const oldOrder = [
  'month',
  'hour',
  'day_type',
  'daylight_savings_status',
  'indoor_dry_bulb_temperature',
  'average_unmet_cooling_setpoint_difference',
  'indoor_relative_humidity',
  'non_shiftable_load',
  'dhw_demand',
  'cooling_demand',
  'heating_demand',
  'solar_generation',
];
const oldWeather = [
  ...weatherVariables,
  ...weatherVariables.flatMap((name) => [1, 2, 3].map((i) => `${name}_predicted_${i}`)),
];
const oldPricing = ['', '_predicted_1', '_predicted_2', '_predicted_3'].map((name) => `electricity_pricing${name}`);

function named(path: string, old: readonly string[] | null): NamedColumns {
  const columns = numberColumns(path);
  if (old === null) return columns;
  return Object.fromEntries(Object.values(columns).map((column, i) => [old[i]!, column]));
}

export interface GoldenBuilding {
  readonly model: BuildingModel;
  readonly meta: MetaBuilding;
  /** Of the run's observations: NumPy's number types. */
  readonly types: Readonly<Record<string, string>>;
}

/** A building of a shared dataset under a profile, with devices that the caller brings. */
export function sharedBuilding(
  folder: string,
  name: string,
  profile: Profile,
  devices: Partial<Devices>,
  dynamics: DynamicsData | null = null,
): BuildingModel {
  const old = folder.startsWith('datasets-v1/');
  const at = sharedPath(folder);
  const schema = JSON.parse(readFileSync(`${at}/schema.json`, 'utf8')) as Schema;
  const given = schema.buildings[name]!;
  const columns: NamedColumns = {
    ...named(`${at}/${name}.csv`, old ? oldOrder : null),
    ...named(`${at}/weather.csv`, old ? oldWeather : null),
    ...(given.carbon_intensity == null ? {} : named(`${at}/carbon_intensity.csv`, old ? ['carbon_intensity'] : null)),
    ...(given.pricing == null ? {} : named(`${at}/pricing.csv`, old ? oldPricing : null)),
  };
  return bareModel(profile, {
    rows: columns['month']!.length,
    columns,
    observations: Object.entries(schema.observations).map(([one, { active, shared_in_central_agent }]) => ({
      name: numbered(one),
      active,
      shared: shared_in_central_agent,
    })),
    devices,
    data: { name, inactiveObservations: given.inactive_observations ?? [], dynamics },
  });
}

/** The buildings of one of CityLearn's own runs, with the devices that CityLearn itself had made of the schema. */
export function goldenBuildings(release: string, dataset: string): GoldenBuilding[] {
  const folder = `${release === 'v1.8.0' ? 'datasets-v1' : 'datasets'}/${dataset}`;
  const { buildings, observation_dtypes: types } = JSON.parse(
    readFileSync(sharedPath(`golden/citylearn/${release}/${dataset}/meta.json`), 'utf8'),
  ) as { buildings: MetaBuilding[]; observation_dtypes: Readonly<Record<string, string>> };
  return buildings.map((meta) => {
    const dynamics = meta.type === 'LSTMDynamicsBuilding' ? ({} as DynamicsData) : null;
    return { model: sharedBuilding(folder, meta.name, profileOf[release]!, devicesOf(meta), dynamics), meta, types };
  });
}

function devicesOf(meta: MetaBuilding): Partial<Devices> {
  const converter = (one: MetaConverter): Converter => ({
    kind: one.type,
    nominalPower: one.nominal_power,
    efficiency: one.efficiency,
    targetCooling: one.target_cooling_temperature ?? NaN,
    targetHeating: one.target_heating_temperature ?? NaN,
  });
  const { nominal_power, capacity, efficiency } = meta.electrical_storage;
  return {
    cooling: converter(meta.cooling_device),
    heating: converter(meta.heating_device),
    dhw: converter(meta.dhw_device),
    pvNominalPower: meta.pv.nominal_power,
    battery: { ...noBattery, capacity, nominalPower: nominal_power, efficiency },
  };
}
