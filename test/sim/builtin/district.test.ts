import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import { leads } from '../../../sim/data/builtin/column.ts';
import { weatherVariables, type BuildingData } from '../../../sim/data/dataset.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../golden/builtin-district.json', import.meta.url), 'utf8'),
) as Record<string, string>;

function columnsOf(building: BuildingData): [string, Float64Array][] {
  return [
    ...Object.entries(building.energy),
    ...Object.entries(building.weather),
    ...Object.entries(building.pricing!),
    ['carbon_intensity', building.carbon!],
  ];
}

function bytesOf(building: BuildingData): Buffer {
  return Buffer.concat(columnsOf(building).map(([, values]) => new Uint8Array(values.buffer)));
}

describe('the built-in district', () => {
  const district = builtinDistrict();

  it('has the bits the shipped models were trained on', () => {
    expect(district.hash).toBe(golden['seed 0']);
    expect(builtinDistrict({ seed: 1 }).hash).toBe(golden['seed 1']);
    expect(builtinDistrict({ seed: Number.MAX_SAFE_INTEGER }).hash).toBe(golden['seed 9007199254740991']);
  });

  it('gives equal columns for equal seeds', () => {
    const again = builtinDistrict({ seed: 0 });
    district.buildings.forEach((building, k) =>
      expect(bytesOf(again.buildings[k]!).equals(bytesOf(building))).toBe(true),
    );
  });

  it('refuses a seed that is none', () => {
    expect(() => builtinDistrict({ seed: 0.5 })).toThrow(ShapeError);
    expect(() => builtinDistrict({ seed: -1 })).toThrow('seed is -1');
  });

  it('is one year by the hour of eight buildings with a battery and panels each', () => {
    expect([district.start, district.end, district.secondsPerTimeStep]).toEqual([0, 8759, 3600]);
    expect(district.buildings.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((k) => `Building_${k}`));
    expect(district.buildings[0]).toMatchObject({
      devices: {
        electrical_storage: { kind: 'Battery', attributes: { capacity: 6.4, nominal_power: 5, efficiency: 0.9 } },
        pv: { kind: 'PV', attributes: { nominal_power: 4 } },
      },
    });
    for (const building of district.buildings) {
      expect(building.devices.electrical_storage!.attributes['capacity']).toBeGreaterThan(0);
      expect(building.devices.pv!.attributes['nominal_power']).toBeGreaterThan(0);
      expect(columnsOf(building)).toHaveLength(19 + 16 + 4 + 1);
      for (const [name, values] of columnsOf(building)) expect([name, values.length]).toEqual([name, building.rows]);
    }
  });

  it('has a calendar that agrees with a clock', () => {
    const { month, hour, day_type: dayType } = district.buildings[0]!.energy;
    const first = Date.UTC(2022, 7, 1); // 1 August 2022 was a Monday, and no leap day follows within the year
    for (let row = 0; row < 8760; row++) {
      const date = new Date(first + row * 3_600_000);
      const expected = [date.getUTCMonth() + 1, date.getUTCHours() + 1, ((date.getUTCDay() + 6) % 7) + 1];
      expect([month[row], hour[row], dayType[row]]).toEqual(expected);
    }
  });

  it('holds finite multiples of a power of ten that survive decimal text', () => {
    for (const building of district.buildings) {
      for (const [name, values] of columnsOf(building)) {
        const odd = values.findIndex(
          (value) => !Object.is(Number(value.toFixed(5)), value) || !/^-?\d+(\.\d{1,5})?$/.test(`${value}`),
        );
        expect([name, odd]).toEqual([name, -1]);
      }
    }
  });

  it('forecasts what will be measured, and the first day at the end of the last', () => {
    const { weather, pricing } = district.buildings[0]!;
    for (const lead of [1, 2, 3] as const) {
      for (let row = 0; row < 8760; row += 7) {
        const later = (row + leads[lead]) % 8760;
        for (const name of weatherVariables)
          expect(weather[`${name}_predicted_${lead}`][row]).toBe(weather[name][later]);
        expect(pricing![`electricity_pricing_predicted_${lead}`][row]).toBe(pricing!.electricity_pricing[later]);
      }
    }
  });

  it('stays physical for any seed', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        for (const { energy, weather, carbon } of builtinDistrict({ seed }).buildings) {
          expect(energy.non_shiftable_load.every((value) => value > 0 && value < 20)).toBe(true);
          expect(energy.solar_generation.every((value) => value >= 0 && value <= 950)).toBe(true);
          expect(energy.indoor_dry_bulb_temperature.every((value) => value > 8 && value < 36)).toBe(true);
          expect(weather.outdoor_dry_bulb_temperature.every((value) => value > -15 && value < 50)).toBe(true);
          expect(weather.outdoor_relative_humidity.every((value) => value >= 5 && value <= 100)).toBe(true);
          expect(weather.direct_solar_irradiance.every((value) => value >= 0 && value < 1000)).toBe(true);
          expect(weather.diffuse_solar_irradiance.every((value) => value >= 0 && value < 500)).toBe(true);
          expect(carbon!.every((value) => value >= 0.05 && value <= 0.45)).toBe(true);
        }
      }),
      { numRuns: 8 },
    );
  });
});
