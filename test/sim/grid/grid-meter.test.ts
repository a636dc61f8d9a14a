import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { GridMeter } from '../../../sim/grid/placed/grid-meter.ts';
import type { GridKpis, MeteredStep } from '../../../sim/grid/placed/grid-meter.ts';
import { spreadHomes } from '../../../sim/grid/placed/homes.ts';
import { noseMargin, stateAt, worstStep } from '../../../sim/grid/placed/nose-margin.ts';
import { placeDistrict } from '../../../sim/grid/placed/placement.ts';
import type { PlacedDistrict } from '../../../sim/grid/placed/placement.ts';
import { loadingAbove, shareNeeded, voltageAbove, voltageBelow } from '../../../sim/grid/placed/share-needed.ts';
import { seriesOf, solvePlaced } from '../../../sim/grid/placed/solve-placed.ts';
import type { DistrictSeries } from '../../../sim/grid/placed/solve-placed.ts';

function finished<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value as Result;
  }
}

const feeder = builtinGrid('case33bw');
const placed = placeDistrict(feeder, { homes: [], ratingMva: 4 }, 1);
const band = { low: 0.95, high: 1.05 };

/** Steps of a made-up run: voltages around 1, loadings around 0.8, some steps without a solution. */
function drawn(seed: number, steps: number): MeteredStep[] {
  const draw = rng(seed);
  return Array.from({ length: steps }, () => {
    const solved = draw.uniform() > 0.1;
    const centre = 0.95 + 0.1 * draw.uniform();
    return {
      solved,
      vm: Float64Array.from({ length: 33 }, () => (solved ? centre + 0.15 * (draw.uniform() - 0.5) : Number.NaN)),
      loading: Float64Array.from({ length: 37 }, (_, row) =>
        solved && row < 32 ? 0.5 + 0.55 * draw.uniform() : Number.NaN,
      ),
      slackMw: solved ? 3 * draw.uniform() - 1 : Number.NaN,
      slackMvar: 0,
      lossMw: solved ? 0.1 * draw.uniform() : Number.NaN,
      demandMw: 2 * draw.uniform(),
    };
  });
}

function measured(steps: readonly MeteredStep[], hours: number, on: PlacedDistrict = placed): GridKpis {
  const meter = new GridMeter(on, hours, band);
  for (const step of steps) meter.push(step);
  return meter.values();
}

describe('KPIs of a network', () => {
  it('are the sums that their names say, over whole columns', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 60 }), fc.constantFrom(0.25, 1), (seed, count, hours) => {
        const steps = drawn(seed, count);
        const got = measured(steps, hours);
        const solved = steps.filter((step) => step.solved);
        const dark = count - solved.length;
        const sum = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0);
        const volts = solved.flatMap((step) => [...step.vm]);
        const near = (value: number | null, wanted: number): void => expect(value).toBeCloseTo(wanted, 9);
        const minutes = (bad: (v: number) => boolean, without = dark): number =>
          60 * hours * (without + solved.filter((step) => step.vm.some(bad)).length);
        near(
          got.voltage_violation_energy,
          hours * sum(volts.map((v) => (v < 0.95 ? 0.95 - v : v > 1.05 ? v - 1.05 : 0))),
        );
        near(got.voltage_violation_bus_hours, hours * (33 * dark + volts.filter((v) => v < 0.95 || v > 1.05).length));
        near(
          got.voltage_violation_minutes,
          minutes((v) => v < 0.95 || v > 1.05),
        );
        near(
          got.undervoltage_minutes,
          minutes((v) => v < 0.95),
        );
        near(
          got.overvoltage_minutes,
          minutes((v) => v > 1.05, 0),
        );
        near(
          got.ansi_a_minutes,
          minutes((v) => v < 0.95 || v > 1.05),
        );
        near(
          got.ansi_b_minutes,
          minutes((v) => v < 0.917 || v > 1.058),
        );
        near(
          got.en50160_lv_minutes,
          minutes((v) => v < 0.85 || v > 1.1),
        );
        near(
          got.en50160_mv_minutes,
          minutes((v) => v < 0.85 || v > 1.15),
        );
        near(got.unsolved_minutes, 60 * hours * dark);
        near(got.energy_not_served, hours * sum(steps.filter((step) => !step.solved).map((step) => step.demandMw)));
        if (solved.length === 0) {
          expect([got.vmin, got.vmax, got.peak_import, got.load_factor, got.max_loading]).toEqual([
            null,
            null,
            null,
            null,
            null,
          ]);
          return;
        }
        expect(got.vmin).toBe(Math.min(...volts));
        expect(got.vmax).toBe(Math.max(...volts));
        const loads = solved.map((step) => [...step.loading].filter((share) => !Number.isNaN(share)));
        near(got.overload_minutes, 60 * hours * loads.filter((row) => row.some((share) => share > 1)).length);
        near(got.overload_branch_hours, hours * loads.flat().filter((share) => share > 1).length);
        expect(got.max_loading).toBe(Math.max(...loads.flat()));
        near(got.mean_loading, sum(loads.map((row) => Math.max(...row))) / solved.length);
        const slack = solved.map((step) => step.slackMw);
        near(got.losses, hours * sum(solved.map((step) => step.lossMw)));
        near(got.import, hours * sum(slack.filter((mw) => mw > 0)));
        near(got.reverse_flow, -hours * sum(slack.filter((mw) => mw < 0)));
        near(got.reverse_flow_minutes, 60 * hours * slack.filter((mw) => mw < 0).length);
        near(got.peak_import, Math.max(0, ...slack));
        near(got.peak_export, Math.max(0, ...slack.map((mw) => -mw)));
        if (got.loss_share !== null) near(got.loss_share, got.losses! / got.import!);
        const peak = Math.max(...slack);
        if (peak > 0) near(got.load_factor, sum(slack) / slack.length / peak);
        const turns = steps.slice(1).map((step, t) => Math.abs(step.slackMw - steps[t]!.slackMw));
        near(got.ramping, sum(turns.filter((mw) => !Number.isNaN(mw))));
      }),
      { numRuns: 60 },
    );
  });

  it('take the worst whole week of any bus, and a part of one only where there is no whole one', () => {
    const step = (low: boolean): MeteredStep => ({
      ...drawn(1, 1)[0]!,
      solved: true,
      vm: Float64Array.from({ length: 33 }, (_, row) => (row === 17 && low ? 0.89 : 1)),
    });
    const run = (count: number, low: (t: number) => boolean): GridKpis =>
      measured(
        Array.from({ length: count }, (_, t) => step(low(t))),
        1,
      );
    // 8 of 168 hours are 4.8 %: low voltage may, medium voltage may not.
    const some = run(2 * 168, (t) => t >= 168 && t < 176);
    expect(some.en50160_worst_week_share).toBeCloseTo(160 / 168, 12);
    expect([some.en50160_lv_met, some.en50160_mv_met]).toEqual([1, 0]);
    expect(run(168, (t) => t < 9).en50160_lv_met).toBe(0);
    // Of two weeks and a day the day is none.
    expect(run(2 * 168 + 24, (t) => t >= 2 * 168).en50160_worst_week_share).toBe(1);
    expect(run(24, (t) => t < 6).en50160_worst_week_share).toBe(0.75);
  });

  it('tell buses and branches by their numbers, and count what has no source', () => {
    const meter = new GridMeter(placed, 1, band);
    const steps = drawn(5, 30);
    for (const step of steps) meter.push(step);
    const { vmin, loading } = meter.extremes();
    expect(steps[vmin!.step]!.vm[vmin!.bus - 1]).toBe(meter.values().vmin);
    const row = feeder.branch.from.findIndex(
      (from, r) => from === loading!.from && feeder.branch.to[r] === loading!.to,
    );
    expect(steps[loading!.step]!.loading[row]).toBe(meter.values().max_loading);
    const cut = {
      ...feeder,
      branch: { ...feeder.branch, status: feeder.branch.status.map((on, r) => (r === 5 ? 0 : on)) },
    };
    const dead = placeDistrict(cut, { homes: [] }, 1);
    expect(dead.unservedMw).toBeCloseTo(1.075, 12);
    const one = { ...steps.find((step) => step.solved)!, demandMw: 0 };
    expect(measured([one, one], 0.5, dead).energy_not_served).toBeCloseTo(1.075, 12);
  });
});

describe('the margin to the nose', () => {
  const still = seriesOf([Float64Array.of(0)], [Float64Array.of(0)], 1);
  it.each([
    ['case33bw', 3.622184],
    ['case69', 3.211708],
  ])('of %s is that of the literature', (name, lambda) => {
    const on = placeDistrict(builtinGrid(name), { homes: [] }, 1);
    const record = finished(solvePlaced(on, [still]))[0]!;
    expect(noseMargin(on, stateAt(on, still, record, 0))).toBeCloseTo(lambda - 1, 5);
  });

  it('is 0 where there is no solution, infinite for impedances, and larger where loads give way', () => {
    const margin = (scale: number, zip?: readonly [number, number, number]): number => {
      const on = placeDistrict(
        feeder,
        { homes: [], background: { scale }, ...(zip === undefined ? {} : { zip: { p: zip, q: zip } }) },
        1,
      );
      return noseMargin(on, stateAt(on, still, finished(solvePlaced(on, [still]))[0]!, 0));
    };
    expect(margin(4)).toBe(0);
    expect(margin(2)).toBeCloseTo(3.622184 / 2 - 1, 5);
    expect(margin(1, [0, 0, 1])).toBe(Infinity);
    expect(margin(1, [0.5, 0.5, 0])).toBeGreaterThan(margin(1) + 0.5);
  });

  it('is asked where a run is worst', () => {
    const kwh = seriesOf([Float64Array.of(1, 3, 2, 100)], [new Float64Array(4)], 1);
    const on = placeDistrict(feeder, { homes: spreadHomes(feeder, 500, 1) }, 1);
    expect(worstStep(finished(solvePlaced(on, [kwh]))[0]!)).toBe(3);
    const short = seriesOf([Float64Array.of(1, 3, 2)], [new Float64Array(3)], 1);
    expect(worstStep(finished(solvePlaced(on, [short]))[0]!)).toBe(1);
  });
});

describe('the share of homes that an attack needs', () => {
  const on = placeDistrict(feeder, { homes: spreadHomes(feeder, 600, 2), background: { scale: 0.5 }, ratingMva: 4 }, 2);
  const constant = (kwh: number): DistrictSeries => {
    const column = Float64Array.of(kwh, 2 * kwh);
    return seriesOf([column, column], [new Float64Array(2), new Float64Array(2)], 1);
  };
  const vminAt = (share: number): number => {
    const [from, to] = [0.5, 4];
    return finished(solvePlaced(on, [constant(from + share * (to - from))]))[0]!.vmin[1]!;
  };

  it('is where the voltage crosses, and nothing where it already has', () => {
    const limit = vminAt(0.37);
    const { share, step } = finished(
      shareNeeded(on, constant(0.5), constant(4), voltageBelow(limit), { tolerance: 1e-5 }),
    );
    expect(share).toBeCloseTo(0.37, 4);
    expect(step).toBe(1);
    expect(vminAt(share!)).toBeLessThan(limit);
    expect(finished(shareNeeded(on, constant(0.5), constant(4), voltageBelow(0.999))).share).toBe(0);
    expect(finished(shareNeeded(on, constant(0.5), constant(4), voltageBelow(0.5))).share).toBeNull();
  });

  it('counts overloads, rises of voltage and steps without a solution', () => {
    const over = finished(shareNeeded(on, constant(0.5), constant(4), loadingAbove(1)));
    expect(over.share).toBeGreaterThan(0);
    expect(over.share).toBeLessThan(1);
    expect(finished(shareNeeded(on, constant(0.5), constant(-6), voltageAbove(1.02))).share).toBeGreaterThan(0);
    // 600 homes of 60 kW are beyond the nose.
    expect(finished(shareNeeded(on, constant(0.5), constant(60), voltageAbove(2))).share).toBeLessThan(1);
  });
});
