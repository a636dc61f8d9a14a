import {
  BATTERY_BALANCE,
  BATTERY_ENERGY,
  BATTERY_SOC,
  CHARGERS_CONSUMPTION,
  CONSUMPTION,
  COOLING,
  COST,
  DEMAND,
  DHW,
  EMISSION,
  FROM_DEVICE,
  HEATING,
  INDOOR_TEMPERATURE,
  LOAD_SERVED,
  NET,
  NET_WITHOUT_PARTIAL_LOAD,
  NET_WITHOUT_STORAGE,
  POWER_OUTAGE,
  TANK_BALANCE,
  TANK_ENERGY,
  TANK_SOC,
  WASHING_CONSUMPTION,
} from './hour.ts';
import { chargerConsumptionField } from './fleet-layout.ts';
import type { BuildingModel } from './model.ts';

/** One recorded series of a building: its name in `series.csv`, and the hour's field that it is read from. */
export interface SeriesColumn {
  readonly name: string;
  readonly unit: string;
  readonly field: number;
  /** Whether CityLearn keeps it in float32, so that it prints as such. */
  readonly float32: boolean;
}

/** What is recorded of a building: the series of the golden files, and where it has them its tanks, cars and outages. */
export function seriesColumns(model: BuildingModel): readonly SeriesColumn[] {
  const { profile, data, devices } = model;
  const columns: SeriesColumn[] = [];
  const add = (name: string, unit: string, field: number, float32 = profile.float32): void =>
    void columns.push({ name, unit, field, float32 });
  const energy = profile.alignment === 'split';
  add('net', 'kWh', NET);
  add('cost', '$', COST);
  add('emission', 'kgCO₂', EMISSION);
  add('electrical_storage.soc', energy ? 'kWh' : 'fraction', energy ? BATTERY_ENERGY : BATTERY_SOC);
  add('electrical_storage.energy_balance', 'kWh', BATTERY_BALANCE);
  for (const [name, block] of [
    ['cooling', COOLING],
    ['heating', HEATING],
    ['dhw', DHW],
  ] as const) {
    if (data.devices[`${name}_storage`] === undefined) continue;
    add(`${name}_storage.soc`, energy ? 'kWh' : 'fraction', block + (energy ? TANK_ENERGY : TANK_SOC));
    add(`${name}_storage.energy_balance`, 'kWh', block + TANK_BALANCE);
  }
  for (const [name, block] of [
    ['cooling', COOLING],
    ['heating', HEATING],
    ['dhw', DHW],
  ] as const) {
    if (devices[name].nominalPower > 1e-5) add(`${name}_electricity_consumption`, 'kWh', block + CONSUMPTION);
  }
  add('net_without_storage', 'kWh', NET_WITHOUT_STORAGE);
  if (model.dynamics !== null) {
    add('net_without_storage_and_partial_load', 'kWh', NET_WITHOUT_PARTIAL_LOAD);
    add('indoor_dry_bulb_temperature', '°C', INDOOR_TEMPERATURE, profile.float32 && !profile.wideColumns);
  }
  for (const [name, block] of [
    ['cooling', COOLING],
    ['heating', HEATING],
    ['dhw', DHW],
  ] as const) {
    if (devices[name].nominalPower <= 1e-5) continue;
    add(`${name}_demand`, 'kWh', block + DEMAND);
    add(`energy_from_${name}_device`, 'kWh', block + FROM_DEVICE);
  }
  // Where everything is served the load is the file's.
  if (model.dynamics !== null || model.simulatesOutage) add('energy_to_non_shiftable_load', 'kWh', LOAD_SERVED);
  if (data.chargers.length > 0) add('chargers_electricity_consumption', 'kWh', CHARGERS_CONSUMPTION);
  data.chargers.forEach(({ id }, charger) =>
    add(`charger.${id}.electricity_consumption`, 'kWh', chargerConsumptionField(data, charger)),
  );
  if (data.washingMachines.length > 0) add('washing_machines_electricity_consumption', 'kWh', WASHING_CONSUMPTION);
  if (model.simulatesOutage) add('power_outage', '0 or 1', POWER_OUTAGE);
  return columns;
}
