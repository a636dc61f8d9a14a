import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BuildingData, DeviceData, DeviceKey, DeviceKind, District } from '../../../sim/data/dataset.ts';
import { deviceKeys } from '../../../sim/data/dataset.ts';
import { resolveDevices } from '../../../sim/district/devices.ts';
import type { Columns, Converter, Curve, Tank } from '../../../sim/district/model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import type { Profile, ProfileName } from '../../../sim/district/profile.ts';
import { bareModel } from '../../support/bare-model.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

/*
 * Every parameter of every building's devices as CityLearn itself had it when the golden runs were made, after `random.seed(0)`. The schemas and the
 * columns that sizing needs are read here, apart from the folder reader.
 */
const runs: readonly (readonly [release: string, profile: ProfileName, root: string, dataset: string])[] = [
  ['v2.3.1', 'v2.3', 'datasets', 'citylearn_challenge_2020_climate_zone_1'],
  ['v2.3.1', 'v2.3', 'datasets', 'citylearn_challenge_2022_phase_1'],
  ['v2.3.1', 'v2.3', 'datasets', 'citylearn_challenge_2023_phase_1'],
  ['head', 'head', 'datasets', 'citylearn_challenge_2023_phase_1'],
  ['v1.8.0', 'v1', 'datasets-v1', 'citylearn_challenge_2022_phase_1'],
];

interface SchemaDevice {
  readonly type: string;
  readonly autosize?: boolean;
  readonly autosize_attributes?: DeviceData['autosizeAttributes'];
  readonly attributes: DeviceData['attributes'];
}
type SchemaBuilding = Readonly<Partial<Record<DeviceKey, SchemaDevice>>> & {
  readonly type?: string;
  readonly energy_simulation: string;
  readonly weather: string;
};
interface Schema {
  readonly random_seed?: number;
  readonly buildings: Readonly<Record<string, SchemaBuilding>>;
}
type MetaDevice = Readonly<Record<string, number>> & {
  readonly power_efficiency_curve: readonly (readonly number[])[];
  readonly capacity_power_curve: readonly (readonly number[])[];
};
interface Meta {
  readonly buildings: readonly (Readonly<Record<DeviceKey, MetaDevice>> & { readonly name: string })[];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(sharedPath(path), 'utf8'));
}

function openSchema(folder: string, profile: Profile): { district: District; columns: readonly Columns[] } {
  const schema = readJson(`${folder}/schema.json`) as Schema;
  const columns: Columns[] = [];
  const rounded = (column: Float64Array): Float64Array => (profile.float32 ? column.map(Math.fround) : column);
  const buildings = Object.entries(schema.buildings).map(([name, building]): BuildingData => {
    const energy = numberColumns(sharedPath(`${folder}/${building.energy_simulation}`));
    const weather = numberColumns(sharedPath(`${folder}/${building.weather}`));
    const either = (newer: string, older: string): Float64Array => rounded((energy[newer] ?? energy[older])!);
    const model = bareModel(profile, { rows: 1, columns: {}, observations: [] });
    columns.push({
      ...model.columns,
      coolingDemand: either('cooling_demand', 'Cooling Load [kWh]'),
      heatingDemand: either('heating_demand', 'Heating Load [kWh]'),
      dhwDemand: either('dhw_demand', 'DHW Heating [kWh]'),
      outdoor: rounded(Object.values(weather)[0]!),
    });
    const devices = deviceKeys.flatMap((key) => {
      const device = building[key];
      return device === undefined ? [] : [[key, deviceOf(device)] as const];
    });
    const className = building.type ?? 'citylearn.citylearn.Building';
    return { ...model.data, name, className, devices: Object.fromEntries(devices) };
  });
  const { district: bare } = bareModel(profile, { rows: 1, columns: {}, observations: [] });
  const district = { ...bare, randomSeed: schema.random_seed ?? 0, buildings };
  return { district, columns };
}

function deviceOf(device: SchemaDevice): DeviceData {
  return {
    kind: device.type.split('.').at(-1) as DeviceKind,
    className: device.type,
    autosize: device.autosize === true,
    autosizeAttributes: device.autosize_attributes ?? {},
    attributes: device.attributes,
  };
}

function converter({ nominalPower, efficiency, targetCooling, targetHeating, kind }: Converter): object {
  const heatPump = { target_cooling_temperature: targetCooling, target_heating_temperature: targetHeating };
  return { type: kind, nominal_power: nominalPower, efficiency, ...(kind === 'HeatPump' ? heatPump : {}) };
}

function tank({ capacity, efficiency, lossCoefficient, initialSoc }: Tank): object {
  return { capacity, efficiency, loss_coefficient: lossCoefficient, initial_soc: initialSoc };
}

/** What CityLearn calls a tank's efficiency in 1.8 has its root taken already. */
function metaTank(meta: MetaDevice, rooted: boolean): object {
  const { capacity, efficiency, loss_coefficient, initial_soc } = meta;
  if (rooted) expect(efficiency).toBe(Math.sqrt(0.9));
  return { capacity, efficiency: rooted ? 0.9 : efficiency, loss_coefficient, initial_soc };
}

/** As the golden files have it: all x, then all y. */
function curve({ x, y }: Curve): number[][] {
  return [[...x], [...y]];
}

describe.skipIf(sharedMissing)('devices as CityLearn had them (needs the shared folder)', () => {
  it.each(runs)('%s: %s %s/%s', (release, profileName, root, dataset) => {
    const profile = profiles[profileName];
    const meta = readJson(`golden/citylearn/${release}/${dataset}/meta.json`) as Meta;
    const { district, columns } = openSchema(`${root}/${dataset}`, profile);
    expect(district.buildings.map(({ name }) => name)).toEqual(meta.buildings.map(({ name }) => name));
    meta.buildings.forEach((golden, index) => {
      const devices = resolveDevices(district.buildings[index]!, district, profile, columns[index]!);
      expect(converter(devices.cooling)).toEqual(golden.cooling_device);
      expect(converter(devices.heating)).toEqual(golden.heating_device);
      expect(converter(devices.dhw)).toEqual(golden.dhw_device);
      const rooted = release === 'v1.8.0';
      expect(tank(devices.coolingTank)).toEqual(metaTank(golden.cooling_storage, rooted));
      expect(tank(devices.heatingTank)).toEqual(metaTank(golden.heating_storage, rooted));
      expect(tank(devices.dhwTank)).toEqual(metaTank(golden.dhw_storage, rooted));
      expect(devices.pvNominalPower).toBe(golden.pv['nominal_power']);
      const battery = golden.electrical_storage;
      expect(devices.battery).toMatchObject({
        capacity: battery['capacity'],
        nominalPower: battery['nominal_power'],
        lossCoefficient: battery['loss_coefficient'],
        capacityLossCoefficient: battery['capacity_loss_coefficient'],
        initialSoc: battery['initial_soc'],
        depthOfDischarge: battery['depth_of_discharge'] ?? 1,
        efficiency: battery['efficiency'],
      });
      expect(curve(devices.battery.powerEfficiency)).toEqual(battery.power_efficiency_curve);
      expect(curve(devices.battery.capacityPower)).toEqual(battery.capacity_power_curve);
    });
  });
});
