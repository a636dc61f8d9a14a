import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { networkOf } from '../../../sim/grid/network.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { radialFeeder } from '../../../sim/grid/radial.ts';
import { powerFlowSeries } from '../../../sim/grid/series.ts';
import type { SeriesLoads, SeriesSummary } from '../../../sim/grid/series.ts';
import { SweepBatch } from '../../../sim/grid/sweep-batch.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { golden } from './golden.ts';

interface GoldenProfiles {
  readonly steps: number;
  readonly profiles: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly pvcapMW: readonly number[];
}

interface GoldenSeries {
  readonly allSteps: readonly (readonly number[])[];
  readonly picked0based: readonly number[];
  readonly Vm: readonly (readonly number[])[];
  readonly totals: Readonly<Record<string, number>>;
  readonly pvTimes3: { readonly rows: readonly (readonly number[])[]; readonly Vm: readonly (readonly number[])[] };
}

function run(work: Generator<number, SeriesSummary>): SeriesSummary {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Loads of the golden year. @param pv multiple of the capacity of sun  @param picked steps, or all */
function yearOf(grid: GridCase, profiles: GoldenProfiles, pv: number, picked?: readonly number[]): SeriesLoads {
  return {
    steps: picked?.length ?? profiles.steps,
    fill: (step, p, q, offset, stride) => {
      const t = picked?.[step] ?? step;
      for (let row = 0; row < grid.bus.rows; row++) {
        const share = profiles.weights[row]!.reduce((sum, w, k) => sum + w * profiles.profiles[k]![t]!, 0);
        p[offset + row * stride] = grid.bus.Pd[row]! * share - pv * profiles.pvcapMW[row]! * profiles.profiles[5]![t]!;
        q[offset + row * stride] = grid.bus.Qd[row]! * share;
      }
    },
  };
}

skipWithoutShared('a year of power flows against MATPOWER');
describe.skipIf(sharedMissing)('a year of case33bw, solved by MATPOWER', () => {
  const grid = builtinGrid('case33bw');

  it('has the same voltages, losses and reference at every step', () => {
    const profiles = golden('case33bw-profiles') as GoldenProfiles;
    const wanted = golden('case33bw-timeseries') as GoldenSeries;
    const place = new Map(wanted.picked0based.map((step, k) => [step, k]));
    let worst = 0;
    const got = run(
      powerFlowSeries(grid, yearOf(grid, profiles, 1), (step, vm) => {
        const k = place.get(step);
        if (k !== undefined) wanted.Vm[k]!.forEach((v, row) => (worst = Math.max(worst, Math.abs(vm[row]! - v))));
      }),
    );
    expect(worst).toBeLessThan(1e-8);
    wanted.allSteps.forEach((row, step) => {
      const [, , vmin, vminBus, vmax, , loss, lossQ, slack, slackQ] = row as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      expect(Math.abs(got.vmin[step]! - vmin)).toBeLessThan(1e-8);
      expect(grid.bus.bus[got.vminBus[step]!]).toBe(vminBus);
      expect(Math.abs(got.vmax[step]! - vmax)).toBeLessThan(1e-8);
      expect(Math.abs(got.lossMw[step]! - loss)).toBeLessThan(1e-7);
      expect(Math.abs(got.lossMvar[step]! - lossQ)).toBeLessThan(1e-7);
      expect(Math.abs(got.slackMw[step]! - slack)).toBeLessThan(1e-7);
      expect(Math.abs(got.slackMvar[step]! - slackQ)).toBeLessThan(1e-7);
    });
    expect(got.lossMw.reduce((a, b) => a + b)).toBeCloseTo(wanted.totals['lossMWh']!, 4);
    expect(got.vmin.filter((v) => v < 0.95).length).toBe(wanted.totals['stepsBelow095']);
    expect(got.vmin.filter((v) => v < 0.9).length).toBe(wanted.totals['stepsBelow090']);
  });

  it('with three times the sun flows back and lifts voltages as much', () => {
    const profiles = golden('case33bw-profiles') as GoldenProfiles;
    const { pvTimes3, picked0based } = golden('case33bw-timeseries') as GoldenSeries;
    const got = run(powerFlowSeries(grid, yearOf(grid, profiles, 3, picked0based)));
    pvTimes3.rows.forEach((row, k) => {
      expect(Math.abs(got.vmax[k]! - row[4]!)).toBeLessThan(1e-8);
      expect(Math.abs(got.slackMw[k]! - row[8]!)).toBeLessThan(1e-7);
    });
    expect(Math.min(...got.slackMw)).toBeLessThan(-2.5);
  });
});

describe('a series', () => {
  /** Some hours of loads, each a multiple of the case's. */
  const hours = (grid: GridCase, factors: readonly number[]): SeriesLoads => ({
    steps: factors.length,
    fill: (step, p, q, offset, stride) => {
      for (let row = 0; row < grid.bus.rows; row++) {
        p[offset + row * stride] = grid.bus.Pd[row]! * factors[step]!;
        q[offset + row * stride] = grid.bus.Qd[row]! * factors[step]!;
      }
    },
  });

  it.each(['case33bw', 'case69', 'case14', 'case57'])('of %s is that of single power flows', (name) => {
    const grid = builtinGrid(name);
    const factors = [0, 0.4, 1, 1.3];
    const got = run(powerFlowSeries(grid, hours(grid, factors)));
    factors.forEach((by, step) => {
      const scaled = withColumns(grid, {
        bus: { Pd: grid.bus.Pd.map((p) => p * by), Qd: grid.bus.Qd.map((q) => q * by) },
      });
      const single = powerFlow(scaled);
      if (!single.ok) throw new Error(single.reason);
      expect(got.vmin[step]).toBeCloseTo(Math.min(...single.vm), 8);
      expect(got.lossMw[step]).toBeCloseTo(single.lossMw, 6);
      const references = networkOf(grid).islands[0]!;
      expect(references.buses.length).toBe(grid.bus.rows);
    });
  });

  it('goes on behind a step without a solution', () => {
    const grid = builtinGrid('case33bw');
    const got = run(powerFlowSeries(grid, hours(grid, [1, 9, 1])));
    expect([...got.converged]).toEqual([1, 0, 1]);
    expect(got.vmin[1]).toBeNaN();
    expect(got.vmin[2]).toBe(got.vmin[0]);
  });

  it('gives each scenario the same bits in a batch of any width, beside whatever else', () => {
    const grid = builtinGrid('case33bw');
    const feeder = radialFeeder(grid, networkOf(grid).islands[0]!)!;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(1e6), (width, count, seed) => {
        const draw = rng(seed);
        const { n } = feeder;
        const scenarios = Array.from({ length: Math.min(width, count) }, () =>
          Float64Array.from({ length: 2 * n }, (_, k) => (k % n === 0 ? 0 : 0.02 * (draw.uniform() - 0.1))),
        );
        const solve = (of: readonly Float64Array[], w: number): Float64Array[] => {
          const batch = new SweepBatch(feeder, w);
          const [p, q] = [new Float64Array(n * w), new Float64Array(n * w)];
          of.forEach((scenario, s) => {
            for (let k = 0; k < n; k++) {
              p[k * w + s] = scenario[k]!;
              q[k * w + s] = scenario[n + k]!;
            }
          });
          batch.solve(p, q, 1, of.length);
          return of.map((_, s) => Float64Array.from({ length: n }, (__, k) => batch.v2[k * w + s]!));
        };
        const together = solve(scenarios, width);
        scenarios.forEach((scenario, s) => expect(together[s]).toEqual(solve([scenario], 1)[0]));
      }),
      { numRuns: 30 },
    );
  });
});
