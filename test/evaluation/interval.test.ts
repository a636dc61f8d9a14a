import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { meanInterval, studentQuantile } from '../../evaluation/interval.ts';

describe('studentQuantile', () => {
  // Printed tables of the t distribution.
  it.each([
    [0.975, 1, 12.7062],
    [0.975, 2, 4.3027],
    [0.975, 3, 3.1824],
    [0.975, 4, 2.7764],
    [0.975, 9, 2.2622],
    [0.975, 10, 2.2281],
    [0.95, 5, 2.015],
    [0.995, 29, 2.7564],
    [0.975, 30, 2.0423],
    [0.975, 1000, 1.9623],
    [0.5, 7, 0],
  ])('p %d with %i degrees of freedom', (p, degrees, expected) => {
    expect(studentQuantile(p, degrees)).toBeCloseTo(expected, 4);
  });

  it('falls with the degrees of freedom and rises with p', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.55, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 200 }), (p, degrees) => {
        expect(studentQuantile(p, degrees + 1)).toBeLessThan(studentQuantile(p, degrees));
        expect(studentQuantile(p - 0.01, degrees)).toBeLessThan(studentQuantile(p, degrees));
      }),
    );
  });

  it('refuses what has no quantile', () => {
    for (const p of [0.4, 1, Number.NaN]) expect(() => studentQuantile(p, 4)).toThrow(ShapeError);
    for (const degrees of [0, 1.5, Number.NaN]) expect(() => studentQuantile(0.9, degrees)).toThrow(ShapeError);
  });
});

describe('meanInterval', () => {
  it('has none for fewer than five', () => {
    expect(meanInterval([1, 2, 3, 4])).toBeNull();
    expect(meanInterval([1, 2, 3, 4, 5])).toEqual({
      level: 0.95,
      low: expect.closeTo(3 - 2.776445 * Math.sqrt(0.5), 5) as number,
      high: expect.closeTo(3 + 2.776445 * Math.sqrt(0.5), 5) as number,
    });
  });

  it('covers the mean of normal values about 95 % of the time', () => {
    const stream = rng(1);
    let covered = 0;
    for (let trial = 0; trial < 4000; trial++) {
      const { low, high } = meanInterval(Array.from({ length: 5 }, () => 7 + 3 * stream.normal()))!;
      if (low < 7 && 7 < high) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.94);
    expect(covered / 4000).toBeLessThan(0.96);
  });
});
