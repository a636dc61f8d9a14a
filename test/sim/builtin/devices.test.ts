import { describe, expect, it } from 'vitest';
import { yearCalendar } from '../../../sim/data/builtin/calendar.ts';
import { irradianceUnder } from '../../../sim/data/builtin/irradiance.ts';
import { pvGeneration, type PvArray } from '../../../sim/data/builtin/pv.ts';
import { sunPath } from '../../../sim/data/builtin/sun.ts';
import { thermalStep, type Envelope, type ThermalStep } from '../../../sim/data/builtin/thermal.ts';
import type { WeatherColumn } from '../../../sim/data/dataset.ts';
import { sum } from './statistics.ts';

const calendar = yearCalendar();
const sun = sunPath(38, calendar);
const sky = irradianceUnder(new Float64Array(8760), sun);

/** Clear sky all year at one temperature. */
function clearAt(temperature: number): Record<WeatherColumn, Float64Array> {
  return {
    outdoor_dry_bulb_temperature: new Float64Array(8760).fill(temperature),
    diffuse_solar_irradiance: sky.diffuse,
    direct_solar_irradiance: sky.direct,
  } as Record<WeatherColumn, Float64Array>; // pv reads no other column
}

const south: PvArray = { nominalPower: 4, tilt: 30, azimuth: 180, inverter: 1 };

describe('panels', () => {
  it('lying flat see the global irradiance', () => {
    const flat = pvGeneration({ ...south, tilt: 0 }, sun, clearAt(20));
    for (let row = 0; row < 8760; row += 5) {
      const global = sky.diffuse[row]! + sky.direct[row]! * Math.max(sun.cosZenith[row]!, 0);
      const cell = 20 + 0.03125 * global;
      expect(flat[row]).toBeCloseTo(global * 0.86 * (1 - 0.004 * (cell - 25)), 8);
    }
  });

  it('yield most when tilted to the south, and more in the morning when facing east', () => {
    const yields = [90, 180, 270].map((azimuth) => pvGeneration({ ...south, azimuth }, sun, clearAt(15)));
    expect(sum(yields[1]!)).toBeGreaterThan(sum(yields[0]!));
    expect(sum(yields[1]!)).toBeGreaterThan(sum(yields[2]!));
    expect(sum(yields[1]!)).toBeGreaterThan(sum(pvGeneration({ ...south, tilt: 0 }, sun, clearAt(15))));
    const morning = calendar.dayOfYear.indexOf(79) + 8;
    expect(yields[0]![morning]!).toBeGreaterThan(1.3 * yields[2]![morning]!);
  });

  it('lose 0.4 % per kelvin and stop at the inverter’s limit', () => {
    const noon = calendar.dayOfYear.indexOf(79) + 12;
    const [cold, hot] = [0, 10].map((t) => pvGeneration(south, sun, clearAt(t))[noon]!);
    const plane = cold! / 0.86 / (1 - 0.004 * (0.03125 * 1000 - 25)); // close to 1000 W/m² on this day
    expect((cold! - hot!) / (0.86 * plane)).toBeCloseTo(0.04, 2);
    const clipped = pvGeneration({ ...south, inverter: 0.5 }, sun, clearAt(0));
    expect(clipped.reduce((a, b) => Math.max(a, b))).toBe(500);
  });

  it('give nothing at night', () => {
    const power = pvGeneration(south, sun, clearAt(20));
    expect(power.every((value, row) => sun.cosZenith[row]! > 0 || value === 0)).toBe(true);
  });
});

describe('a building’s heat', () => {
  const envelope: Envelope = {
    conductance: 0.2,
    mass: 8,
    aperture: 3,
    heating: 'resistance',
    heatingPower: 6,
    coolingPower: 6,
    heatTo: 20,
    coolTo: 25,
    setback: 3,
  };
  const settle = (changes: Partial<Envelope>, outdoor: number, occupied = true): ThermalStep => {
    const step: ThermalStep = { indoor: 21, electricity: 0 };
    for (let hour = 0; hour < 1000; hour++) thermalStep(step, { ...envelope, ...changes }, outdoor, 0, 0, occupied);
    return step;
  };

  it('needs UA ΔT when cold, by the plant’s efficiency', () => {
    expect(settle({}, 5)).toEqual({ indoor: 20, electricity: expect.closeTo(3, 9) as number });
    expect(settle({ heating: 'gas' }, 5).electricity).toBeCloseTo(0.09, 9);
    expect(settle({ heating: 'heat-pump' }, 7).electricity).toBeCloseTo((0.2 * 13) / 3.3, 9);
  });

  it('drifts between the set points without any electricity', () => {
    const step = settle({}, 22);
    expect(step.indoor).toBeCloseTo(22, 6);
    expect(step.electricity).toBe(0);
  });

  it('is cooled to the set point, given way when nobody is there, and lost beyond the plant’s power', () => {
    expect(settle({}, 35).indoor).toBeCloseTo(25, 9);
    expect(settle({}, 35, false).indoor).toBeCloseTo(28, 9);
    expect(settle({ coolingPower: 1 }, 35).indoor).toBeCloseTo(30, 6);
    expect(settle({ coolingPower: 0 }, 35)).toEqual({ indoor: expect.closeTo(35, 6) as number, electricity: 0 });
  });
});
