import { existsSync, readFileSync } from 'node:fs';
import type { BuildingModel, Converter, Devices } from '../../sim/district/model.ts';
import { profiles } from '../../sim/district/profile.ts';
import type { Profile } from '../../sim/district/profile.ts';
import { weatherVariables } from '../../sim/data/dataset.ts';
import type { District, DynamicsData } from '../../sim/data/dataset.ts';
import { bareModel } from './bare-model.ts';
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
  'v2.0.0': profiles['v2.0'],
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
}

/** The buildings of one of CityLearn's own runs, with the devices that CityLearn itself had made of the schema. */
export function goldenBuildings(release: string, dataset: string): GoldenBuilding[] {
  const old = release === 'v1.8.0';
  const folder = sharedPath(`${old ? 'datasets-v1' : 'datasets'}/${dataset}`);
  const meta = JSON.parse(readFileSync(sharedPath(`golden/citylearn/${release}/${dataset}/meta.json`), 'utf8')) as {
    buildings: MetaBuilding[];
  };
  const schema = JSON.parse(readFileSync(`${folder}/schema.json`, 'utf8')) as Schema;
  const observations: District['observations'] = Object.entries(schema.observations).map(([name, one]) => ({
    name: numbered(name),
    active: one.active,
    shared: one.shared_in_central_agent,
  }));
  return meta.buildings.map((one) => {
    const given = schema.buildings[one.name]!;
    const energy = named(`${folder}/${one.name}.csv`, old ? oldOrder : null);
    const columns: NamedColumns = {
      ...energy,
      ...named(`${folder}/weather.csv`, old ? oldWeather : null),
      ...(given.carbon_intensity == null
        ? {}
        : named(`${folder}/carbon_intensity.csv`, old ? ['carbon_intensity'] : null)),
      ...(given.pricing == null || !existsSync(`${folder}/pricing.csv`)
        ? {}
        : named(`${folder}/pricing.csv`, old ? oldPricing : null)),
    };
    const dynamics = one.type === 'LSTMDynamicsBuilding' ? ({} as DynamicsData) : null;
    const model = bareModel(profileOf[release]!, {
      rows: energy['month']!.length,
      columns,
      observations,
      devices: devicesOf(one),
      data: { name: one.name, inactiveObservations: given.inactive_observations ?? [], dynamics },
    });
    return { model, meta: one };
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
  const curve = { x: Float64Array.of(0, 1), y: Float64Array.of(1, 1) };
  return {
    cooling: converter(meta.cooling_device),
    heating: converter(meta.heating_device),
    dhw: converter(meta.dhw_device),
    pvNominalPower: meta.pv.nominal_power,
    battery: {
      capacity,
      nominalPower: nominal_power,
      efficiency,
      lossCoefficient: 0,
      capacityLossCoefficient: 0,
      initialSoc: 0,
      depthOfDischarge: 1,
      powerEfficiency: curve,
      capacityPower: curve,
    },
  };
}
