import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frequencyThresholds, networkThresholds } from '../../../sim/grid/attack-thresholds.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { cascade } from '../../../sim/grid/cascade/cascade.ts';
import { machineArea } from '../../../sim/grid/frequency/area-model.ts';
import { sheddingSchemes } from '../../../sim/grid/frequency/shedding.ts';
import { powerToReach, stepResponse } from '../../../sim/grid/frequency/system-response.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import { outcomeRanges } from '../../../sim/grid/outcome-ranges.ts';

const typical = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };
const search = { most: 0.5, resolution: 0.05, exact: 1e-5 };
function done<Result>(work: Generator<number, Result>): Result {
  let last = 0;
  for (;;) {
    const { done: isDone, value } = work.next();
    if (isDone === true) return value;
    expect(value).toBeGreaterThanOrEqual(last);
    last = value;
  }
}

describe('ranges of an outcome', () => {
  it('are found wherever they are wider than the resolution, one or several', () => {
    const edge = fc.integer({ min: 1, max: 999 });
    fc.assert(
      fc.property(fc.uniqueArray(edge, { minLength: 2, maxLength: 6 }), (edges) => {
        const sorted = edges.toSorted((a, b) => a - b).map((each) => each / 1000);
        fc.pre(sorted.every((each, k) => k === 0 || each - sorted[k - 1]! > 0.021));
        const holds = (share: number): boolean => sorted.filter((each) => share >= each).length % 2 === 1;
        const { hit } = done(
          outcomeRanges(['hit'], (share) => [holds(share)], { most: 1, resolution: 0.02, exact: 1e-9 }),
        );
        const bounds = sorted.length % 2 === 1 ? [...sorted, 1] : sorted;
        expect(hit.ranges.flat()).toHaveLength(bounds.length);
        hit.ranges.flat().forEach((bound, k) => expect(Math.abs(bound - bounds[k]!)).toBeLessThan(1e-8));
        expect(hit.least).toBe(hit.ranges[0]![0]);
        expect(hit.monotone).toBe(sorted.length === 1);
      }),
      { numRuns: 50 },
    );
  });

  it('may be none, and may be all', () => {
    const { never, always } = done(outcomeRanges(['never', 'always'], () => [false, true], search));
    expect(never).toEqual({ least: null, ranges: [], monotone: true });
    expect(always).toEqual({ least: 0, ranges: [[0, 0.5]], monotone: true });
    expect(() => done(outcomeRanges(['x'], () => [true], { ...search, resolution: 1 }))).toThrow('in steps of 1');
  });
});

describe('shares that an attack on the frequency needs', () => {
  const system = { areas: [machineArea(typical)], tie: [[0]], f0: 50, unit: 50 };

  it('are those of the closed forms', () => {
    const shedding = { ...sheddingSchemes['ce']!, delay: 0 };
    const found = done(frequencyThresholds(system, { duration: 8, shedding }, search));
    expect(Math.abs(found.shedding.least! - powerToReach(typical, 50, 49))).toBeLessThan(2e-5);
    // The steepest half second is the first: the frequency falls slower and slower.
    const slope = (50 * -stepResponse(typical, -1).at(0.5)) / 0.5;
    expect(Math.abs(found.rocof.least! - 1 / slope)).toBeLessThan(2e-5);
    expect(found.shedding.monotone).toBe(true);
  });

  it('for a blackout grow by what is shed', () => {
    const bare = done(frequencyThresholds(system, { duration: 8 }, search));
    expect(bare.shedding.least).toBe(null);
    expect(Math.abs(bare.blackout.least! - powerToReach(typical, 50, 47.5))).toBeLessThan(2e-5);
    const guarded = done(frequencyThresholds(system, { duration: 8, shedding: sheddingSchemes['ce']! }, search));
    expect(guarded.blackout.least ?? Infinity).toBeGreaterThan(bare.blackout.least! + 0.02);
  });
});

describe('shares that an attack on a network needs', () => {
  it('are not where it begins to be safe again: more can do less', () => {
    const grid = builtinGrid('case39');
    const found = done(networkThresholds(grid, { model: 'dc' }, { most: 0.2, resolution: 0.025, exact: 1e-3 }));
    const served = (share: number): number =>
      cascade(withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * (1 + share)) } }), { before: grid })
        .servedFraction;
    // specs/grid.md 5: none up to 5 %, 13 branches at 10 %, and 2 at 15 %
    expect(found.cascade.least).toBeGreaterThan(0.05);
    expect(found.cascade.least).toBeLessThanOrEqual(0.1);
    expect(served(0.1)).toBeLessThan(served(0.15));
    for (const [from, to] of found.collapse.ranges) expect(served((from + to) / 2)).toBeLessThan(0.5);
    const some = done(networkThresholds(grid, { model: 'dc' }, { most: 0.2, resolution: 0.05, exact: 1e-2 }, [0]));
    expect(some.cascade.least ?? Infinity).toBeGreaterThanOrEqual(found.cascade.least!);
  });
});
