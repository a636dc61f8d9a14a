import { beforeAll, describe, expect, it } from 'vitest';
import {
  challenge2021Meter,
  challenge2022Meter,
  challenge2023Meter,
  relativeScore,
} from '../../../sim/district/challenge-score.ts';
import type { Costs2021, Meter2022, Score2023 } from '../../../sim/district/challenge-score.ts';
import * as hour from '../../../sim/district/hour.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { bareModel } from '../../support/bare-model.ts';
import { goldenHours } from '../../support/golden-hours.ts';
import type { GoldenHours } from '../../support/golden-hours.ts';
import { goldenKpis, goldenRun } from '../../support/golden-run.ts';
import { sharedMissing } from '../../support/shared.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.skipIf(sharedMissing)('the 2022 challenge (needs ../shared)', () => {
  const run = sharedMissing ? null : goldenRun('v1.8.0', 'citylearn_challenge_2022_phase_1', 'random');
  let golden: GoldenHours;
  let meter: Meter2022;

  beforeAll(async () => {
    golden = await goldenHours(run!);
    meter = challenge2022Meter(golden.models);
    for (let t = 0; t < golden.rows; t++) {
      golden.fill(t);
      meter.push(golden.hours, golden.ats, t);
    }
  }, 60_000);

  it('takes cost and emission of the district’s sums, and the grid from CityLearn’s own KPIs', () => {
    const { models, rows, series } = golden;
    const total = (name: string, t: number, factor: (i: number) => number): number =>
      sum(models.map((_, i) => factor(i) * series[`${i}.${name}`]![t]!));
    const clipped = (of: (t: number) => number): number =>
      sum(Array.from({ length: rows }, (_, t) => Math.max(of(t), 0)));
    const price = clipped((t) => series['district.cost']![t]!);
    const basePrice = clipped((t) => total('net_without_storage', t, (i) => models[i]!.columns.price[t]!));
    const emission = clipped((t) => series['district.emission']![t]!);
    const baseEmission = sum(
      models.flatMap((model, i) =>
        [...series[`${i}.net_without_storage`]!].map((net, t) => Math.max(net * model.columns.carbon[t]!, 0)),
      ),
    );
    const kpis = new Map(goldenKpis(run!).map((row) => [`${row.level} ${row.costFunction}`, row.value]));
    const grid = (kpis.get('district ramping')! + kpis.get('district 1 - load_factor')!) / 2;
    const score = meter.score(2);
    expect(score.priceCost! / (price / basePrice)).toBeCloseTo(1, 12);
    expect(score.emissionCost! / (emission / baseEmission)).toBeCloseTo(1, 12);
    expect(score.gridCost! / grid).toBeCloseTo(1, 12);
    expect(score.score).toBeCloseTo((score.priceCost! + score.emissionCost! + score.gridCost!) / 3, 15);
    // A building's export pays another's import, so the district's price is not the mean of the buildings'.
    expect(Math.abs(score.priceCost! - kpis.get('district cost')!)).toBeGreaterThan(1e-3);
  });

  it('leaves the grid out of phase 1', () => {
    const { priceCost, emissionCost, score } = meter.score(1);
    expect(score).toBe((priceCost! + emissionCost!) / 2);
    expect(meter.score(3)).toEqual(meter.score(2));
  });
});

describe.skipIf(sharedMissing)('the 2023 challenge (needs ../shared)', () => {
  let score: Score2023;
  let golden: GoldenHours;
  const run = sharedMissing ? null : goldenRun('v2.3.1', 'citylearn_challenge_2023_phase_1', 'rbc');

  beforeAll(async () => {
    golden = await goldenHours(run!);
    const meter = challenge2023Meter(golden.models, { start: 0, rows: golden.rows });
    for (let t = 0; t < golden.rows; t++) {
      golden.fill(t);
      meter.push(golden.hours, golden.ats, t);
    }
    score = meter.score();
  }, 60_000);

  it('has CityLearn’s KPIs but for the comfort band', () => {
    const kpis = new Map(goldenKpis(run!).map((row) => [`${row.level} ${row.costFunction}`, row.value]));
    for (const { kpi, value } of score.parts) {
      if (kpi === 'discomfort_proportion') continue;
      const expected = kpis.get(`district ${kpi}`)!;
      if (expected === null) expect(value, kpi).toBeNull();
      else expect(Math.abs(value! - expected), kpi).toBeLessThanOrEqual(1e-12);
    }
    const discomfort = golden.models.map(({ columns: { named } }, i) => {
      const temperature = golden.series[`${i}.indoor_dry_bulb_temperature`]!;
      const occupied = [...named['occupant_count']!.keys()].filter((t) => named['occupant_count']![t]! > 0);
      const beyond = occupied.filter(
        (t) =>
          temperature[t]! - named['indoor_dry_bulb_temperature_cooling_set_point']![t]! > 1 ||
          temperature[t]! - named['indoor_dry_bulb_temperature_heating_set_point']![t]! < -1,
      );
      return beyond.length / occupied.length;
    });
    const own = score.parts.find(({ kpi }) => kpi === 'discomfort_proportion')!.value!;
    expect(own).toBeCloseTo(sum(discomfort) / discomfort.length, 12);
    expect(own).toBeGreaterThan(kpis.get('district discomfort_proportion')!);
  });

  it('weighs them, what is not defined adding nothing', () => {
    expect(sum(score.parts.map(({ weight }) => weight))).toBeCloseTo(1, 12);
    const expected = sum(score.parts.map(({ weight, value }) => (value === null ? 0 : weight * value)));
    expect(Math.abs(score.score - expected)).toBeLessThanOrEqual(3e-7 * expected);
    expect(Math.fround(score.score)).toBe(score.score);
  });
});

describe('the 2023 challenge in its own release', () => {
  it('goes by 2.1’s KPIs: one set point, an annual peak, ramping both ways', () => {
    const rows = 3;
    const scoreOf = (name: 'v2.1' | 'v2.3'): Map<string, number | null> => {
      const model = bareModel(profiles[name], {
        rows,
        columns: { occupant_count: new Float64Array(rows).fill(1), carbon_intensity: Float64Array.of(1, 1, 1) },
        observations: [],
      });
      const meter = challenge2023Meter([model], { start: 0, rows });
      const hours = new Float64Array(64);
      hours[hour.COOLING_SET_POINT] = 24;
      hours[hour.HEATING_SET_POINT] = 20;
      [1, 5, 2].forEach((net, t) => {
        hours[hour.NET] = net;
        hours[hour.EMISSION] = net;
        hours[hour.NET_WITHOUT_PARTIAL_LOAD] = t + 1;
        hours[hour.INDOOR_TEMPERATURE] = [22, 24.5, 26][t]!;
        meter.push(hours, [0], t);
      });
      const { parts, score } = meter.score();
      expect(sum(parts.map(({ weight }) => weight))).toBeCloseTo(1, 12);
      expect(score).toBeCloseTo(sum(parts.map(({ weight, value }) => weight * (value ?? 0))), 6);
      return new Map(parts.map(({ kpi, value }) => [kpi, value]));
    };
    const own = scoreOf('v2.1');
    expect([...own.keys()]).toEqual([
      'carbon_emissions_total',
      'discomfort_proportion',
      'ramping_average',
      'daily_one_minus_load_factor_average',
      'daily_peak_average',
      'annual_peak_average',
      'one_minus_thermal_resilience_proportion',
      'power_outage_normalized_unserved_energy_total',
    ]);
    expect(own.get('discomfort_proportion')).toBeCloseTo(2 / 3, 15);
    expect(own.get('ramping_average')).toBe(7 / 2);
    expect(own.get('annual_peak_average')).toBe(5 / 3);
    const later = scoreOf('v2.3');
    expect(later.get('discomfort_proportion')).toBeCloseTo(1 / 3, 15);
    expect(later.get('ramping_average')).toBe(4 / 2);
    expect(later.get('all_time_peak_average')).toBe(5 / 3);
  });
});

describe('the 2020 and 2021 challenges', () => {
  const model = bareModel(profiles['v1'], {
    rows: 4,
    columns: { carbon_intensity: Float64Array.of(1, 2, 1, 1) },
    observations: [],
  });
  function costs(nets: readonly (readonly number[])[]): Costs2021 {
    const meter = challenge2021Meter(nets[0]!.map(() => model));
    const stride = 64;
    const ats = Int32Array.from(nets[0]!, (_, i) => i * stride);
    const hours = new Float64Array(stride * ats.length);
    nets.forEach((row, t) => {
      row.forEach((net, i) => (hours[ats[i]! + hour.NET] = net));
      meter.push(hours, ats, t);
    });
    return meter.costs();
  }

  it('sum up the district’s net', () => {
    expect(
      costs([
        [1, 1],
        [3, -5],
        [4, 0],
        [1, 1],
      ]),
    ).toEqual({
      ramping: 4 + 6 + 2,
      oneMinusLoadFactor: 1 - 6 / 4 / 4,
      averageDailyPeak: 4,
      peakDemand: 4,
      netElectricityConsumption: 8,
      carbonEmissions: 8,
    });
  });

  it('compare with a rule-based controller, 2020 without carbon', () => {
    const own = costs([[2], [2], [4], [2]]);
    const rule = costs([[1], [3], [4], [2]]);
    const score = relativeScore(2021, own, rule);
    expect(score.ratios).toEqual({
      ramping: 4 / 5,
      oneMinusLoadFactor: 1,
      averageDailyPeak: 1,
      peakDemand: 1,
      netElectricityConsumption: 1,
      carbonEmissions: 12 / 13,
    });
    expect(score.score).toBeCloseTo((4 / 5 + 4 + 12 / 13) / 6, 15);
    expect(relativeScore(2020, own, rule).score).toBeCloseTo((4 / 5 + 4) / 5, 15);
    expect(relativeScore(2020, own, costs([[0], [0], [0], [0]])).score).toBeNull();
  });
});
