import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { cascade } from '../../../sim/grid/cascade/cascade.ts';
import type { Cascade, CascadeOptions } from '../../../sim/grid/cascade/cascade.ts';
import { dcStage } from '../../../sim/grid/cascade/dc-stage.ts';
import { acStage } from '../../../sim/grid/cascade/ac-stage.ts';
import type { CascadeState } from '../../../sim/grid/cascade/stage.ts';
import { leftOf } from '../../../sim/grid/cascade/stage.ts';
import { inverseTime, tripRule, tripRules } from '../../../sim/grid/cascade/trip-rule.ts';
import { dcPowerFlow } from '../../../sim/grid/dc.ts';
import { branchColumns, busColumns, genColumns, gridTable, withColumns } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { networkOf } from '../../../sim/grid/network.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';

const loaded = (grid: GridCase, by: number): GridCase =>
  withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * by), Qd: grid.bus.Qd.map((q) => q * by) } });
const without = (grid: GridCase, row: number): GridCase =>
  withColumns(grid, { branch: { status: grid.branch.status.map((own, r) => (r === row ? 0 : own)) } });

/** One generator that feeds one load over two lines of equal reactance: each carries half, the survivor all. */
function twoLines(load: number, rates: readonly [number, number], r = 0): GridCase {
  return {
    name: 'two lines',
    baseMva: 100,
    bus: gridTable(busColumns, [
      [1, 3, 0, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9],
      [2, 1, load, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9],
    ]),
    gen: gridTable(genColumns, [[1, load, 0, 300, -300, 1, 100, 1, 400, 0]]),
    branch: gridTable(
      branchColumns,
      rates.map((rate) => [1, 2, r, 0.1, 0, rate, rate, rate, 0, 0, 1, -360, 360]),
    ),
  };
}

/** What holds of every cascade. */
function check(got: Cascade): void {
  const lost = got.events.reduce((sum, { mwLost }) => sum + mwLost, 0);
  expect(Math.abs(got.servedMw + lost - got.demandMw)).toBeLessThan(1e-6 * Math.max(1, got.demandMw));
  got.events.slice(1).forEach(({ t, round }, k) => {
    expect(t).toBeGreaterThanOrEqual(got.events[k]!.t);
    expect(round).toBeGreaterThanOrEqual(got.events[k]!.round);
  });
  got.rounds.slice(1).forEach(({ t, servedMw }, k) => {
    expect(t).toBeGreaterThanOrEqual(got.rounds[k]!.t);
    expect(servedMw).toBeLessThanOrEqual(got.rounds[k]!.servedMw + 1e-9);
  });
  expect(got.linesTripped).toBe(got.events.filter(({ what }) => what === 'line-trip').length);
  expect(got.linesTripped).toBe(got.rounds.reduce((sum, { tripped }) => sum + tripped.length, 0));
  expect(got.firstLine).toBe(got.events.find(({ what }) => what === 'line-trip')?.branch ?? null);
}

describe('inverse-time trips', () => {
  it('come when the differential equation reaches the limit', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.25, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 1.4, noNaN: true }),
        fc.double({ min: 300, max: 900, noNaN: true }),
        (u, T0, tau) => {
          const seconds = inverseTime(u, T0, { tau, limit: 1.2 });
          // T' = (u² − T)/τ by the classical method, a second formulation.
          const [steps, slope] = [400, (T: number) => (u * u - T) / tau];
          const h = seconds / steps;
          let T = T0;
          for (let k = 0; k < steps; k++) {
            const a = slope(T);
            const b = slope(T + (h / 2) * a);
            const c = slope(T + (h / 2) * b);
            T += (h / 6) * (a + 2 * (b + c) + slope(T + h * c));
          }
          expect(Math.abs(T - 1.44)).toBeLessThan(1e-8);
        },
      ),
      { numRuns: 50 },
    );
    expect(inverseTime(1.19, 0, tripRules.thermal)).toBe(Infinity);
    expect(inverseTime(1, 1.5, tripRules.thermal)).toBe(0);
  });

  it('trip lines one after the other, each warmed by what went before', () => {
    // 100 MW: 50 each. Line 2, at 50/40 = 1.25, goes first; line 1 then carries 100 at 100/70.
    const grid = twoLines(100, [70, 40]);
    const got = cascade(grid, { rule: tripRules.thermal, before: loaded(grid, 0.5), duration: 7200 });
    const rule = { tau: 600, limit: 1.2 };
    const first = inverseTime(1.25, 0.625 ** 2, rule);
    const warm = (50 / 70) ** 2;
    const T = warm + ((25 / 70) ** 2 - warm) * Math.exp(-first / 600);
    const second = inverseTime(100 / 70, T, rule);
    expect(got.events.map(({ what, branch }) => [what, branch])).toEqual([
      ['line-trip', 1],
      ['line-trip', 0],
      ['load-loss', null],
    ]);
    expect(got.events[0]!.t).toBeCloseTo(first, 6);
    expect(got.events[1]!.t).toBeCloseTo(first + second, 6);
    expect(got.ended).toBe('blackout');
    expect(got.unservedMwh).toBeCloseTo((100 * (7200 - first - second)) / 3600, 6);
    check(got);
  });
});

describe('rules', () => {
  it('of Grid2Op trip at twice the limit at once, and above it on the third step', () => {
    const soft = cascade(twoLines(100, [200, 40]), { rule: tripRules.grid2op });
    expect(soft.events.map(({ t, what, branch }) => [t, what, branch])).toEqual([[600, 'line-trip', 1]]);
    expect(soft.ended).toBe('stable');
    const hard = cascade(twoLines(100, [200, 20]), { rule: tripRules.grid2op });
    expect(hard.events.map(({ t, branch }) => [t, branch])).toEqual([[0, 1]]);
    // Back after ten steps, it is overloaded again, and goes again on the third.
    const back = cascade(twoLines(100, [200, 40]), { rule: { ...tripRules.grid2op, reclose: true }, duration: 4500 });
    expect(back.events.map(({ t, what }) => [t, what])).toEqual([
      [600, 'line-trip'],
      [3600, 'line-return'],
      [4200, 'line-trip'],
    ]);
    expect(back.ended).toBe('time');
  });

  it('that draw trip as often as they say, and the same for a seed', () => {
    const loading = Float64Array.of(1.25, 1.6, 0.9, Number.NaN);
    const rule = tripRule(tripRules.probabilistic, loading, rng(1));
    const counts = [0, 0, 0, 0];
    for (let k = 0; k < 4000; k++) for (const row of rule.atOnce(loading)) counts[row]!++;
    expect(Math.abs(counts[0]! / 4000 - 0.5)).toBeLessThan(0.03);
    expect(counts.slice(1)).toEqual([4000, 0, 0]);
    const grid = loaded(builtinGrid('case39'), 1.3);
    const run = (seed: number): Cascade => cascade(grid, { rule: tripRules.probabilistic, rng: rng(seed) });
    expect(run(5)).toEqual(run(5));
    const sizes = [1, 2, 3, 4, 5, 6].map((seed) => run(seed).linesTripped);
    expect(new Set(sizes).size).toBeGreaterThan(1);
  });

  it('refuse what cannot be', () => {
    const grid = twoLines(100, [70, 40]);
    expect(() => cascade(grid, { rule: tripRules.probabilistic })).toThrow('needs a seed');
    expect(() => cascade(grid, { rule: { ...tripRules.thermal, tau: 0 } })).toThrow('thermal: τ 0 s');
    expect(() => cascade(grid, { voltage: {} })).toThrow('need the ac model');
    expect(() => cascade(grid, { rate: new Float64Array(1) })).toThrow('rate has 1 values, expected 2');
  });
});

describe('the AC cascade', () => {
  it('of a network with strong lines is one power flow whose generators cover its losses', () => {
    const grid = builtinGrid('case39');
    const got = cascade(grid, { model: 'ac', rate: new Float64Array(grid.branch.rows) });
    expect(got).toMatchObject({ ended: 'stable', linesTripped: 0, servedFraction: 1 });
    const flow = powerFlow(grid, { qLimits: 'all' });
    // Another dispatch, so other losses: near those of the case.
    expect(flow.ok && Math.abs(got.rounds[0]!.lossMw / flow.lossMw - 1)).toBeLessThan(0.15);
  });

  it('drops load where there is no solution, and blacks out what has none at all', () => {
    // Over x = 0.05 p.u. at unit voltage no more than 1000 MW without support at the far end.
    const heavy = twoLines(1500, [0, 0]);
    const strong = withColumns(heavy, {
      gen: { Pmax: Float64Array.of(9000), Qmax: Float64Array.of(9e4), Qmin: Float64Array.of(-9e4) },
    });
    const got = cascade(strong, { model: 'ac' });
    const kept = Math.log(got.servedFraction) / Math.log(0.95);
    expect(Math.abs(kept - Math.round(kept))).toBeLessThan(1e-9);
    expect(got.events.map(({ why }) => why)).toEqual(['no-solution']);
    // The nose of a lossless line: P = V²/2x
    expect(got.servedMw).toBeLessThan(1000);
    expect(got.servedMw).toBeGreaterThan(1000 * 0.95);
    const hopeless = cascade(loaded(strong, 5), { model: 'ac' });
    expect(hopeless.events.map(({ why }) => why)).toEqual(['collapse']);
    expect(hopeless.ended).toBe('blackout');
    [got, hopeless].forEach(check);
  });

  it('sheds by under-voltage after its delay, until the voltage is back', () => {
    const grid = twoLines(700, [0, 0]);
    const strong = withColumns(grid, {
      gen: { Pmax: Float64Array.of(900), Qmax: Float64Array.of(900), Qmin: Float64Array.of(-900) },
    });
    const voltage = { under: { threshold: 0.93, delay: 5, share: 0.1 } };
    const got = cascade(strong, { model: 'ac', voltage });
    const sheds = got.events.filter(({ what }) => what === 'under-voltage');
    expect(sheds.length).toBeGreaterThan(0);
    sheds.forEach(({ t, mwLost, value }, k) => {
      expect(t).toBeCloseTo(5 * (k + 1), 9);
      expect(mwLost).toBeCloseTo(70, 9);
      expect(value).toBeLessThan(0.93);
    });
    expect(got.rounds.at(-1)!.vmin).toBeGreaterThan(0.93);
    // V² = (1 + √(1 − 4 x² P²))/2 with x = 0.05
    const p = got.servedMw / 100;
    expect(got.rounds.at(-1)!.vmin).toBeCloseTo(Math.sqrt((1 + Math.sqrt(1 - 4 * 0.0025 * p * p)) / 2), 8);
    check(got);
  });

  it('takes capacitors, or generators, off a bus whose voltage is too high', () => {
    const grid = twoLines(10, [0, 0]);
    const high = withColumns(grid, { bus: { Bs: Float64Array.of(0, 200) } });
    const got = cascade(high, { model: 'ac', voltage: { over: { threshold: 1.1, delay: 2 } } });
    expect(got.events.map(({ t, what, buses }) => [t, what, [...buses]])).toEqual([[2, 'over-voltage', [1]]]);
    expect(got.servedFraction).toBe(1);
  });
});

describe('every cascade', () => {
  const nets = ['case9', 'case14', 'case30', 'case39'].map(builtinGrid);
  const rules = ['instant', 'grid2op', 'thermal', 'probabilistic'] as const;

  it('serves and loses what was asked for, in order, whatever the rule and the model', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...nets),
        fc.constantFrom(...rules),
        fc.constantFrom('dc' as const, 'ac' as const),
        fc.double({ min: 0.5, max: 1.6, noNaN: true }),
        fc.nat(45),
        (grid, rule, model, scale, outage) => {
          const hit = without(loaded(grid, scale), outage % grid.branch.rows);
          const options: CascadeOptions = { model, rule: tripRules[rule], before: grid, rng: rng(outage) };
          const own =
            model === 'ac' ? { ...options, voltage: { under: { threshold: 0.9, delay: 10, share: 0.25 } } } : options;
          check(cascade(hit, own));
        },
      ),
      { numRuns: 16 },
    );
  });

  it('leaves every island in balance', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...nets),
        fc.double({ min: 0.6, max: 1.3, noNaN: true }),
        fc.array(fc.nat(45), { minLength: 1, maxLength: 4 }),
        (grid, scale, outages) => {
          const hit = outages.reduce((own, row) => without(own, row % grid.branch.rows), loaded(grid, scale));
          for (const stage of [dcStage, acStage]) {
            const state: CascadeState = {
              load: hit.bus.Pd.slice(),
              type: hit.bus.type.slice(),
              shunt: hit.bus.Bs.slice(),
              power: dcPowerFlow(grid).pGen,
              genStatus: hit.gen.status.slice(),
              status: hit.branch.status.slice(),
            };
            const { lossMw } = stage(hit, state, hit.branch.rateA);
            const { islands } = networkOf(leftOf(hit, state));
            let used = 0;
            for (const { buses, gens } of islands) {
              const load = buses.reduce((sum, row) => sum + state.load[row]!, 0);
              const given = gens.reduce((sum, row) => sum + state.power[row]!, 0);
              used += given - load;
              if (stage === dcStage) expect(Math.abs(given - load)).toBeLessThan(1e-6);
              for (const row of gens)
                expect(state.power[row]!).toBeLessThan(
                  Math.max(grid.gen.Pmax[row]!, dcPowerFlow(grid).pGen[row]!) + 2e-3,
                );
            }
            if (stage === acStage) expect(Math.abs(used - lossMw)).toBeLessThan(1e-6);
          }
        },
      ),
      { numRuns: 10 },
    );
  });
});
