import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toPhysical } from '../../../core/space.ts';
import { energyColumns, weatherVariables } from '../../../sim/data/dataset.ts';
import { BATTERY_SOC, COOLING, FROM_DEVICE, NET, TANK_BALANCE } from '../../../sim/district/hour.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { observationPlan } from '../../../sim/district/observation.ts';
import type { Normalisation } from '../../../sim/district/observation.ts';
import { profiles } from '../../../sim/district/profile.ts';
import type { Profile, ProfileName } from '../../../sim/district/profile.ts';
import { bareModel, emptyHour, noBattery, noConverter } from '../../support/bare-model.ts';
import type { BareBuilding, NamedColumns } from '../../support/bare-model.ts';
import { sharedBuilding } from '../../support/golden-observation.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

const forecast = [...weatherVariables, 'electricity_pricing'].flatMap((name) => [
  name,
  ...[1, 2, 3].map((step) => `${name}_predicted_${step}`),
]);
const uses = ['cooling', 'heating', 'dhw'] as const;
/** Every name of specs/citylearn.md 11 that a building itself shows. */
const everything = [
  ...energyColumns,
  ...forecast,
  'carbon_intensity',
  'electrical_storage_soc',
  'electrical_storage_electricity_consumption',
  'net_electricity_consumption',
  'indoor_dry_bulb_temperature_cooling_delta',
  'indoor_dry_bulb_temperature_heating_delta',
  ...uses.flatMap((use) => [
    `${use}_storage_soc`,
    `${use}_electricity_consumption`,
    `${use}_storage_electricity_consumption`,
    `${use}_device_efficiency`,
  ]),
];
const observed = (names: readonly string[]): BareBuilding['observations'] =>
  names.map((name) => ({ name, active: true, shared: false }));

const rows = 48;
/** Plausible numbers, a different sequence a column. */
const columns: NamedColumns = Object.fromEntries([
  ...[...energyColumns, ...forecast, 'carbon_intensity'].map((name, j): [string, Float64Array] => [
    name,
    Float64Array.from({ length: rows }, (_, row) => 5 + 3 * Math.sin(row * (j + 1)) + j),
  ]),
  ['month', Float64Array.from({ length: rows }, (_, row) => 1 + (row % 12))],
  ['day_type', Float64Array.from({ length: rows }, (_, row) => 1 + (row % 7))],
  ['hour', Float64Array.from({ length: rows }, (_, row) => 1 + (row % 24))],
  ['minutes', Float64Array.from({ length: rows }, (_, row) => 15 * (row % 4))],
]);
const devices = {
  cooling: { ...noConverter, nominalPower: 4 },
  heating: { ...noConverter, nominalPower: 3 },
  pvNominalPower: 4,
  battery: { ...noBattery, nominalPower: 5, capacity: 6.4 },
};
const names = Object.keys(profiles) as ProfileName[];

function model(profile: Profile, shown: readonly string[], changes: Partial<BareBuilding> = {}): BuildingModel {
  return bareModel(profile, { rows, columns, observations: observed(shown), devices, ...changes });
}

describe('observations', () => {
  it.each(names)('%s: the normalised view is the raw one, between its limits', (name) => {
    const profile = profiles[name];
    const plan = observationPlan(model(profile, everything), 'fixed');
    expect(plan.names).toHaveLength(everything.length);
    const raw = new Float64Array(plan.names.length);
    const normalised = new Float32Array(plan.features.length);
    const block = emptyHour(model(profile, everything));
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: block.length, maxLength: block.length }),
        fc.nat(rows - 1),
        (values, row) => {
          const hours = Float64Array.from(values, profile.float32 ? Math.fround : Number);
          plan.read(hours, 0, row, raw, 0);
          plan.write(hours, 0, row, normalised, 0);
          let j = 0;
          plan.names.forEach((one, i) => {
            const feature = plan.features[j]!;
            if (feature.name === one) {
              expect([feature.low, feature.high]).toEqual([plan.low[i], plan.high[i]]);
              const span = feature.high - feature.low;
              const back = span === 0 ? feature.low : toPhysical(feature, normalised[j]!);
              if (span !== 0)
                expect(Math.abs(back - raw[i]!)).toBeLessThanOrEqual(
                  2e-7 * (Math.abs(raw[i]!) + span + Math.abs(feature.low)),
                );
              else expect(normalised[j]).toBe(0);
              j++;
              return;
            }
            const period = { month: 12, day_type: profile.dayTypes, hour: 24, minutes: 60 }[one]!;
            const angle = (2 * Math.PI * raw[i]!) / period;
            const [cos, sin] = [feature, plan.features[j + 1]!];
            expect([cos.name, sin.name]).toEqual([`${one}_cos`, `${one}_sin`]);
            expect(toPhysical(cos, normalised[j]!)).toBeCloseTo(Math.cos(angle), 6);
            expect(toPhysical(sin, normalised[j + 1]!)).toBeCloseTo(Math.sin(angle), 6);
            j += 2;
          });
          expect(j).toBe(normalised.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('in v2.1 are those of v2.0, but for the solar column, whose limits are kWh', () => {
    const shown = ['indoor_dry_bulb_temperature', 'cooling_demand', 'day_type', 'direct_solar_irradiance_predicted_2'];
    const plan = observationPlan(model(profiles['v2.1'], [...shown, 'solar_generation']), 'citylearn-2.0.0');
    expect(plan.names.slice(0, 4)).toEqual([...shown.slice(0, 3), 'direct_solar_irradiance_predicted_12h']);
    const single = (name: string): number[] => [...columns[name]!].map(Math.fround);
    const [temperature, demand] = [single('indoor_dry_bulb_temperature'), single('cooling_demand')];
    expect(plan.low[0]).toBeCloseTo(Math.min(...temperature) - 10, 5);
    expect(plan.high[0]).toBeCloseTo(Math.max(...temperature) + 10, 5);
    expect(plan.high[1]).toBeCloseTo(Math.max(...demand) * 1.15, 5);
    const solar = model(profiles['v2.1'], shown).columns.solar;
    expect(plan.high[4]).toBeCloseTo(Math.max(...solar.map(Math.abs)), 6);
    const raw = model(profiles['v2.0'], ['solar_generation']);
    expect(observationPlan(raw, 'citylearn-2.0.0').high[0]).toBe(Math.max(...columns['solar_generation']!));
    // Thursday is 4 of 8, half a turn.
    const day = plan.features.findIndex(({ name }) => name === 'day_type_cos');
    const out = new Float32Array(plan.features.length);
    plan.write(emptyHour(model(profiles['v2.1'], shown)), 0, 3, out, 0);
    expect(columns['day_type']![3]).toBe(4);
    expect(toPhysical(plan.features[day]!, out[day]!)).toBeCloseTo(-1, 6);
  });

  it('writes where it is told and reads the lane it is told', () => {
    const one = model(profiles['v2.3'], ['electrical_storage_soc', 'hour', 'net_electricity_consumption']);
    const plan = observationPlan(one, 'fixed');
    const stride = emptyHour(one).length;
    const hours = new Float64Array(3 * stride);
    hours[2 * stride + BATTERY_SOC] = 0.25;
    hours[2 * stride + NET] = 2;
    const raw = new Float64Array(5).fill(-9);
    plan.read(hours, 2 * stride, 4, raw, 1);
    expect([...raw]).toEqual([-9, 0.25, 5, 2, -9]);
    const out = new Float32Array(6).fill(-9);
    plan.write(hours, 2 * stride, 4, out, 1);
    expect([out[0], out[1], out[5]]).toEqual([-9, 0.25, -9]);
  });

  it('demand is what reached the rooms: from the device, and what the tank gave but not what it took', () => {
    const plan = observationPlan(
      model(profiles['v2.3'], ['cooling_demand', 'cooling_storage_electricity_consumption']),
      'fixed',
    );
    const hours = emptyHour(model(profiles['v2.3'], []));
    const raw = new Float64Array(2);
    hours[COOLING + FROM_DEVICE] = 3;
    hours[COOLING + TANK_BALANCE] = -2;
    plan.read(hours, 0, 0, raw, 0);
    expect(raw[0]).toBe(5);
    hours[COOLING + TANK_BALANCE] = 2;
    plan.read(hours, 0, 0, raw, 0);
    expect(raw[0]).toBe(3);
    const cop = (0.2 * (8 + 273.15)) / (Math.fround(columns['outdoor_dry_bulb_temperature']![0]!) - 8);
    expect(raw[1]).toBeCloseTo(2 / (cop > 0 && cop < 20 ? cop : 20), 6);
    expect(raw[1]).toBe(Math.fround(raw[1]!));
  });

  it('v1 shows the file’s demand; v3 a tank’s electricity at the hour before', () => {
    const hours = emptyHour(model(profiles.v1, []));
    hours[COOLING + FROM_DEVICE] = 3;
    hours[COOLING + TANK_BALANCE] = 1;
    const raw = new Float64Array(1);
    observationPlan(model(profiles.v1, ['cooling_demand']), 'fixed').read(hours, 0, 7, raw, 0);
    expect(raw[0]).toBe(columns['cooling_demand']![7]);
    const storage = 'cooling_storage_electricity_consumption';
    const at = (profile: Profile, row: number): number => {
      observationPlan(model(profile, [storage]), 'fixed').read(hours, 0, row, raw, 0);
      return raw[0]!;
    };
    expect(at(profiles.v3, 9)).toBe(at(profiles.head, 8));
    expect(at(profiles.v3, 9)).not.toBe(at(profiles.head, 9));
  });

  it('limits are those of the simulation range, and blanks are passed over', () => {
    const blank = {
      ...columns,
      indoor_relative_humidity: new Float64Array(rows).fill(NaN),
      occupant_count: columns['hour']!.map((hour) => (hour < 4 ? NaN : hour)),
    };
    const plan = observationPlan(
      model(profiles['v2.3'], ['indoor_relative_humidity', 'occupant_count'], { columns: blank }),
      'fixed',
    );
    expect([...plan.low]).toEqual([0, 4]);
    expect([...plan.high]).toEqual([0, 24]);
    const out = new Float32Array(2);
    const raw = new Float64Array(2);
    plan.write(new Float64Array(60), 0, 0, out, 0);
    plan.read(new Float64Array(60), 0, 0, raw, 0);
    expect([...out]).toEqual([0, 0]);
    expect([...raw]).toEqual([NaN, NaN]);
  });

  it('a building’s inactive observations are left out, under either name', () => {
    const shown = ['hour', 'electricity_pricing_predicted_1', 'solar_generation'];
    const hidden = (profile: Profile, ...inactiveObservations: string[]): readonly string[] =>
      observationPlan(model(profile, shown, { data: { inactiveObservations } }), 'fixed').names;
    expect(hidden(profiles.v1)).toEqual(['hour', 'electricity_pricing_predicted_6h', 'solar_generation']);
    expect(hidden(profiles.v1, 'electricity_pricing_predicted_6h')).toEqual(['hour', 'solar_generation']);
    expect(hidden(profiles['v2.3'], 'electricity_pricing_predicted_1', 'hour')).toEqual(['solar_generation']);
  });

  it('an observation that there is not is named with its place', () => {
    expect(() => observationPlan(model(profiles['v2.3'], ['solar_generatoin']), 'fixed')).toThrow(
      /\/observations\/solar_generatoin: unknown observation 'solar_generatoin'. Did you mean 'solar_generation'/,
    );
  });
});

describe.skipIf(sharedMissing)('observations of CityLearn 2.0.0 (needs ../shared)', () => {
  const folder = sharedPath('golden/citylearn/v2.0.0/citylearn_challenge_2022_phase_2.Building_6');
  const building = (normalisation: Normalisation): ReturnType<typeof observationPlan> =>
    observationPlan(
      sharedBuilding('datasets/citylearn_challenge_2022_phase_2', 'Building_6', profiles['v2.0'], {
        pvNominalPower: 4,
        battery: { ...noBattery, nominalPower: 5, capacity: 6.4 },
      }),
      normalisation,
    );

  // The published files are of another release, with fewer digits: limits differ by up to 3e-6.
  it('limits', () => {
    const golden = JSON.parse(readFileSync(`${folder}/observation_limits.json`, 'utf8')) as Record<string, unknown[]>;
    const { features } = building('citylearn-2.0.0');
    expect(features.map(({ name }) => name)).toEqual(golden['names']);
    features.forEach(({ name, low, high }, j) => {
      const [least, most] = [golden['low']![j] as number, golden['high']![j] as number];
      if (!(Math.abs(low - least) <= 5e-6 * Math.abs(least))) expect.fail(`${name}: low ${low}, expected ${least}`);
      if (!(Math.abs(high - most) <= 5e-6 * Math.abs(most))) expect.fail(`${name}: high ${high}, expected ${most}`);
    });
  });

  it('500 hours of a run', () => {
    const golden = numberColumns(`${folder}/hour_rbc.observations.first500.csv.gz`);
    const run = numberColumns(`${folder}/hour_rbc.trajectory.csv.gz`);
    const plan = building('citylearn-2.0.0');
    const out = new Float32Array(31);
    const hours = new Float64Array(60);
    for (let row = 0; row < 500; row++) {
      hours[NET] = run['net_kwh']![row]!;
      hours[BATTERY_SOC] = run['soc']![row]!;
      plan.write(hours, 0, row, out, 0);
      plan.features.forEach(({ name }, j) => {
        const error = Math.abs(out[j]! - golden[name]![row]!);
        if (!(error <= 2e-7)) expect.fail(`${name} at ${row}: off by ${error}`);
      });
    }
  });

  it('the two normalisations differ in solar generation and net consumption only, W/kW and kWh', () => {
    const [fixed, original] = [building('fixed'), building('citylearn-2.0.0')];
    const differing = fixed.features.flatMap(({ low, high }, j) =>
      low === original.features[j]!.low && high === original.features[j]!.high ? [] : [j],
    );
    expect(differing.map((j) => fixed.features[j]!.name)).toEqual(['solar_generation', 'net_electricity_consumption']);
    const [kwh, watts] = [fixed.features[24]!.high, original.features[24]!.high];
    expect(kwh).toBeCloseTo((watts * 4) / 1000, 12);
  });
});
