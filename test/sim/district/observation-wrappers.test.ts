import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binEdges, binOf, clipObservation, discretizeObservation } from '../../../sim/district/observation-wrappers.ts';

const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });

describe('observation wrappers', () => {
  it('clipping keeps what is inside of the float32 limits, and only that', () => {
    fc.assert(
      fc.property(number, number, number, (value, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const values = Float64Array.of(value);
        clipObservation(values, Float64Array.of(low), Float64Array.of(high));
        const [least, most] = [Math.fround(low), Math.fround(high)];
        // Which of the two zeros it is does not matter.
        expect(values[0]! + 0).toBe((value < least ? least : value > most ? most : value) + 0);
      }),
    );
    expect(() => clipObservation(new Float64Array(2), new Float64Array(1), new Float64Array(2))).toThrow(/low/);
  });

  it('edges are even, from limit to limit', () => {
    // numpy.linspace(numpy.float64(-1), 3, 5)
    expect([...binEdges(-1, 3, 5)]).toEqual([-1, 0, 1, 2, 3]);
    expect([...binEdges(0.1, 0.7, 1)]).toEqual([Math.fround(0.1)]);
    fc.assert(
      fc.property(number, number, fc.integer({ min: 2, max: 40 }), (a, b, count) => {
        const [low, high] = [Math.fround(Math.min(a, b)), Math.fround(Math.max(a, b))];
        const edges = binEdges(low, high, count);
        expect([edges[0], edges.at(-1), edges.length]).toEqual([low, high, count]);
        edges.forEach((edge, i) =>
          expect(Math.abs(edge - (low + ((high - low) * i) / (count - 1)))).toBeLessThanOrEqual(1e-6 * (high - low)),
        );
      }),
    );
    expect(() => binEdges(0, 1, 0)).toThrow(/0 bins/);
    expect(() => binEdges(0, 1, 2.5)).toThrow(/2.5 bins/);
  });

  it('a value’s bin has the edges around it', () => {
    // numpy.digitize([-5, -1, -0.5, 0, 3, 4, nan], [-1, 0, 1, 2, 3], right=True)
    const edges = binEdges(-1, 3, 5);
    expect([-5, -1, -0.5, 0, 3, 4, NaN].map((value) => binOf(value, edges))).toEqual([0, 0, 1, 1, 4, 5, 5]);
    fc.assert(
      fc.property(number, number, number, fc.integer({ min: 1, max: 30 }), (value, a, b, count) => {
        const one = binEdges(Math.min(a, b), Math.max(a, b), count);
        const bin = binOf(value, one);
        expect(bin).toBe(one.filter((edge) => edge < value).length);
      }),
    );
    const out = new Int32Array(2);
    discretizeObservation(Float64Array.of(0.5, 9), [edges, edges], out);
    expect([...out]).toEqual([2, 5]);
    expect(() => discretizeObservation(new Float64Array(1), [edges, edges], out)).toThrow(/edges/);
  });
});
