import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import type { DeviceData, DeviceKey, DeviceKind } from '../../../sim/data/dataset.ts';
import { interpolate, interpolateClamped } from '../../../sim/district/battery.ts';
import { deviceSeed } from '../../../sim/district/device-seed.ts';
import { resolveDevices } from '../../../sim/district/devices.ts';
import type { Columns, Devices } from '../../../sim/district/model.ts';
import { RandomState } from '../../../sim/district/numpy-random.ts';
import { profiles } from '../../../sim/district/profile.ts';
import type { ProfileName } from '../../../sim/district/profile.ts';
import { bareModel } from '../../support/bare-model.ts';

const names = Object.keys(profiles) as readonly ProfileName[];

function device(kind: DeviceKind, attributes: DeviceData['attributes'], more: Partial<DeviceData> = {}): DeviceData {
  return {
    kind,
    className: `citylearn.energy_model.${kind}`,
    autosize: false,
    autosizeAttributes: {},
    attributes,
    ...more,
  };
}

function resolve(
  profileName: ProfileName,
  devices: Readonly<Partial<Record<DeviceKey, DeviceData>>>,
  columns: Partial<Columns> = {},
  randomSeed = 2022,
): Devices {
  const profile = profiles[profileName];
  const model = bareModel(profile, {
    rows: columns.outdoor?.length ?? 2,
    columns: {},
    observations: [],
    data: { devices },
  });
  return resolveDevices(model.data, { ...model.district, randomSeed }, profile, { ...model.columns, ...columns });
}

describe('defaults', () => {
  it('are one draw of the device’s own seed for all its attributes, or constants', () => {
    const { battery } = resolve('v2.3', { electrical_storage: device('Battery', { capacity: 6.4, nominal_power: 5 }) });
    const seed = deviceSeed(
      'Building_1',
      'citylearn.citylearn.Building',
      'electrical_storage',
      'citylearn.energy_model.Battery',
      2022,
    );
    const u = new RandomState(seed).randomSample();
    expect((battery.efficiency - 0.9) / 0.08).toBeCloseTo(u, 12);
    expect((battery.lossCoefficient - 0.001) / 0.008).toBeCloseTo(u, 12);
    expect((battery.capacityLossCoefficient - 1e-5) / 9e-5).toBeCloseTo(u, 12);
    expect((battery.powerEfficiency.x[1]! - 0.25) / 0.1).toBeCloseTo(u, 12);
    expect((battery.capacityPower.y[2]! - 0.2) / 0.1).toBeCloseTo(u, 12);
    expect(battery.powerEfficiency.y[3]).toBe(battery.efficiency);

    for (const name of ['v2.0', 'v2.1'] as const) {
      const fixed = resolve(name, { electrical_storage: device('Battery', { capacity: 6.4, nominal_power: 5 }) });
      expect(fixed.battery).toMatchObject({ efficiency: 0.9, lossCoefficient: 0.006, capacityLossCoefficient: 1e-5 });
      expect([...fixed.battery.powerEfficiency.y]).toEqual([0.83, 0.83, 0.9, 0.9, 0.85]);
      expect(fixed.dhw).toMatchObject({ kind: 'ElectricHeater', efficiency: 0.9, nominalPower: 0 });
      expect(fixed.cooling).toMatchObject({ kind: 'HeatPump', efficiency: 0.2, targetCooling: 8, targetHeating: 45 });
      expect(fixed.coolingTank).toMatchObject({ efficiency: 0.9, lossCoefficient: 0.006, initialSoc: 0, capacity: 0 });
    }
  });

  it('give way to what the schema says, null apart, and take its seed', () => {
    const given = { capacity: 3, efficiency: 0.7, loss_coefficient: 0.5, initial_soc: 0.4, max_input_power: 2 };
    for (const name of names) {
      const { dhwTank } = resolve(name, { dhw_storage: device('StorageTank', { ...given, max_output_power: null }) });
      expect(dhwTank).toEqual({
        capacity: 3,
        efficiency: 0.7,
        lossCoefficient: 0.5,
        initialSoc: 0.4,
        maxInputPower: 2,
        maxOutputPower: Infinity,
      });
    }
    const seeded = (seed: number | null, randomSeed: number): number =>
      resolve('head', { dhw_device: device('ElectricHeater', { random_seed: seed }) }, {}, randomSeed).dhw.efficiency;
    expect(seeded(7, 1)).toBe(0.9 + (0.99 - 0.9) * new RandomState(7).randomSample());
    expect(seeded(7, 2)).toBe(seeded(7, 1));
    expect(seeded(null, 2)).not.toBe(seeded(null, 1));
  });

  it('keep every drawn curve within what a battery may have, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom<ProfileName>('v2.3', 'head', 'v3'), (seed, name) => {
        const { battery } = resolve(
          name,
          { electrical_storage: device('Battery', { capacity: 4, nominal_power: 2 }) },
          {},
          seed,
        );
        const lookup = name === 'v3' ? interpolateClamped : interpolate;
        for (let i = 0; i <= 20; i++) {
          expect(lookup(battery.powerEfficiency, i / 20)).toBeGreaterThan(0.7);
          expect(lookup(battery.powerEfficiency, i / 20)).toBeLessThanOrEqual(battery.efficiency);
          expect(lookup(battery.capacityPower, i / 20)).toBeGreaterThanOrEqual(0.2);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('start a battery at the bottom of its depth of discharge; v1 counts in kWh and starts empty', () => {
    const attributes = { capacity: 4, nominal_power: 2, depth_of_discharge: 0.8 };
    for (const name of ['v2.0', 'v2.1', 'v2.3', 'head', 'v3'] as const)
      expect(resolve(name, { electrical_storage: device('Battery', attributes) }).battery.initialSoc).toBe(1 - 0.8);
    expect(resolve('v1', { electrical_storage: device('Battery', attributes) }).battery.initialSoc).toBe(0);
    const kwh = device('Battery', { ...attributes, initial_soc: 3 });
    expect(resolve('v1', { electrical_storage: kwh }).battery.initialSoc).toBe(3);
    expect(() => resolve('v2.3', { electrical_storage: kwh })).toThrow('initial_soc is 3, expected a number in [0, 1]');
  });

  it('make a size of 0 a tiny one in v1 only', () => {
    for (const name of names) {
      const devices = resolve(name, {});
      const size = name === 'v1' ? 1e-5 : 0;
      for (const key of ['cooling', 'heating', 'dhw'] as const) {
        expect(devices[key].nominalPower).toBe(size);
        expect(devices[`${key}Tank`].capacity).toBe(size);
      }
      expect([devices.battery.capacity, devices.battery.nominalPower, devices.pvNominalPower]).toEqual([
        size,
        size,
        size,
      ]);
    }
  });
});

describe('sizing', () => {
  const sized = (kind: DeviceKind, safety: number | null, attributes: DeviceData['attributes'] = {}): DeviceData =>
    device(kind, attributes, { autosize: true, autosizeAttributes: { safety_factor: safety } });
  const hours = fc.array(
    fc.record({
      demand: fc.nat(5000).map((n) => n / 100),
      outdoor: fc.double({ min: -30, max: 45, noNaN: true }),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );

  it('makes a heat pump just large enough for the hardest hour', () => {
    fc.assert(
      fc.property(hours, fc.constantFrom(...names), (rows, name) => {
        const round = profiles[name].float32 ? Math.fround : (value: number) => value;
        const demand = Float64Array.from(rows, (row) => round(row.demand));
        const outdoor = Float64Array.from(rows, (row) => round(row.outdoor));
        const pump = { efficiency: 0.22, target_cooling_temperature: 8, target_heating_temperature: 45 };
        const { cooling, heating } = resolve(
          name,
          { cooling_device: sized('HeatPump', null, pump), heating_device: sized('HeatPump', 2, pump) },
          { coolingDemand: demand, heatingDemand: demand, outdoor },
        );
        const needs = (target: number, sign: number): number =>
          Math.max(
            ...rows.map((_, row) => {
              const cop = (0.22 * (target + 273.15)) / (sign * (outdoor[row]! - target));
              return demand[row]! / (cop < 0 || cop > 20 ? 20 : cop);
            }),
          );
        const least = name === 'v1' ? 1e-5 : 0;
        const expected = Math.max(needs(8, 1), least);
        expect(Math.abs(cooling.nominalPower - expected)).toBeLessThanOrEqual(1e-6 * expected);
        const doubled = Math.max(2 * needs(45, -1), least);
        expect(Math.abs(heating.nominalPower - doubled)).toBeLessThanOrEqual(1e-6 * doubled);
      }),
    );
  });

  it('makes heaters and tanks as large as the largest demand asks, times the safety factor', () => {
    const columns = {
      dhwDemand: Float64Array.of(1, 6, 2),
      coolingDemand: Float64Array.of(0, 3, 8),
      outdoor: Float64Array.of(9, 9, 9),
    };
    const devices = {
      dhw_device: sized('ElectricHeater', 1.5, { efficiency: 0.75 }),
      dhw_storage: sized('StorageTank', 3),
      cooling_storage: sized('StorageTank', null),
    };
    for (const name of names) {
      const resolved = resolve(name, devices, columns);
      expect(resolved.dhw.nominalPower).toBe(12);
      expect(resolved.dhwTank.capacity).toBe(18);
    }
    expect(resolve('v2.0', devices, columns).coolingTank.capacity).toBe(8);
    const { coolingTank } = resolve('v2.3', devices, columns);
    // Without a safety factor it is drawn from [1, 2] with the number that the efficiency is drawn with.
    expect(coolingTank.capacity / 8 - 1).toBeCloseTo((coolingTank.efficiency - 0.9) / 0.08, 12);
  });

  it('refuses what needs data that are not there', () => {
    expect(() => resolve('v2.3', { pv: sized('PV', null) })).toThrow(/Building_1\/pv\/autosize.*PySAM/);
    expect(() => resolve('head', { electrical_storage: sized('Battery', null) })).toThrow(
      /electrical_storage\/autosize.*battery models/,
    );
  });
});

describe('what makes no sense is refused by name and place', () => {
  const battery = { capacity: 4, nominal_power: 2 };
  it.each<[DeviceKey, DeviceKind, DeviceData['attributes'], RegExp]>([
    [
      'electrical_storage',
      'Battery',
      { ...battery, capacity: -1 },
      /attributes\/capacity: capacity is -1, expected a number ≥ 0/,
    ],
    ['electrical_storage', 'Battery', { ...battery, nominal_power: Infinity }, /nominal_power is Infinity/],
    ['electrical_storage', 'Battery', { ...battery, depth_of_discharge: 1.5 }, /depth_of_discharge is 1.5/],
    ['electrical_storage', 'Battery', { ...battery, loss_coefficient: Number.NaN }, /loss_coefficient is null|NaN/],
    ['electrical_storage', 'Battery', { ...battery, power_efficiency_curve: [[0, 0.8]] }, /at least two points/],
    ['electrical_storage', 'Battery', { ...battery, power_efficiency_curve: [[0, 0.8], [0, 0.9]] }, /ascending x/], // prettier-ignore
    ['electrical_storage', 'Battery', { ...battery, power_efficiency_curve: 0.9 }, /expected points/],
    ['electrical_storage', 'Battery', { ...battery, power_efficiency_curve: [[0, 0], [1, 0.9]] }, /efficiency of 0 at 0/], // prettier-ignore
    // Beyond its last knot the first segment goes on: 0.5 + 0.5·0.9/0.4 > 1.
    ['electrical_storage', 'Battery', { ...battery, power_efficiency_curve: [[0, 0.5], [0.4, 1], [0.9, 0.9]] }, /efficiency of 1\.\d+ at 0.9/], // prettier-ignore
    ['electrical_storage', 'Battery', { ...battery, capacity_power_curve: [[0, 1], [1, -0.1]] }, /gives -0.1\d* of the nominal power/], // prettier-ignore
    ['dhw_storage', 'StorageTank', { capacity: 1, efficiency: 0 }, /efficiency is 0, expected a number in \(0, 1\]/],
    ['dhw_storage', 'StorageTank', { capacity: 1, efficiency: 1.1 }, /efficiency is 1.1/],
    ['dhw_storage', 'StorageTank', { capacity: 1, max_input_power: -2 }, /max_input_power is -2/],
    ['dhw_storage', 'StorageTank', { capacity: 1, efficiency_scaling: 1 }, /efficiency_scaling is 1/],
    ['dhw_storage', 'Battery', battery, /dhw_storage\/type: is a citylearn.energy_model.Battery, expected StorageTank/],
    ['cooling_device', 'ElectricHeater', {}, /expected HeatPump/],
    ['heating_device', 'HeatPump', { target_heating_temperature: -400 }, /target_heating_temperature is -400/],
    ['pv', 'PV', { nominal_power: -1 }, /pv\/attributes\/nominal_power/],
  ])('%s %s %j', (key, kind, attributes, message) => {
    const open = () => resolve('v2.3', { [key]: device(kind, attributes) });
    expect(open).toThrow(ConfigError);
    expect(open).toThrow(message);
  });

  it('but a curve that is never read where it is wrong is taken', () => {
    const curve = [[0, 0.5], [0.4, 1], [0.9, 0.9]] as const; // prettier-ignore
    const weak = [[0, 0.5], [1, 0.5]] as const; // prettier-ignore
    const never = device('Battery', { ...battery, power_efficiency_curve: curve, capacity_power_curve: weak });
    expect([...resolve('v2.3', { electrical_storage: never }).battery.powerEfficiency.x]).toEqual([0, 0.4, 0.9]);
    const clamped = device('Battery', { ...battery, power_efficiency_curve: curve });
    expect(resolve('v3', { electrical_storage: clamped }).battery.capacity).toBe(4);
  });
});
