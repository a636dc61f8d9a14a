import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnknownNameError } from '../../../core/errors.ts';
import type { DynamicsData } from '../../../sim/data/dataset.ts';
import * as hour from '../../../sim/district/hour.ts';
import { districtKpiMeter, kpiMeter, kpiNames } from '../../../sim/district/kpi.ts';
import type { KpiRow } from '../../../sim/district/kpi.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { profiles, repaired } from '../../../sim/district/profile.ts';
import type { Profile, ProfileName } from '../../../sim/district/profile.ts';
import { bareModel, noConverter } from '../../support/bare-model.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const blocks = (values: readonly number[], window: number): number[][] =>
  Array.from({ length: Math.ceil(values.length / window) }, (_, k) => values.slice(k * window, (k + 1) * window));
/** A block whose largest value is 0 has none. */
const loadFactor = (values: readonly number[], window: number): number =>
  mean(
    blocks(values, window)
      .map((block) => 1 - mean(block) / Math.max(...block))
      .filter((one) => Number.isFinite(one)),
  );
const peak = (values: readonly number[], window: number): number =>
  mean(blocks(values, window).map((block) => Math.max(...block)));
const differences = (values: readonly number[]): number[] => values.slice(1).map((value, t) => value - values[t]!);

/** An hour of a building as the meter sees it. */
interface Hour {
  readonly net: number;
  readonly base: number;
  readonly price: number;
  readonly carbon: number;
  readonly temperature: number;
  readonly occupants: number;
  readonly outage: number;
  readonly load: number;
  readonly served: number;
  readonly demand: number;
  readonly fromDevice: number;
  readonly fromTank: number;
}

const quiet: Hour = {
  net: 1,
  base: 1,
  price: 1,
  carbon: 1,
  temperature: 22,
  occupants: 1,
  outage: 0,
  load: 1,
  served: 1,
  demand: 0,
  fromDevice: 0,
  fromTank: 0,
};
const coolingSetPoint = 24;
const heatingSetPoint = 20;

function modelOf(
  profile: Profile,
  hours: readonly Hour[],
  extra: Partial<BuildingModel> = {},
  name = 'A',
): BuildingModel {
  const column = (of: (one: Hour) => number): Float64Array => Float64Array.from(hours, of);
  const bare = bareModel(profile, {
    rows: hours.length,
    columns: {
      electricity_pricing: column(({ price }) => price),
      carbon_intensity: column(({ carbon }) => carbon),
      occupant_count: column(({ occupants }) => occupants),
      non_shiftable_load: column(({ load }) => load),
      cooling_demand: column(({ demand }) => demand),
    },
    observations: [],
    devices: { cooling: { ...noConverter, nominalPower: 5 } },
    data: { name },
  });
  return { ...bare, ...extra };
}

const stride = 64;

function fill(hours: Float64Array, at: number, profile: Profile, one: Hour): void {
  const float = profile.float32 ? Math.fround : Number;
  hours[at + hour.NET] = float(one.net);
  hours[at + hour.COST] = float(float(one.net) * float(one.price));
  hours[at + hour.EMISSION] = Math.max(float(float(one.net) * float(one.carbon)), 0);
  hours[at + hour.NET_WITHOUT_STORAGE] = float(one.base);
  hours[at + hour.NET_WITHOUT_PARTIAL_LOAD] = float(2 * one.base);
  hours[at + hour.INDOOR_TEMPERATURE] = float(one.temperature);
  hours[at + hour.COOLING_SET_POINT] = coolingSetPoint;
  hours[at + hour.HEATING_SET_POINT] = heatingSetPoint;
  hours[at + hour.POWER_OUTAGE] = one.outage;
  hours[at + hour.LOAD_SERVED] = float(one.served);
  hours[at + hour.COOLING + hour.DEMAND] = float(one.demand);
  hours[at + hour.COOLING + hour.FROM_DEVICE] = float(one.fromDevice);
  hours[at + hour.COOLING + hour.TANK_BALANCE] = float(-one.fromTank);
}

/** Rows of a district of these buildings. */
function rowsOf(
  profile: Profile,
  buildings: readonly (readonly Hour[])[],
  extra: readonly Partial<BuildingModel>[] = [],
): readonly KpiRow[] {
  const models = buildings.map((hours, i) => modelOf(profile, hours, extra[i], String.fromCodePoint(65 + i)));
  const rows = buildings[0]!.length;
  const meter = districtKpiMeter(models, { start: 0, rows });
  const ats = Int32Array.from(models, (_, i) => i * stride);
  const hours = new Float64Array(models.length * stride);
  for (let t = 0; t < rows; t++) {
    buildings.forEach((own, i) => fill(hours, ats[i]!, profile, own[t]!));
    meter.push(hours, ats, t);
  }
  return meter.rows();
}

function valueOf(rows: readonly KpiRow[], name: string, kpi: string): number | null {
  const row = rows.find((one) => one.name === name && one.costFunction === kpi);
  expect(row, `${name} ${kpi}`).toBeDefined();
  return row!.value;
}

/** The definitions of specs/citylearn.md 14, written down as they stand there; of one building, or of a sum of nets. */
const definitions: Readonly<Record<string, (hours: readonly Hour[], profile: Profile) => number>> = {
  electricity_consumption_total: (h) =>
    sum(h.map(({ net }) => Math.max(net, 0))) / sum(h.map(({ base }) => Math.max(base, 0))),
  zero_net_energy: (h) => sum(h.map(({ net }) => net)) / sum(h.map(({ base }) => base)),
  carbon_emissions_total: (h) =>
    sum(h.map(({ net, carbon }) => Math.max(net * carbon, 0))) /
    sum(h.map(({ base, carbon }) => Math.max(base * carbon, 0))),
  cost_total: (h) =>
    sum(h.map(({ net, price }) => Math.max(net * price, 0))) /
    sum(h.map(({ base, price }) => Math.max(base * price, 0))),
  discomfort_proportion: (h) => share(h, ({ temperature: x }) => x > coolingSetPoint + 2 || x < heatingSetPoint - 2),
  discomfort_cold_proportion: (h) => share(h, ({ temperature: x }) => x < heatingSetPoint - 2),
  discomfort_hot_proportion: (h) => share(h, ({ temperature: x }) => x > coolingSetPoint + 2),
  discomfort_cold_delta_minimum: (h) => Math.min(...h.map(coldDelta)),
  discomfort_cold_delta_maximum: (h) => Math.max(...h.map(coldDelta)),
  discomfort_cold_delta_average: (h) => mean(h.map(coldDelta)),
  discomfort_hot_delta_minimum: (h) => Math.min(...h.map(hotDelta)),
  discomfort_hot_delta_maximum: (h) => Math.max(...h.map(hotDelta)),
  discomfort_hot_delta_average: (h) => mean(h.map(hotDelta)),
  one_minus_thermal_resilience_proportion: (h) =>
    definitions['discomfort_proportion']!(
      h.filter(({ outage }) => outage > 0),
      profiles['v2.3'],
    ),
  power_outage_normalized_unserved_energy_total: (h) => unserved(h.filter(({ outage }) => outage > 0)),
  annual_normalized_unserved_energy_total: (h) => unserved(h),
};
const shapes: Readonly<Record<string, (net: readonly number[], profile: Profile) => number>> = {
  ramping_average: (net, { kpis }) =>
    sum(
      differences(net).map((difference) =>
        kpis === 'v1' || kpis === 'v2.0' || kpis === 'v2.1' ? Math.abs(difference) : Math.max(difference, 0),
      ),
    ),
  daily_one_minus_load_factor_average: (net) => loadFactor(net, 24),
  monthly_one_minus_load_factor_average: (net) => loadFactor(net, 730),
  daily_peak_average: (net) => peak(net, 24),
  annual_peak_average: (net) => peak(net, 8760),
  all_time_peak_average: (net) => Math.max(...net),
};
const v1Names: Readonly<Record<string, string>> = {
  electricity_consumption: 'electricity_consumption_total',
  carbon_emissions: 'carbon_emissions_total',
  cost: 'cost_total',
  ramping: 'ramping_average',
  '1 - load_factor': 'monthly_one_minus_load_factor_average',
  average_daily_peak: 'daily_peak_average',
  peak_demand: 'annual_peak_average',
};

/** CityLearn 2.1, whose one set point is the cooling one here; 1 − thermal resilience is the first of these in an outage. */
const oneSetPoint: Readonly<Record<string, (hours: readonly Hour[], profile: Profile) => number>> = {
  discomfort_proportion: (h) => share(h, ({ temperature: x }) => Math.abs(x - coolingSetPoint) > 2),
  discomfort_too_cold_proportion: (h) => share(h, ({ temperature: x }) => x < coolingSetPoint - 2),
  discomfort_too_hot_proportion: (h) => share(h, ({ temperature: x }) => x > coolingSetPoint + 2),
  discomfort_delta_minimum: (h) => Math.min(...h.map(signedDelta)),
  discomfort_delta_maximum: (h) => Math.max(...h.map(signedDelta)),
  discomfort_delta_average: (h) => mean(h.map(signedDelta)),
  one_minus_thermal_resilience_proportion: (h) =>
    oneSetPoint['discomfort_proportion']!(
      h.filter(({ outage }) => outage > 0),
      profiles['v2.1'],
    ),
};

function signedDelta({ temperature, occupants }: Hour): number {
  return occupants > 0 ? temperature - coolingSetPoint : 0;
}
function share(hours: readonly Hour[], uncomfortable: (one: Hour) => boolean): number {
  const occupied = hours.filter(({ occupants }) => occupants > 0);
  return occupied.filter(uncomfortable).length / occupied.length;
}
function coldDelta({ temperature, occupants }: Hour): number {
  return occupants > 0 ? Math.max(heatingSetPoint - temperature, 0) : 0;
}
function hotDelta({ temperature, occupants }: Hour): number {
  return occupants > 0 ? Math.max(temperature - coolingSetPoint, 0) : 0;
}
function unserved(hours: readonly Hour[]): number {
  const expected = sum(hours.map(({ demand, load }) => demand + load));
  const served = sum(hours.map(({ fromDevice, fromTank, served: own }) => fromDevice + fromTank + own));
  return (expected - served) / expected;
}

/** Some float32 number: both number types then see the same inputs. */
const between = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => Math.fround(value));
const anyHour = fc.record({
  net: fc.tuple(between(0.1, 10), fc.boolean()).map(([kwh, exports]) => (exports ? -kwh : kwh)),
  base: between(0.1, 10),
  price: between(0.1, 1),
  carbon: between(0.1, 1),
  temperature: between(15, 30),
  occupants: fc.constantFrom(0, 0, 1, 3),
  outage: fc.constantFrom(0, 0, 0, 1),
  load: between(0.1, 3),
  served: between(0, 3),
  demand: between(0, 5),
  fromDevice: between(0, 3),
  fromTank: between(0, 3),
});

describe('KPIs', () => {
  it.each(['v1', 'v2.0', 'v2.1', 'v2.3', 'v3'] as const)(
    'of %s are their definitions, of a building and of a district',
    (name) => {
      const profile = profiles[name];
      fc.assert(
        fc.property(
          fc
            .integer({ min: 25, max: 900 })
            .chain((rows) => fc.tuple(...[0, 1].map(() => fc.array(anyHour, { minLength: rows, maxLength: rows })))),
          (buildings) => {
            const rows = rowsOf(profile, buildings);
            const close = (got: number | null, expected: number, what: string): void => {
              if (!Number.isFinite(expected)) return expect(got, what).toBeNull();
              expect(Math.abs(got! - expected), `${what}: ${got} for ${expected}`).toBeLessThanOrEqual(
                (profile.float32 ? 2e-5 : 1e-9) * Math.max(1, Math.abs(expected)),
              );
            };
            const of = (net: (one: Hour) => number): number[] =>
              buildings[0]!.map((one, t) => net(one) + net(buildings[1]![t]!));
            for (const { name: who, costFunction, value } of rows) {
              const kpi = v1Names[costFunction] ?? costFunction;
              const define = (profile.setPoints === 1 ? oneSetPoint[kpi] : undefined) ?? definitions[kpi];
              const what = `${who} ${costFunction}`;
              if (define === undefined) {
                const inBase = shapes[kpi]!(
                  of(({ base }) => (name === 'v3' ? 2 * base : base)),
                  profile,
                );
                // A baseline that hardly varies has almost nothing to divide by.
                if (Math.abs(inBase) < 1e-2) continue;
                const inNet = shapes[kpi]!(
                  of(({ net }) => net),
                  profile,
                );
                // head and v3 take what is not finite for 0.
                const over = profile.kpis === 'head' && !Number.isFinite(inNet) ? 0 : inNet;
                close(value, over / inBase, what);
                continue;
              }
              // v3 takes the baseline without partial load of every building; for one without dynamics both are the same. Here they differ.
              const values = buildings.map((own) =>
                define(name === 'v3' ? own.map((one) => ({ ...one, base: 2 * one.base })) : own, profile),
              );
              if (who === 'District') {
                const known = values.filter((one) => Number.isFinite(one));
                close(value, mean(known), what);
              } else close(value, values[who === 'A' ? 0 : 1]!, what);
            }
          },
        ),
        { numRuns: 20, endOnFailure: true },
      );
    },
  );

  it('have the names of their release', () => {
    expect(kpiNames(profiles.v1)).toEqual([
      '1 - load_factor',
      'average_daily_peak',
      'carbon_emissions',
      'cost',
      'electricity_consumption',
      'peak_demand',
      'ramping',
      'zero_net_energy',
    ]);
    expect(kpiNames(profiles['v2.0'])).toHaveLength(9);
    expect(kpiNames(profiles['v2.0'])).toContain('annual_peak_average');
    expect(kpiNames(profiles['v2.1'])).toEqual([
      'annual_normalized_unserved_energy_total',
      'annual_peak_average',
      'carbon_emissions_total',
      'cost_total',
      'daily_one_minus_load_factor_average',
      'daily_peak_average',
      'discomfort_delta_average',
      'discomfort_delta_maximum',
      'discomfort_delta_minimum',
      'discomfort_proportion',
      'discomfort_too_cold_proportion',
      'discomfort_too_hot_proportion',
      'electricity_consumption_total',
      'monthly_one_minus_load_factor_average',
      'one_minus_thermal_resilience_proportion',
      'power_outage_normalized_unserved_energy_total',
      'ramping_average',
      'zero_net_energy',
    ]);
    expect(kpiNames(profiles['v2.3'])).toHaveLength(21);
    expect(kpiNames(profiles['v2.3'])).toEqual(kpiNames(profiles['v2.3']).toSorted());
    for (const name of ['head', 'v3'] as const) expect(kpiNames(profiles[name])).toEqual(kpiNames(profiles['v2.3']));
  });

  it('are known while the episode runs, and nothing before its first hour', () => {
    for (const name of Object.keys(profiles) as ProfileName[]) {
      const profile = profiles[name];
      const model = modelOf(profile, [quiet, { ...quiet, net: 3 }, { ...quiet, net: 3 }]);
      const meter = kpiMeter(model, { start: 0, rows: 3 });
      expect(new Set(Object.values(meter.values()))).toEqual(new Set([null]));
      const hours = new Float64Array(stride);
      const consumption = kpiNames(profile).find((kpi) => kpi.startsWith('electricity_consumption'))!;
      fill(hours, 0, profile, quiet);
      meter.push(hours, 0, 0);
      // v3's field holds twice the baseline here.
      expect(meter.value(consumption)).toBe(name === 'v3' ? 0.5 : 1);
      fill(hours, 0, profile, { ...quiet, net: 3 });
      meter.push(hours, 0, 1);
      expect(meter.value(consumption)).toBe(name === 'v3' ? 1 : 2);
      expect(meter.values()[consumption]).toBe(meter.value(consumption));
    }
  });

  it('refuse a name of another release', () => {
    const meter = kpiMeter(modelOf(profiles.v1, [quiet]), { start: 0, rows: 1 });
    expect(() => meter.value('cost_total')).toThrow(UnknownNameError);
    expect(() => meter.value('cost_total')).toThrow(/Known: 1 - load_factor/);
  });
});

describe('a KPI that is not defined', () => {
  const free = { ...quiet, price: 0, carbon: 0, occupants: 0 };

  it('is null: no price, no carbon, nobody there, no outage', () => {
    const rows = rowsOf(profiles['v2.3'], [[free, { ...free, temperature: 40 }]]);
    for (const kpi of ['cost_total', 'carbon_emissions_total', 'discomfort_proportion', 'discomfort_hot_proportion'])
      expect(valueOf(rows, 'A', kpi), kpi).toBeNull();
    expect(valueOf(rows, 'District', 'one_minus_thermal_resilience_proportion')).toBeNull();
    expect(valueOf(rows, 'District', 'power_outage_normalized_unserved_energy_total')).toBeNull();
    expect(valueOf(rows, 'A', 'discomfort_hot_delta_maximum')).toBe(0);
    expect(valueOf(rows, 'A', 'annual_normalized_unserved_energy_total')).toBe(0);
  });

  it('is 1 in head and v3 where there is nothing over nothing', () => {
    for (const name of ['head', 'v3'] as const) {
      const rows = rowsOf(profiles[name], [[free, free, free]]);
      expect(valueOf(rows, 'A', 'cost_total'), name).toBe(1);
      expect(valueOf(rows, 'District', 'ramping_average'), name).toBe(1);
      expect(valueOf(rows, 'A', 'discomfort_proportion'), name).toBeNull();
    }
  });

  it('is null in head and v3 where there is something over nothing; v3 calls 1e-6 nothing', () => {
    const idle = { ...quiet, base: 0 };
    const tiny = { ...quiet, base: 1e-7 };
    for (const name of ['head', 'v3'] as const)
      expect(valueOf(rowsOf(profiles[name], [[idle, idle]]), 'A', 'cost_total'), name).toBeNull();
    expect(valueOf(rowsOf(profiles.head, [[tiny, tiny]]), 'A', 'cost_total')).toBeCloseTo(1e7, -2);
    expect(valueOf(rowsOf(profiles.v3, [[tiny, tiny]]), 'A', 'cost_total')).toBeNull();
  });

  it('is left out of the district’s mean', () => {
    const rows = rowsOf(profiles['v2.3'], [[{ ...quiet, net: 3 }], [free]]);
    expect(valueOf(rows, 'District', 'cost_total')).toBe(3);
    expect(valueOf(rows, 'District', 'electricity_consumption_total')).toBe(2);
  });

  it('counts no day without consumption for the load factor: an outage everywhere', () => {
    const days = Array.from({ length: 72 }, (_, t) => ({ ...quiet, net: t < 24 ? 0 : 1 + (t % 2), base: 1 + (t % 3) }));
    const load = valueOf(rowsOf(profiles['v2.3'], [days]), 'District', 'daily_one_minus_load_factor_average');
    expect(load).toBeCloseTo((1 - 1.5 / 2) / (1 - 2 / 3), 6);
  });

  it('counts no temperature that is blank', () => {
    const rows = rowsOf(profiles['v2.3'], [
      [
        { ...quiet, temperature: Number.NaN },
        { ...quiet, temperature: 28 },
      ],
    ]);
    expect(valueOf(rows, 'A', 'discomfort_hot_delta_average')).toBe(4);
    expect(valueOf(rows, 'A', 'discomfort_proportion')).toBe(0.5);
  });
});

describe('what differs between releases', () => {
  const year = 8760;
  const twoYears = Array.from({ length: 2 * year }, (_, t) => ({
    ...quiet,
    net: t === 5 ? 9 : t === year + 5 ? 3 : 1,
  }));

  it('the peak: a mean of years’ in v1, v2.0 and v2.1, since then the largest of all', () => {
    expect(valueOf(rowsOf(profiles.v1, [twoYears]), 'District', 'peak_demand')).toBe(6);
    for (const name of ['v2.0', 'v2.1'] as const)
      expect(valueOf(rowsOf(profiles[name], [twoYears]), 'District', 'annual_peak_average')).toBe(6);
    expect(valueOf(rowsOf(profiles['v2.3'], [twoYears]), 'District', 'all_time_peak_average')).toBe(9);
  });

  it('comfort: around one set point in v2.1, with the signed distance, beyond either of two since then', () => {
    const hours = [19, 23, 27].map((temperature) => ({ ...quiet, temperature }));
    const of = (name: ProfileName, kpi: string): number | null => valueOf(rowsOf(profiles[name], [hours]), 'A', kpi);
    expect(of('v2.1', 'discomfort_proportion')).toBeCloseTo(2 / 3, 15);
    expect(of('v2.1', 'discomfort_too_cold_proportion')).toBeCloseTo(1 / 3, 15);
    expect(of('v2.1', 'discomfort_delta_minimum')).toBe(-5);
    expect(of('v2.1', 'discomfort_delta_maximum')).toBe(3);
    expect(of('v2.1', 'discomfort_delta_average')).toBe(-1);
    expect(of('v2.3', 'discomfort_proportion')).toBeCloseTo(1 / 3, 15);
    expect(of('v2.3', 'discomfort_cold_delta_maximum')).toBe(1);
  });

  it('the blocks: so many rows, in v3 so many hours', () => {
    const quarters = Array.from({ length: 192 }, (_, t) => ({ ...quiet, net: t < 96 ? 2 : 4, base: 1 }));
    const daily = (profile: Profile, hoursPerStep: number): number | null =>
      valueOf(
        rowsOf(profile, [[{ ...quiet, net: 6 }, ...quarters.slice(1)]], [{ hoursPerStep }]),
        'District',
        'daily_peak_average',
      );
    expect(daily(profiles['v2.3'], 0.25)).toBe((6 + 3 * 2 + 4 * 4) / 8);
    // The field of v3's baseline holds 2.
    expect(daily(profiles.v3, 0.25)).toBe((6 + 4) / 2 / 2);
    expect(daily(profiles.v3, 1)).toBe((6 + 3 * 2 + 4 * 4) / 8 / 2);
  });

  it('the baseline: the first building’s kind decides, but for v3', () => {
    const dynamics = {} as DynamicsData;
    const hours = [quiet, quiet];
    const consumption = (
      profile: Profile,
      first: DynamicsData | null,
      second: DynamicsData | null,
    ): (number | null)[] => {
      const rows = rowsOf(profile, [hours, hours], [{ dynamics: first }, { dynamics: second }]);
      return ['A', 'B', 'District'].map((name) => valueOf(rows, name, 'electricity_consumption_total'));
    };
    expect(consumption(profiles['v2.3'], dynamics, dynamics)).toEqual([0.5, 0.5, 0.5]);
    expect(consumption(profiles['v2.3'], null, dynamics)).toEqual([1, 1, 1]);
    expect(consumption(profiles.v3, null, dynamics)).toEqual([0.5, 0.5, 0.5]);
  });

  it('head’s district: its own net ends an hour before the baseline, unless that is repaired', () => {
    const hours = [quiet, { ...quiet, net: 2 }, { ...quiet, net: 8 }];
    const highest = (profile: Profile): number | null =>
      valueOf(rowsOf(profile, [hours]), 'District', 'all_time_peak_average');
    expect(highest(profiles.head)).toBe(2);
    expect(highest(repaired(profiles.head, ['last-hour-idle']))).toBe(8);
    expect(highest(profiles['v2.3'])).toBe(8);
  });
});
