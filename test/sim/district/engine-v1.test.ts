import { describe, expect, it } from 'vitest';
import * as F from '../../../sim/district/hour.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { engineDistrict, EngineRun } from '../../support/engine-run.ts';
import type { EngineBuilding } from '../../support/engine-run.ts';

/* CityLearn 1.8: charged within one hour's limits, booked in the next; and the spaces of the releases before 2.2. */

const rows = 12;
const wave = (base: number, height: number, turn: number): number[] =>
  Array.from({ length: rows }, (_, t) => base + height * Math.sin(1 + t * turn));
const building: EngineBuilding = {
  columns: {
    hour: Array.from({ length: rows }, (_, t) => t + 1),
    outdoor_dry_bulb_temperature: wave(12, 20, 0.9),
    cooling_demand: wave(3, 2.5, 0.7),
    heating_demand: wave(2, 1.9, 1.3),
    dhw_demand: wave(1, 0.9, 2.1),
    non_shiftable_load: wave(2, 1, 0.4),
    solar_generation: wave(400, 350, 0.5),
    electricity_pricing: wave(0.3, 0.1, 0.8),
    carbon_intensity: wave(0.4, 0.2, 1.1),
    power_outage: Array.from({ length: rows }, (_, t) => t % 2),
  },
  devices: {
    cooling_device: ['HeatPump', { nominal_power: 6, efficiency: 0.22, target_cooling_temperature: 8 }],
    heating_device: ['ElectricHeater', { nominal_power: 7, efficiency: 0.95 }],
    dhw_device: ['ElectricHeater', { nominal_power: 4, efficiency: 0.8 }],
    cooling_storage: ['StorageTank', { capacity: 9, efficiency: 0.9, loss_coefficient: 0.01, max_input_power: 1.1 }],
    heating_storage: ['StorageTank', { capacity: 5, efficiency: 0.85, initial_soc: 0.9, max_output_power: 0.4 }],
    dhw_storage: ['StorageTank', { capacity: 0.5, efficiency: 1, loss_coefficient: 0 }],
    electrical_storage: ['Battery', { capacity: 6.4, nominal_power: 8 }],
    pv: ['PV', { nominal_power: 3 }],
  },
  actions: ['cooling_storage', 'heating_storage', 'dhw_storage', 'electrical_storage'],
  outage: { simulate: true, stochastic: false, model: null, attributes: {} },
};
const district = engineDistrict(building);
const action = (k: number, i: number): number => Math.sin(k * 2.3 + i * 1.7);

describe('v1', () => {
  const run = new EngineRun(district, profiles.v1);
  for (let k = 0; k < rows - 1; k++)
    run.step(Object.fromEntries(building.actions.map((name, i) => [name, action(k, i)])));
  const { columns, devices } = run.building.model;

  /** Tanks in kWh, charged with the limits of hour k; row 0 has none. */
  function balances(use: 'cooling' | 'heating' | 'dhw', i: number): number[] {
    const tank = devices[`${use}Tank`];
    const way = Math.sqrt(tank.efficiency);
    let stored = tank.initialSoc;
    const list = [0];
    for (let k = 0; k < rows - 1; k++) {
      const demand = columns[`${use}Demand`][k]!;
      const wanted = Math.max(
        -demand,
        Math.min(devices[use].nominalPower * per(use, k) - demand, action(k, i) * tank.capacity),
      );
      const energy = Math.min(Math.max(wanted, -tank.maxOutputPower), tank.maxInputPower);
      const before = stored * (1 - tank.lossCoefficient);
      stored = energy >= 0 ? Math.min(before + energy * way, tank.capacity) : Math.max(0, before + energy / way);
      list.push(stored >= before ? (stored - before) / way : (stored - before) * way);
    }
    return list;
  }
  function per(use: 'cooling' | 'heating' | 'dhw', t: number): number {
    if (use !== 'cooling') return devices[use].efficiency;
    const cop = (0.22 * (8 + 273.15)) / (columns.outdoor[t]! - 8);
    return cop < 0 || cop > 20 ? 20 : cop;
  }

  it('books a space heater with the hot-water device’s efficiency, keeps tanks within their powers, and knows no outage', () => {
    const cooling = balances('cooling', 0);
    const heating = balances('heating', 1);
    const dhw = balances('dhw', 2);
    expect(Math.max(...cooling)).toBeCloseTo(1.1, 12);
    expect(Math.min(...heating)).toBeCloseTo(-0.4, 12);
    expect(run.hours.map(({ t }) => t)).toEqual(Array.from({ length: rows }, (_, t) => t));
    for (const { t, block } of run.hours) {
      const c = (columns.coolingDemand[t]! + cooling[t]!) / per('cooling', t);
      const h = (columns.heatingDemand[t]! + heating[t]!) / devices.dhw.efficiency;
      const d = (columns.dhwDemand[t]! + dhw[t]!) / devices.dhw.efficiency;
      const battery = block[F.BATTERY_BALANCE]!;
      const net = c + h + d + battery + columns.load[t]! + columns.solar[t]!;
      expect(block[F.COOLING + F.TANK_BALANCE]).toBe(cooling[t]);
      expect(block[F.HEATING + F.TANK_BALANCE]).toBe(heating[t]);
      expect(block[F.HEATING + F.CONSUMPTION]).toBe(h);
      // In CityLearn's order, to the last bit.
      expect(block[F.NET]).toBe(net);
      expect(block[F.COST]).toBe(net * columns.price[t]!);
      expect(block[F.EMISSION]).toBe(Math.max(0, net * columns.carbon[t]!));
    }
  });
});

describe('action spaces', () => {
  const bounds = (profile: keyof typeof profiles): Record<string, number> =>
    Object.fromEntries(
      openModel(district.buildings[0]!, district, profiles[profile]).actions.map(({ name, low, high }) => {
        expect(low).toBe(-high);
        return [name, high];
      }),
    );
  const greatest = (values: readonly number[]): number => values.reduce((top, value) => Math.max(top, value));

  it.each(['v1', 'v2.0', 'v2.1'] as const)(
    '%s: a battery’s is not capped, a tank’s is the greatest demand',
    (profile) => {
      const { cooling_demand: c, heating_demand: h } = building.columns;
      const float = profiles[profile].float32 ? Math.fround : Number;
      expect(bounds(profile)).toEqual({
        cooling_storage: Math.fround(float(greatest(c!)) / 9),
        heating_storage: Math.fround(float(greatest(h!)) / 5),
        dhw_storage: 1,
        electrical_storage: Math.fround(8 / 6.4),
      });
    },
  );
  it('v2.3: the device’s power over the tank’s capacity, at most 1', () => {
    expect(bounds('v2.3')).toEqual({
      cooling_storage: Math.fround(6 / 9),
      heating_storage: 1,
      dhw_storage: 1,
      electrical_storage: 1,
    });
  });
});
