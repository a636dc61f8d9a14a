import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { toPhysical } from '../../../core/space.ts';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import type { BuildingData, District } from '../../../sim/data/dataset.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import { observationTable } from '../../../sim/district/observation.ts';
import type { Normalisation, ObservationTable } from '../../../sim/district/observation.ts';
import { profiles } from '../../../sim/district/profile.ts';

const district = builtinDistrict();
const building = district.buildings[0]!;
const profile = profiles['v2.0'];
const table = (
  normalisation: Normalisation,
  data: BuildingData = building,
  [start, end]: readonly [number, number] = [0, 8759],
): ObservationTable => observationTable(data, start, end, profile, normalisation);

/** The columns behind the features, in the order of specs/bifurcation.md 1.4; undefined where the battery decides. */
function columns({ energy, weather, pricing, carbon, pvNominalPower }: BuildingData): (Float64Array | undefined)[] {
  const wave = (column: Float64Array, period: number): Float64Array[] =>
    [Math.cos, Math.sin].map((f) => column.map((value) => f((2 * Math.PI * value) / period)));
  return [
    ...wave(energy.month, 12),
    ...wave(energy.day_type, 8),
    ...wave(energy.hour, 24),
    weather.outdoor_dry_bulb_temperature,
    weather.outdoor_dry_bulb_temperature_predicted_1,
    weather.outdoor_dry_bulb_temperature_predicted_2,
    weather.outdoor_dry_bulb_temperature_predicted_3,
    weather.outdoor_relative_humidity,
    weather.outdoor_relative_humidity_predicted_1,
    weather.outdoor_relative_humidity_predicted_2,
    weather.outdoor_relative_humidity_predicted_3,
    weather.diffuse_solar_irradiance,
    weather.diffuse_solar_irradiance_predicted_1,
    weather.diffuse_solar_irradiance_predicted_2,
    weather.diffuse_solar_irradiance_predicted_3,
    weather.direct_solar_irradiance,
    weather.direct_solar_irradiance_predicted_1,
    weather.direct_solar_irradiance_predicted_2,
    weather.direct_solar_irradiance_predicted_3,
    carbon!,
    energy.non_shiftable_load,
    energy.solar_generation.map((watts) => (watts * pvNominalPower) / 1000),
    undefined,
    undefined,
    pricing!.electricity_pricing,
    pricing!.electricity_pricing_predicted_1,
    pricing!.electricity_pricing_predicted_2,
    pricing!.electricity_pricing_predicted_3,
  ];
}

describe('observations', () => {
  it.each(['fixed', 'citylearn-2.0.0'] as const)(
    '%s: physical values come back from the features, in order',
    (name) => {
      const { features, rows } = table(name);
      const expected = columns(building);
      expect(features).toHaveLength(31);
      expected.forEach((column, j) => {
        if (column === undefined) return;
        const span = features[j]!.high - features[j]!.low;
        for (let t = 0; t < 8760; t++) {
          const error = Math.abs(toPhysical(features[j]!, rows[t * 31 + j]!) - column[t]!);
          if (error > 1e-7 * span) expect.fail(`${features[j]!.name} at ${t}: ${error} of ${span}`);
        }
      });
    },
  );

  it('the two normalisations differ in solar generation and net consumption only', () => {
    const [fixed, original] = [table('fixed'), table('citylearn-2.0.0')];
    expect(fixed.features.map(({ name, unit }) => [name, unit])).toEqual(
      original.features.map(({ name, unit }) => [name, unit]),
    );
    const differing = fixed.features.flatMap(({ name, low, high }, j) =>
      low === original.features[j]!.low && high === original.features[j]!.high ? [] : [name],
    );
    expect(differing).toEqual(['solar_generation', 'net_electricity_consumption']);
    for (let i = 0; i < fixed.rows.length; i++)
      if (i % 31 !== 24 && fixed.rows[i] !== original.rows[i])
        expect.fail(`row ${Math.floor(i / 31)}, feature ${i % 31}`);
    // kWh in the one, W/kW in the other.
    const [kwh, watts] = [fixed.features[24]!.high, original.features[24]!.high];
    expect(kwh).toBeCloseTo((watts * building.pvNominalPower) / 1000, 12);
  });

  it('limits are those of the simulation range, not of the file', () => {
    const week = table('fixed', building, [100, 267]);
    const load = building.energy.non_shiftable_load.subarray(100, 268);
    expect(week.rows).toHaveLength(168 * 31);
    expect(week.features[23]).toMatchObject({ low: Math.min(...load), high: Math.max(...load) });
    expect(week.rows[23]).toBe(Math.fround((load[0]! - Math.min(...load)) / (Math.max(...load) - Math.min(...load))));
  });

  it('a constant feature is 0 and nothing is ever NaN', () => {
    const zeros = new Float64Array(8760);
    const still: BuildingData = {
      ...building,
      energy: { ...building.energy, non_shiftable_load: zeros, solar_generation: zeros },
      pricing: null,
      carbon: null,
      battery: null,
      pvNominalPower: 0,
    };
    const bare: District = { ...district, buildings: [still] };
    const env = districtEnv({
      district: bare,
      lanes: [{ building: 0 }],
      profile,
      reward: 'SolarPenaltyReward',
      normalisation: 'citylearn-2.0.0',
    });
    const { features } = env.observationSpace;
    const constant = features.flatMap(({ low, high }, j) => (low === high ? [j] : []));
    expect(constant.map((j) => features[j]!.name)).toEqual([
      'carbon_intensity',
      'non_shiftable_load',
      'solar_generation',
      'net_electricity_consumption',
      'electricity_pricing',
      'electricity_pricing_predicted_6h',
      'electricity_pricing_predicted_12h',
      'electricity_pricing_predicted_24h',
    ]);
    let { observation } = env.reset(rng(0));
    for (let t = 0; t < 100; t++) {
      for (const j of constant) expect(observation[j]).toBe(0);
      expect(observation.every(Number.isFinite)).toBe(true);
      const batch = env.step(Float64Array.of(0.5));
      expect(Math.abs(batch.reward[0]!)).toBe(0);
      ({ observation } = batch);
    }
  });
});
