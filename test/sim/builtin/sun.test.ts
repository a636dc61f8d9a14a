import { describe, expect, it } from 'vitest';
import { yearCalendar } from '../../../sim/data/builtin/calendar.ts';
import { irradianceUnder } from '../../../sim/data/builtin/irradiance.ts';
import { sunPath } from '../../../sim/data/builtin/sun.ts';

const calendar = yearCalendar();

/** Rows [24] of a day of the year, 0 being 1 January. */
function rowsOf(dayOfYear: number): number[] {
  const first = calendar.dayOfYear.indexOf(dayOfYear);
  return Array.from({ length: 24 }, (_, hour) => first + hour);
}

describe('the sun', () => {
  const sun = sunPath(38, calendar);
  const elevation = (row: number): number => (Math.asin(sun.cosZenith[row]!) * 180) / Math.PI;
  const highest = (day: number): number => Math.max(...rowsOf(day).map(elevation));

  it('stands at 90° − 38° ± 23.45° at the solstices’ noon and at 52° at the equinoxes’, less the half hour', () => {
    expect(Math.abs(highest(171) - (90 - 38 + 23.45))).toBeLessThan(2);
    expect(Math.abs(highest(354) - (90 - 38 - 23.45))).toBeLessThan(1);
    expect(Math.abs(highest(79) - 52)).toBeLessThan(1);
  });

  it('is up for 15 hours in June, 12 in March and 9 or 10 in December', () => {
    const hours = (day: number): number => rowsOf(day).filter((row) => sun.cosZenith[row]! > 0).length;
    expect(hours(171)).toBeGreaterThanOrEqual(14);
    expect(hours(79)).toBe(12);
    expect(hours(354)).toBeLessThanOrEqual(10);
  });

  it('is given as a unit vector that moves from east over south to west', () => {
    for (let row = 0; row < 8760; row += 11)
      expect(Math.hypot(sun.cosZenith[row]!, sun.east[row]!, sun.north[row]!)).toBeCloseTo(1, 12);
    const [morning, noon, evening] = [8, 12, 16].map((hour) => rowsOf(79)[hour]!);
    expect(sun.east[morning!]!).toBeGreaterThan(0.5);
    expect(sun.north[noon!]!).toBeLessThan(-0.5);
    expect(sun.east[evening!]!).toBeLessThan(-0.5);
  });

  it('never sets at the pole in June', () => {
    const pole = sunPath(89.9, calendar);
    expect(rowsOf(171).every((row) => pole.cosZenith[row]! > 0.38)).toBe(true);
  });
});

describe('irradiance', () => {
  const sun = sunPath(38, calendar);
  const clear = irradianceUnder(new Float64Array(8760), sun);
  const overcast = irradianceUnder(new Float64Array(8760).fill(1), sun);

  it('adds up to Haurwitz under a clear sky and to a quarter of it under an overcast one', () => {
    for (let row = 0; row < 8760; row++) {
      const z = sun.cosZenith[row]!;
      const haurwitz = z > 0 ? 1098 * z * Math.exp(-0.059 / z) : 0;
      expect(clear.diffuse[row]! + clear.direct[row]! * z).toBeCloseTo(haurwitz, 9);
      expect(overcast.diffuse[row]! + overcast.direct[row]! * z).toBeCloseTo(0.25 * haurwitz, 9);
    }
  });

  it('is nearly all diffuse under clouds and mostly direct at a clear noon', () => {
    const noon = rowsOf(171)[12]!;
    expect(clear.direct[noon]! / clear.diffuse[noon]!).toBeGreaterThan(3);
    expect(overcast.direct[noon]! / overcast.diffuse[noon]!).toBeLessThan(0.05);
  });
});
