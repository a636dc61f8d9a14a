import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimate, drawnRoom } from '../../server/console/live/decimate.ts';

const series = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.float({ noNaN: true, min: -50, max: 50 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  ),
  { minLength: 1, maxLength: 700 },
);

describe('decimate', () => {
  it('draws short windows as they are', () => {
    const out = drawnRoom(2);
    decimate([Float32Array.of(5, 6, Number.NaN, 8), undefined], 1, 4, 10, out);
    expect(out).toEqual({
      x: [1, 2, 3],
      y: [
        [6, null, 8],
        [null, null, null],
      ],
    });
  });

  it('keeps every bucket’s extremes, in order, and never more than two points a bucket', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 50 }), fc.nat(), (values, buckets, cut) => {
        const column = Float32Array.from(values);
        const from = cut % values.length;
        const out = drawnRoom(1);
        decimate([column], from, values.length, buckets, out);
        const drawn = out.y[0]!.filter((value) => value !== null);
        const finite = column.subarray(from).filter((value) => !Number.isNaN(value));
        // One bucket more than asked for at most: the first and the last may be cut by the window.
        expect(out.x.length).toBeLessThanOrEqual(2 * (buckets + 1));
        expect(out.y[0]).toHaveLength(out.x.length);
        for (let i = 1; i < out.x.length; i++) expect(out.x[i]!).toBeGreaterThanOrEqual(out.x[i - 1]!);
        if (finite.length > 0) {
          expect(Math.min(...drawn)).toBe(Math.min(...finite));
          expect(Math.max(...drawn)).toBe(Math.max(...finite));
        } else expect(drawn).toEqual([]);
      }),
    );
  });

  it('does not move old points when the window moves by a few rows', () => {
    const column = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i / 7) * (i % 13));
    const before = drawnRoom(1);
    const after = drawnRoom(1);
    decimate([column], 0, 4000, 100, before);
    decimate([column], 3, 4003, 100, after);
    const points = new Map(after.x.map((x, i) => [x, after.y[0]![i]]));
    const inner = before.x.slice(2, -2).filter((x) => points.has(x));
    expect(inner.length).toBeGreaterThan(190);
    for (const x of inner) expect(points.get(x)).toBe(before.y[0]![before.x.indexOf(x)]);
  });
});
