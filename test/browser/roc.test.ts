import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roc, thinned } from '../../server/console/stealth/roc.ts';

/** The area as it is defined: over all pairs, ties count half. */
function areaByPairs(clean: readonly number[], attacked: readonly number[]): number {
  let wins = 0;
  for (const a of attacked) for (const c of clean) wins += a > c ? 1 : a === c ? 0.5 : 0;
  return wins / (clean.length * attacked.length);
}

const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });

describe('a receiver operating characteristic', () => {
  it('has as its area the share of pairs that are told apart', () => {
    fc.assert(
      fc.property(scores, scores, (clean, attacked) => {
        const { points, area } = roc(clean, attacked);
        expect(area).toBeCloseTo(areaByPairs(clean, attacked), 12);
        expect(points[0]).toEqual({ falsePositive: 0, truePositive: 0 });
        expect(points.at(-1)).toEqual({ falsePositive: 1, truePositive: 1 });
        for (let k = 1; k < points.length; k++) {
          expect(points[k]!.falsePositive).toBeGreaterThanOrEqual(points[k - 1]!.falsePositive);
          expect(points[k]!.truePositive).toBeGreaterThanOrEqual(points[k - 1]!.truePositive);
        }
        // Each point is a threshold's two shares.
        for (const threshold of new Set([...clean, ...attacked]))
          expect(points).toContainEqual({
            falsePositive: expect.closeTo(
              clean.filter((value) => value >= threshold).length / clean.length,
              12,
            ) as number,
            truePositive: expect.closeTo(
              attacked.filter((value) => value >= threshold).length / attacked.length,
              12,
            ) as number,
          });
      }),
    );
  });

  it('leaves out what has no score, and has no area where one kind is missing', () => {
    expect(roc([1, Number.NaN], [2, Number.NaN]).area).toBe(1);
    expect(roc([1], [Number.NaN]).area).toBeNaN();
    expect(roc([], []).points).toHaveLength(1);
  });

  it('keeps its ends when it is thinned', () => {
    const { points } = roc(
      Array.from({ length: 500 }, (_, k) => k),
      Array.from({ length: 500 }, (_, k) => k + 0.5),
    );
    const few = thinned(points, 50);
    expect(few).toHaveLength(50);
    expect([few[0], few.at(-1)]).toEqual([points[0], points.at(-1)]);
    expect(thinned(few, 50)).toBe(few);
  });
});
