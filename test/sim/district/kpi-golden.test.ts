import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { District } from '../../../sim/data/dataset.ts';
import * as hour from '../../../sim/district/hour.ts';
import { districtKpiMeter, kpiMeter, kpiNames } from '../../../sim/district/kpi.ts';
import type { KpiRow } from '../../../sim/district/kpi.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { goldenHours } from '../../support/golden-hours.ts';
import { goldenKpis, goldenRun } from '../../support/golden-run.ts';
import type { GoldenRun } from '../../support/golden-run.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

/*
 * CityLearn's own series through our meters, and its own KPIs out: the meters alone, whatever our simulator does. An unserved energy of 1e-9 has a
 * float32 sum of CityLearn's for a denominator, which ours is within 1e-7 of.
 */

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

describe.skipIf(sharedMissing).each(runs)('%s %s %s (needs ../shared)', (release, dataset, policy, tolerance) => {
  let run: GoldenRun;
  let names: string[];
  let rows: readonly KpiRow[];
  let lanes: Readonly<Record<string, number | null>>[];

  beforeAll(async () => {
    run = goldenRun(release, dataset, policy);
    const golden = await goldenHours(run);
    const { models, hours, ats } = golden;
    names = models.map(({ data }) => data.name);
    const window = { start: 0, rows: golden.rows };
    const meter = districtKpiMeter(models, window);
    const own = models.map((model) => kpiMeter(model, window));
    for (let t = 0; t < golden.rows; t++) {
      golden.fill(t);
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
      expect(lanes[names.indexOf(name)]![costFunction], `${name} ${costFunction}`).toBe(value);
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
