import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { District } from '../../../sim/data/dataset.ts';
import * as hour from '../../../sim/district/hour.ts';
import { districtKpiMeter, kpiMeter, kpiNames } from '../../../sim/district/kpi.ts';
import type { KpiRow } from '../../../sim/district/kpi.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { goldenColumns, goldenDistrict, goldenKpis, goldenRun } from '../../support/golden-run.ts';
import type { GoldenRun } from '../../support/golden-run.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

/*
 * CityLearn's own series through our meters, and its own KPIs out: the meters alone, whatever our simulator does. An unserved energy of 1e-9 has a
 * float32 sum of CityLearn's for a denominator, which ours is within 1e-7 of.
 */

const releases = { 'v1.8.0': 'v1', 'v2.3.1': 'v2.3', head: 'head' } as const;
const runs = sharedMissing
  ? []
  : ([
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'random', 1e-14],
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'rbc', 1e-14],
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'zero', 1e-14],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'random', 1e-14],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'rbc', 1e-14],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'zero', 1e-14],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'random', 1e-12],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'rbc', 1e-12],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'zero', 1e-12],
      ['head', 'citylearn_challenge_2023_phase_1', 'random', 1e-12],
    ] as const);

/** An hour's fields from a golden series file; what it leaves out is the dataset's. */
function fill(
  hours: Float64Array,
  at: number,
  model: BuildingModel,
  series: Readonly<Record<string, Float64Array>>,
  building: number,
  t: number,
): void {
  const { columns, profile } = model;
  const float = profile.float32 ? Math.fround : Number;
  const of = (name: string): number | undefined => series[`${building}.${name}`]?.[t];
  const net = of('net')!;
  // The shortest files, all of 2022, hold the net alone: what they leave out follows from it and from the dataset.
  const cost = of('cost') ?? float(net * columns.price[t]!);
  const emission = of('emission') ?? Math.max(float(net * columns.carbon[t]!), 0);
  const base = of('net_without_storage') ?? float(columns.load[t]! + columns.solar[t]!);
  hours[at + hour.NET] = net;
  hours[at + hour.COST] = cost;
  hours[at + hour.EMISSION] = emission;
  hours[at + hour.NET_WITHOUT_STORAGE] = base;
  hours[at + hour.NET_WITHOUT_PARTIAL_LOAD] = of('net_without_storage_and_partial_load') ?? base;
  hours[at + hour.INDOOR_TEMPERATURE] =
    of('indoor_dry_bulb_temperature') ?? columns.named['indoor_dry_bulb_temperature']![t]!;
  hours[at + hour.COOLING_SET_POINT] = columns.named['indoor_dry_bulb_temperature_cooling_set_point']![t]!;
  hours[at + hour.HEATING_SET_POINT] = columns.named['indoor_dry_bulb_temperature_heating_set_point']![t]!;
  hours[at + hour.LOAD_SERVED] = of('energy_to_non_shiftable_load') ?? columns.load[t]!;
  for (const [name, block] of [
    ['cooling', hour.COOLING],
    ['heating', hour.HEATING],
    ['dhw', hour.DHW],
  ] as const) {
    const demand = of(`${name}_demand`) ?? columns[`${name}Demand`][t]!;
    hours[at + block + hour.DEMAND] = demand;
    hours[at + block + hour.FROM_DEVICE] = of(`energy_from_${name}_device`) ?? demand;
    hours[at + block + hour.TANK_BALANCE] = of(`${name}_storage.energy_balance`) ?? 0;
  }
}

describe.skipIf(sharedMissing).each(runs)('%s %s %s (needs ../shared)', (release, dataset, policy, tolerance) => {
  let run: GoldenRun;
  let district: District;
  let models: BuildingModel[];
  let rows: readonly KpiRow[];
  let lanes: Readonly<Record<string, number | null>>[];

  beforeAll(async () => {
    run = goldenRun(release, dataset, policy);
    district = await goldenDistrict(run);
    models = district.buildings.map((building) => openModel(building, district, profiles[releases[release]]));
    const { series_dtypes: types } = run.meta;
    const series = Object.fromEntries(
      Object.entries(goldenColumns(run, 'series')!).map(([name, values]) => [
        name,
        types[name] === 'float32' ? values.map(Math.fround) : values,
      ]),
    );
    const stride = 64;
    const hours = new Float64Array(models.length * stride);
    const ats = Int32Array.from(models, (_, i) => i * stride);
    const window = { start: 0, rows: run.meta.T };
    const meter = districtKpiMeter(models, window);
    const own = models.map((model) => kpiMeter(model, window));
    for (let t = 0; t < run.meta.T; t++) {
      models.forEach((model, i) => fill(hours, ats[i]!, model, series, i, t));
      meter.push(hours, ats, t);
      own.forEach((one, i) => one.push(hours, ats[i]!, t));
    }
    rows = meter.rows();
    lanes = own.map((one) => one.values());
  }, 60_000);

  it('has CityLearn’s rows in CityLearn’s order', () => {
    expect(rows.map(({ level, name, costFunction }) => [level, name, costFunction])).toEqual(
      goldenKpis(run).map(({ level, name, costFunction }) => [level, name, costFunction]),
    );
  });

  it(`has CityLearn’s values within ${tolerance}`, () => {
    goldenKpis(run).forEach(({ level, name, costFunction, value }, i) => {
      expectClose(`${level} ${name} ${costFunction}`, rows[i]!.value, value, tolerance);
    });
  });

  it('gives one lane what it gives the building', () => {
    for (const { level, name, costFunction, value } of rows) {
      if (level !== 'building') continue;
      const i = district.buildings.findIndex((building) => building.name === name);
      expect(lanes[i]![costFunction], `${name} ${costFunction}`).toBe(value);
    }
  });
});

describe.skipIf(sharedMissing).each(['zero', 'hour_rbc', 'bang_bang20'])(
  'v2.0.0 Building_6 %s (needs ../shared)',
  (policy) => {
    const folder = sharedPath('golden/citylearn/v2.0.0/citylearn_challenge_2022_phase_2.Building_6');

    it('has CityLearn’s values within 1e-12', async () => {
      const series = numberColumns(`${folder}/${policy}.trajectory.csv.gz`);
      const expected = JSON.parse(readFileSync(`${folder}/kpis.json`, 'utf8')) as Record<
        string,
        { readonly kpis: Readonly<Record<string, number>> }
      >;
      const published = await folderDistrict('datasets/citylearn_challenge_2022_phase_2', ['Building_6']);
      // Since 2.2 the file has float32 text; phase_1's old file has the same column in float64 text.
      const { carbon } = (await folderDistrict('datasets-v1/citylearn_challenge_2022_phase_1', ['Building_1']))
        .buildings[0]!;
      const model = openModel({ ...published.buildings[0]!, carbon }, published, profiles['v2.0']);
      const meter = kpiMeter(model, { start: 0, rows: 8760 });
      const hours = new Float64Array(64);
      for (let t = 0; t < 8760; t++) {
        const net = series['net_kwh']![t]!;
        hours[hour.NET] = net;
        hours[hour.COST] = net * model.columns.price[t]!;
        hours[hour.EMISSION] = Math.max(net * model.columns.carbon[t]!, 0);
        hours[hour.NET_WITHOUT_STORAGE] = series['net_no_storage_kwh']![t]!;
        meter.push(hours, 0, t);
      }
      const { kpis } = expected[policy]!;
      expect(kpiNames(model.profile).toSorted()).toEqual(Object.keys(kpis).toSorted());
      for (const [name, value] of Object.entries(kpis)) expectClose(name, meter.value(name), value, 1e-12);
    });
  },
);

async function folderDistrict(path: string, buildings: readonly string[]): Promise<District> {
  return readCityLearnFolder(folderReader(sharedPath(path)), { buildings });
}

function expectClose(what: string, got: number | null, expected: number | null, tolerance: number): void {
  if (expected === null) {
    expect(got, what).toBeNull();
    return;
  }
  expect(got, what).not.toBeNull();
  const difference = Math.abs(got! - expected);
  expect(difference, `${what}: ${got} for ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1e-3, Math.abs(expected)),
  );
}
