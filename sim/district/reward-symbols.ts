import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_EFFICIENCY,
  BATTERY_SOC,
  CHARGERS_CONSUMPTION,
  CHARGING_VIOLATION,
  CONSUMPTION,
  COOLING,
  COOLING_SET_POINT,
  COST,
  DEMAND,
  DHW,
  EMISSION,
  FROM_DEVICE,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  LOAD_CONSUMPTION,
  LOAD_SERVED,
  NET,
  NET_WITHOUT_PARTIAL_LOAD,
  NET_WITHOUT_STORAGE,
  POWER_OUTAGE,
  SOLAR,
  TANK_BALANCE,
  TANK_SOC,
  WASHING_CONSUMPTION,
} from './hour.ts';
import type { BuildingModel } from './model.ts';
import { apply } from './reward-program.ts';
import type { Formula } from './reward-program.ts';

/*
 * The names of reward expressions: CityLearn's of observations where there is one. kWh, $, kgCO2, °C, fractions; energies of devices are electric,
 * demands thermal. An exogenous column has its own name, but for those that the simulation decides.
 */

const field = (at: number): Formula => ({ kind: 'field', field: at });

const ofBuilding: Readonly<Record<string, Formula>> = {
  net: field(NET),
  net_electricity_consumption: field(NET),
  cost: field(COST),
  emission: field(EMISSION),
  net_without_storage: field(NET_WITHOUT_STORAGE),
  net_without_partial_load: field(NET_WITHOUT_PARTIAL_LOAD),
  /** what the panels made, ≥ 0 */
  solar_generation: apply('negate', field(SOLAR)),
  load_served: field(LOAD_SERVED),
  load_consumption: field(LOAD_CONSUMPTION),
  electrical_storage_soc: field(BATTERY_SOC),
  electrical_storage_energy_balance: field(BATTERY_BALANCE),
  electrical_storage_electricity_consumption: field(BATTERY_CONSUMPTION),
  electrical_storage_degraded_capacity: field(BATTERY_CAPACITY),
  electrical_storage_efficiency: field(BATTERY_EFFICIENCY),
  power_outage: field(POWER_OUTAGE),
  indoor_dry_bulb_temperature: field(INDOOR_TEMPERATURE),
  indoor_dry_bulb_temperature_cooling_set_point: field(COOLING_SET_POINT),
  indoor_dry_bulb_temperature_heating_set_point: field(HEATING_SET_POINT),
  chargers_electricity_consumption: field(CHARGERS_CONSUMPTION),
  washing_machines_electricity_consumption: field(WASHING_CONSUMPTION),
  charging_constraint_violation_kwh: field(CHARGING_VIOLATION),
  district_net: { kind: 'district' },
};

const endUses = { cooling: COOLING, heating: HEATING, dhw: DHW } as const;

/** As observed, a demand is what reached the rooms: the device's heat and what the tank gave. `…_asked` is what was wanted. */
function ofEndUse(use: string, block: number): Readonly<Record<string, Formula>> {
  const fromTank = apply('min', field(block + TANK_BALANCE), { kind: 'number', value: 0 });
  return {
    [`${use}_demand`]: apply('subtract', field(block + FROM_DEVICE), fromTank),
    [`${use}_demand_asked`]: field(block + DEMAND),
    [`energy_from_${use}_device`]: field(block + FROM_DEVICE),
    [`${use}_electricity_consumption`]: field(block + CONSUMPTION),
    [`${use}_storage_energy_balance`]: field(block + TANK_BALANCE),
    [`${use}_storage_soc`]: field(block + TANK_SOC),
  };
}

/** Everything that an expression over these buildings can name. */
export function rewardSymbols({ columns }: BuildingModel): ReadonlyMap<string, Formula> {
  const exogenous = Object.keys(columns.named).map((name): [string, Formula] => [name, { kind: 'column', name }]);
  const simulated = [ofBuilding, ...Object.entries(endUses).map(([use, block]) => ofEndUse(use, block))];
  return new Map([...exogenous, ...simulated.flatMap((group) => Object.entries(group))]);
}
