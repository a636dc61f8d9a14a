import { ConfigError } from '../../core/errors.ts';
import type { BuildingData, District } from '../data/dataset.ts';
import { energyColumns } from '../data/dataset.ts';
import { resolveDevices } from './devices.ts';
import { extraFields } from './fleet-layout.ts';
import type { ActionKind, ActionSpec, BuildingModel, Columns, Devices } from './model.ts';
import type { Profile } from './profile.ts';

/** Division guard of CityLearn. */
const guard = 1e-6;

/**
 * What all lanes of one building share under a profile: its columns in the profile's number type, its devices with every default and
 * size, its actions with their bounds.
 * @throws {ConfigError} for a device that makes no sense or cannot be sized.
 */
export function openModel(data: BuildingData, district: District, profile: Profile): BuildingModel {
  const cars = data.chargers.length > 0 || data.washingMachines.length > 0;
  if (cars && profile.alignment !== 'now' && profile.alignment !== 'lagged')
    throw new ConfigError(
      `${data.name} has chargers or washing machines, which profile '${profile.name}' does not simulate; expected head or v3`,
      { place: { file: district.name, path: `/buildings/${data.name}` } },
    );
  const rows = district.end - district.start + 1;
  const hoursPerStep = district.secondsPerTimeStep / 3600;
  const named = namedColumns(data, district, profile);
  const demands = {
    load: named['non_shiftable_load']!,
    coolingDemand: withoutBlanks(named['cooling_demand']!, profile),
    heatingDemand: withoutBlanks(named['heating_demand']!, profile),
    dhwDemand: withoutBlanks(named['dhw_demand']!, profile),
    price: named['electricity_pricing']!,
    carbon: named['carbon_intensity']!,
    outdoor: named['outdoor_dry_bulb_temperature']!,
  };
  if (profile.alignment !== 'split') refuseBlanks(data, district, profile, demands);
  const unsized: Columns = { named, ...demands, solar: new Float64Array(rows) };
  const devices = resolveDevices(data, district, profile, unsized);
  const columns = { ...unsized, solar: solarColumn(named['solar_generation']!, devices, profile, hoursPerStep) };
  return {
    data,
    district,
    profile,
    rows,
    hoursPerStep,
    devices,
    columns,
    actions: actionsOf(data, district, profile, devices, columns),
    dynamics: data.dynamics,
    // v1 knows no outages.
    simulatesOutage: data.outage?.simulate === true && profile.alignment !== 'split',
    chargers: data.chargers,
    extraFields: extraFields(data),
  };
}

const demandNames = [
  ['coolingDemand', 'cooling_demand'],
  ['heatingDemand', 'heating_demand'],
  ['dhwDemand', 'dhw_demand'],
] as const;

/** Older files may leave demands blank, and only v1 takes that for none. */
function refuseBlanks(
  { name, energy }: BuildingData,
  { name: file, start }: District,
  profile: Profile,
  demands: Pick<Columns, 'coolingDemand' | 'heatingDemand' | 'dhwDemand'>,
): void {
  const place = { file, path: `/buildings/${name}/energy_simulation` };
  for (const [column, shown] of demandNames) {
    const row = demands[column].findIndex(Number.isNaN);
    if (row < 0) continue;
    throw new ConfigError(
      `${shown} is blank in row ${start + row + 1} of ${energy.month.length}, which profile '${profile.name}' does not read as 0 as v1 does`,
      { place },
    );
  }
}

/** v1 takes a blank demand for none; later releases forbid blanks there. */
function withoutBlanks(column: Float64Array, profile: Profile): Float64Array {
  if (profile.alignment !== 'split' || !column.some((value) => Number.isNaN(value))) return column;
  return column.map((value) => (Number.isNaN(value) ? 0 : value));
}

/** Columns that were cut and rounded before, by what they were made of: buildings share weather, prices and carbon. */
const cut = new WeakMap<Float64Array, Map<string, Float64Array>>();

function rangeOf(column: Float64Array, { start, end }: District, single: boolean, unit: boolean): Float64Array {
  const made = cut.get(column) ?? new Map<string, Float64Array>();
  cut.set(column, made);
  const key = `${start} ${end} ${single} ${unit}`;
  let values = made.get(key);
  if (values === undefined) {
    values = column.subarray(start, end + 1);
    if (single) values = values.map(Math.fround);
    if (unit) values = values.map((value) => Math.min(Math.max(value, 0), 1));
    made.set(key, values);
  }
  return values;
}

/** Every file column by its canonical observation name. */
function namedColumns(data: BuildingData, district: District, profile: Profile): Record<string, Float64Array> {
  const zeros = new Float64Array(district.end - district.start + 1);
  // head clips price and carbon to [0, 1] on loading (specs/citylearn.md 2.2), v3 no longer.
  const clips = profile.alignment === 'now';
  const named: Record<string, Float64Array> = {};
  for (const name of energyColumns) named[name] = rangeOf(data.energy[name], district, profile.float32, false);
  for (const [name, column] of Object.entries(data.weather))
    named[name] = rangeOf(column, district, profile.float32, false);
  for (const name of ['', '_predicted_1', '_predicted_2', '_predicted_3'] as const) {
    const key = `electricity_pricing${name}` as const;
    named[key] = data.pricing === null ? zeros : rangeOf(data.pricing[key], district, profile.float32, clips);
  }
  named['carbon_intensity'] = data.carbon === null ? zeros : rangeOf(data.carbon, district, profile.float32, clips);
  return named;
}

/** kWh, ≤ 0. Source: specs/citylearn.md 5.3, 4.4. */
function solarColumn(
  perKilowatt: Float64Array,
  devices: Devices,
  profile: Profile,
  hoursPerStep: number,
): Float64Array {
  const power = devices.pvNominalPower;
  const single = profile.float32 && !profile.wideColumns;
  const hours = profile.alignment === 'lagged' ? hoursPerStep : 1;
  return perKilowatt.map((watts) =>
    single
      ? -Math.fround(Math.fround(Math.fround(Math.fround(power) * watts) / 1000) * Math.fround(hours))
      : -(((power * watts) / 1000) * hours),
  );
}

const storages = { cooling_storage: 'cooling', heating_storage: 'heating', dhw_storage: 'dhw' } as const;

/** Source: specs/citylearn.md 12. */
function actionsOf(
  data: BuildingData,
  district: District,
  profile: Profile,
  devices: Devices,
  columns: Columns,
): readonly ActionSpec[] {
  const specs: ActionSpec[] = [];
  // Before 2.2 a battery's bound is not capped, and a tank's is the greatest demand.
  const old = profile.defaults === 'fixed';
  const add = (name: string, kind: ActionKind, low: number, high: number, unit: string, index = 0): void =>
    void specs.push({ name, kind, index, low: Math.fround(low), high: Math.fround(high), unit });
  const active = district.actions.filter(({ active: on, name }) => on && !data.inactiveActions.includes(name));
  for (const { name } of active) {
    switch (name) {
      case 'electrical_storage': {
        const { capacity, nominalPower } = devices.battery;
        const ratio = nominalPower / Math.max(capacity, guard);
        const limit = profile.batteryUnit === 'nominal power' ? 1 : old ? ratio : Math.min(ratio, 1);
        const bound = capacity === 0 && profile.batteryUnit === 'capacity' ? 0 : limit;
        const unit = profile.batteryUnit === 'capacity' ? 'fraction of capacity' : 'fraction of nominal power';
        add(name, name, -bound, bound, unit);
        break;
      }
      case 'cooling_storage':
      case 'heating_storage':
      case 'dhw_storage': {
        const use = storages[name];
        const { capacity } = devices[`${use}Tank`];
        const most = old
          ? columns[`${use}Demand`].reduce((top, value) => Math.max(top, value), 0)
          : devices[use].nominalPower;
        const bound = Math.min(most / Math.max(capacity, guard), 1);
        add(name, name, -bound, bound, 'fraction of capacity');
        break;
      }
      case 'cooling_device':
      case 'heating_device':
        add(name, name, 0, 1, 'fraction of nominal power');
        break;
      case 'cooling_or_heating_device':
        add(
          name,
          name,
          devices.cooling.nominalPower > guard ? -1 : 0,
          devices.heating.nominalPower > guard ? 1 : 0,
          'fraction of nominal power',
        );
        break;
      case 'electric_vehicle_storage':
        data.chargers.forEach((charger, index) =>
          add(
            `${name}_${charger.id}`,
            name,
            charger.maxDischargingPower > 0 ? -1 : 0,
            1,
            'fraction of charger power',
            index,
          ),
        );
        break;
      case 'washing_machine':
        data.washingMachines.forEach((machine, index) => add(machine.name, name, 0, 1, '> 0 starts', index));
        break;
      default:
        throw new ConfigError(`action '${name}' is none that a building has`, {
          place: { file: district.name, path: `/actions/${name}` },
        });
    }
  }
  return specs;
}
