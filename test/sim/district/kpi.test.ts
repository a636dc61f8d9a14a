import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { KpiAccumulator, kpiNames, kpiRows, kpis } from '../../../sim/district/kpi.ts';
import type { KpiName, KpiSeries } from '../../../sim/district/kpi.ts';
import { rewards } from '../../../sim/district/reward.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const blocks = (values: readonly number[], window: number): number[][] =>
  Array.from({ length: Math.ceil(values.length / window) }, (_, k) => values.slice(k * window, (k + 1) * window));
const loadFactor = (values: readonly number[], window: number): number =>
  mean(blocks(values, window).map((block) => 1 - mean(block) / Math.max(...block)));

/** The definitions of specs/bifurcation.md 3.3, written down as they stand there. */
const definitions: Record<KpiName, (e: readonly number[], price: readonly number[], ci: readonly number[]) => number> =
  {
    electricity_consumption_total: (e) => sum(e.map((x) => Math.max(x, 0))),
    cost_total: (e, price) => sum(e.map((x, t) => Math.max(x * price[t]!, 0))),
    carbon_emissions_total: (e, _price, ci) => sum(e.map((x, t) => Math.max(x * ci[t]!, 0))),
    zero_net_energy: (e) => sum(e),
    ramping_average: (e) => sum(e.slice(1).map((x, t) => Math.abs(x - e[t]!))),
    daily_peak_average: (e) => mean(blocks(e, 24).map((block) => Math.max(...block))),
    annual_peak_average: (e) => Math.max(...e),
    daily_one_minus_load_factor_average: (e) => loadFactor(e, 24),
    monthly_one_minus_load_factor_average: (e) => loadFactor(e, 730),
  };

const hour = fc.record({
  net: fc.double({ min: 0.1, max: 10, noNaN: true }),
  base: fc.double({ min: 0.1, max: 10, noNaN: true }),
  price: fc.double({ min: 0.1, max: 1, noNaN: true }),
  carbon: fc.double({ min: 0.1, max: 1, noNaN: true }),
  export: fc.boolean(),
});

describe('KPIs', () => {
  it('are their definitions, whether summed at once or hour by hour', () => {
    fc.assert(
      fc.property(fc.array(hour, { minLength: 25, maxLength: 1500 }), (hours) => {
        const net = hours.map((one) => (one.export ? -one.net : one.net));
        const base = hours.map((one) => one.base);
        const price = hours.map((one) => one.price);
        const carbon = hours.map((one) => one.carbon);
        const batch = kpis({
          net: Float64Array.from(net),
          netWithoutStorage: Float64Array.from(base),
          price: Float64Array.from(price),
          carbon: Float64Array.from(carbon),
        });
        const running = new KpiAccumulator();
        hours.forEach((_, t) => running.push(net[t]!, base[t]!, price[t]!, carbon[t]!));
        expect(running.values()).toEqual(batch);
        for (const name of kpiNames) {
          const define = definitions[name];
          const expected = define(net, price, carbon) / define(base, price, carbon);
          if (!Number.isFinite(expected)) continue; // a block whose largest value is exactly 0
          expect(Math.abs(batch[name]! - expected), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are null where the baseline is zero, never NaN or infinite', () => {
    const zeros = new Float64Array(48);
    const ones = new Float64Array(48).fill(1);
    const values = kpis({ net: ones, netWithoutStorage: zeros, price: zeros, carbon: zeros });
    expect(Object.values(values)).toEqual(kpiNames.map(() => null));
    expect(new KpiAccumulator().values()).toEqual(values);
    const free = kpis({ net: ones, netWithoutStorage: ones, price: zeros, carbon: ones });
    expect(free.cost_total).toBeNull();
    expect(free.carbon_emissions_total).toBe(1);
    expect(free.ramping_average).toBeNull();
  });

  it('of a district are means of building ratios, or of the summed series', () => {
    const column = (...values: number[]): Float64Array => Float64Array.from(values);
    const shared = { price: column(1, 1, 1), carbon: column(0, 0, 0) };
    const a: KpiSeries = { net: column(2, 0, 2), netWithoutStorage: column(1, 1, 2), ...shared };
    const b: KpiSeries = { net: column(0, 3, 1), netWithoutStorage: column(4, 3, 1), ...shared };
    const rows = kpiRows(['A', 'B'], [a, b]);
    const value = (level: string, name: string, kpi: KpiName): number | null =>
      rows.find((row) => row.level === level && row.name === name && row.costFunction === kpi)!.value;
    expect(value('building', 'A', 'electricity_consumption_total')).toBe(1);
    expect(value('building', 'B', 'electricity_consumption_total')).toBe(0.5);
    expect(value('district', 'District', 'electricity_consumption_total')).toBe(0.75);
    expect(value('district', 'District', 'ramping_average')).toBe(1 / 2); // |3−2| + |3−3| over |4−5| + |3−4|
    expect(value('district', 'District', 'annual_peak_average')).toBe(3 / 5);
    expect(value('district', 'District', 'carbon_emissions_total')).toBeNull();
    expect(rows).toHaveLength(9 + 2 * 4);
  });

  it('want columns of one length', () => {
    const two = new Float64Array(2);
    expect(() => kpis({ net: two, netWithoutStorage: new Float64Array(1), price: two, carbon: two })).toThrow(
      ShapeError,
    );
  });
});

describe('rewards', () => {
  it('RewardFunction punishes consumption and pays nothing for export', () => {
    expect(rewards.RewardFunction(2.5)).toBe(-2.5);
    expect(rewards.RewardFunction(-2.5)).toBe(0);
  });

  it('SolarPenaltyReward: importing with a full battery costs double, exporting with one is free', () => {
    expect(rewards.SolarPenaltyReward(2, 1, 6.4)).toBe(-4);
    expect(rewards.SolarPenaltyReward(2, 0, 6.4)).toBe(-2);
    expect(rewards.SolarPenaltyReward(-2, 1, 6.4)).toBeCloseTo(0, 15);
    expect(rewards.SolarPenaltyReward(-2, 0.25, 6.4)).toBe(-1.5);
    expect(rewards.SolarPenaltyReward(2, 1, 0)).toBe(0);
  });
});
