import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkline, stretchMeans } from '../../../sim/data/describe-trend.ts';

const column = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, fc.constant(Number.NaN)), {
    minLength: 1,
    maxLength: 2000,
  })
  .map((values) => Float64Array.from(values));
const blocks = '▁▂▃▄▅▆▇█';

describe('the trend of a column', () => {
  it('has no more than 60 means, which weighted by their rows give the whole mean', () => {
    fc.assert(
      fc.property(column, fc.constantFrom(1, 24, 48, 96), (values, rowsPerDay) => {
        const means = stretchMeans(values, rowsPerDay);
        expect(means.length).toBeLessThanOrEqual(60);
        const known = values.filter((value) => !Number.isNaN(value));
        if (known.length < values.length) return;
        const stretch = Math.ceil(values.length / means.length);
        const size = (part: number): number => Math.min(whole, values.length - part * whole);
        // All stretches but the last are of one size: the smallest that gives so many.
        const days = values.length / rowsPerDay;
        const whole = days < 14 ? Math.ceil(values.length / 60) : rowsPerDay * Math.ceil(days / 60);
        expect(stretch).toBeLessThanOrEqual(whole);
        const sum = means.reduce<number>((all, mean, part) => all + mean! * size(part), 0);
        expect(sum / values.length).toBeCloseTo(known.reduce((all, value) => all + value, 0) / values.length, 4);
      }),
    );
  });

  it('of a year of days that are all alike is level', () => {
    const means = stretchMeans(
      Float64Array.from({ length: 8760 }, (_, row) => Math.sin((2 * Math.PI * row) / 24)),
      24,
    );
    for (const mean of means) expect(mean).toBeCloseTo(0, 12);
    expect(means).toHaveLength(53); // weeks
  });

  it('is drawn no wider than asked, higher where the mean is higher, blank where there is none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: -1e9, max: 1e9, noNaN: true })), { maxLength: 60 }),
        fc.integer({ min: 1, max: 80 }),
        (means, width) => {
          const line = sparkline(means, width);
          expect(line.length).toBeLessThanOrEqual(width);
          if (means.length > width) return;
          expect(line.length).toBe(means.length);
          means.forEach((mean, k) => {
            expect(line[k] === ' ').toBe(mean === null);
            means.forEach((other, j) => {
              if (mean !== null && other !== null && mean < other)
                expect(blocks.indexOf(line[k]!)).toBeLessThanOrEqual(blocks.indexOf(line[j]!));
            });
          });
        },
      ),
    );
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe(blocks);
    expect(sparkline([5, 5, null, 5])).toBe('▄▄ ▄');
    expect(sparkline([0, 0, 7, 7, null, null], 3)).toBe('▁█ ');
    expect(sparkline([])).toBe('');
  });
});
