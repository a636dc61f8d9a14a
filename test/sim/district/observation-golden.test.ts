import { describe, expect, it } from 'vitest';
import { centralObservation } from '../../../sim/district/central.ts';
import {
  BATTERY_SOC,
  COOLING,
  COOLING_SET_POINT,
  DHW,
  FROM_DEVICE,
  INDOOR_TEMPERATURE,
  NET,
  TANK_BALANCE,
  TANK_SOC,
} from '../../../sim/district/hour.ts';
import { observationPlan } from '../../../sim/district/observation.ts';
import { emptyHour } from '../../support/bare-model.ts';
import { goldenBuildings } from '../../support/golden-observation.ts';
import type { GoldenBuilding } from '../../support/golden-observation.ts';
import { numberColumns, sharedMissing, sharedPath, skipWithoutShared } from '../../support/shared.ts';

/*
 * Against CityLearn's own observations and limits, with the hour's fields filled from CityLearn's own series: what is tested is what an
 * observation makes of an hour, not the hour. Source: specs/citylearn.md 11, 16.
 */

const runs = sharedMissing
  ? []
  : ([
      ['v1.8.0', 'citylearn_challenge_2022_phase_1'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1'],
      ['v2.3.1', 'citylearn_challenge_2020_climate_zone_1'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1'],
      ['head', 'citylearn_challenge_2023_phase_1'],
    ] as const);

type Columns = Readonly<Record<string, Float64Array>>;

/** Series of the golden file and the field each fills; `obs.` names come from the golden observations (head shows hours that have no series). */
const fields: readonly (readonly [series: string, observation: string, field: number])[] = [
  ['net', 'net_electricity_consumption', NET],
  ['electrical_storage.soc', 'electrical_storage_soc', BATTERY_SOC],
  ['cooling_storage.soc', 'cooling_storage_soc', COOLING + TANK_SOC],
  ['dhw_storage.soc', 'dhw_storage_soc', DHW + TANK_SOC],
  ['dhw_storage.energy_balance', '', DHW + TANK_BALANCE],
  ['energy_from_dhw_device', 'dhw_demand', DHW + FROM_DEVICE],
  ['energy_from_cooling_device', 'cooling_demand', COOLING + FROM_DEVICE],
  ['indoor_dry_bulb_temperature', 'indoor_dry_bulb_temperature', INDOOR_TEMPERATURE],
];

function fill(
  { model, meta }: GoldenBuilding,
  building: number,
  row: number,
  series: Columns,
  observed: Columns | null,
): Float64Array {
  const hours = emptyHour(model);
  hours[COOLING_SET_POINT] = model.columns.named['indoor_dry_bulb_temperature_cooling_set_point']![row]!;
  for (const [one, observation, field] of fields) {
    const source = observed === null ? series[`${building}.${one}`] : observed[`${building}.${observation}`];
    if (source !== undefined) hours[field] = model.profile.float32 ? Math.fround(source[row]!) : source[row]!;
  }
  // v1's series counts stored energy, its observation the fraction of the nominal capacity.
  if (model.profile.alignment === 'split') hours[BATTERY_SOC] = hours[BATTERY_SOC]! / model.devices.battery.capacity;
  expect(meta.name).toBe(model.data.name);
  return hours;
}

skipWithoutShared('CityLearn’s observations');

describe.skipIf(sharedMissing).each(runs)('observations of %s %s (needs ../shared)', (release, dataset) => {
  const folder = sharedPath(`golden/citylearn/${release}/${dataset}`);
  const buildings = goldenBuildings(release, dataset);
  const plans = buildings.map(({ model }) => observationPlan(model, 'fixed'));
  const single = release !== 'v1.8.0';

  it('names', () => {
    buildings.forEach(({ meta }, i) => expect(plans[i]!.names).toEqual(meta.observations));
  });

  it('number types', () => {
    buildings.forEach(({ types }, i) => {
      const plan = plans[i]!;
      plan.names.forEach((name, j) => {
        const type = types[`${i}.${name}`] ?? types[name];
        if (type !== undefined && !type.startsWith('int'))
          expect(plan.float32[j], `${i}.${name}`).toBe(type === 'float32');
      });
    });
  });

  it('limits, raw and normalised', () => {
    let compared = 0;
    buildings.forEach(({ meta, model }, i) => {
      const plan = plans[i]!;
      const check = (
        name: string,
        low: number,
        high: number,
        expected: readonly [number, number] | undefined,
      ): void => {
        // The golden limits of these two were taken after an episode that had overwritten the data.
        if (model.dynamics !== null && ['indoor_dry_bulb_temperature', 'cooling_demand'].includes(name)) return;
        compared++;
        if (single) {
          expect([Math.fround(low), Math.fround(high)], name).toEqual(expected!.map(Math.fround));
        } else {
          expect(Math.abs(low - expected![0]), name).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(low)));
          expect(Math.abs(high - expected![1]), name).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(high)));
        }
      };
      plan.names.forEach((name, j) => check(name, plan.low[j]!, plan.high[j]!, meta.observation_limits[name]));
      expect(plan.features.map(({ name }) => name)).toEqual(Object.keys(meta.normalized_observation_limits));
      for (const { name, low, high } of plan.features) check(name, low, high, meta.normalized_observation_limits[name]);
    });
    expect(compared).toBeGreaterThan(100);
  });

  it('normalised values, every column, 400 rows', () => {
    const expected = numberColumns(`${folder}/random.nobs.csv.gz`);
    const series = numberColumns(`${folder}/random.series.csv.gz`);
    const observed = release === 'head' ? numberColumns(`${folder}/random.obs.csv.gz`) : null;
    buildings.forEach((building, i) => {
      const plan = plans[i]!;
      const out = new Float32Array(plan.features.length + 2);
      const rows = expected[`${i}.hour_cos`]!.length;
      expect(rows).toBe(400);
      for (let row = 0; row < rows; row++) {
        plan.write(fill(building, i, row, series, observed), 0, row, out, 1);
        plan.features.forEach(({ name }, j) => {
          const error = Math.abs(out[1 + j]! - expected[`${i}.${name}`]![row]!);
          if (!(error <= 2e-7)) expect.fail(`${i}.${name} at ${row}: ${out[1 + j]}, off by ${error}`);
        });
      }
      expect([out[0], out.at(-1)]).toEqual([0, 0]);
    });
  });

  it.skipIf(dataset.includes('2020'))('raw values, every column, every row, in the order of a central agent', () => {
    const expected = numberColumns(`${folder}/random.obs.csv.gz`);
    const series = numberColumns(`${folder}/random.series.csv.gz`);
    const { raw } = centralObservation(plans, buildings[0]!.model.profile);
    expect(raw.map(({ name }) => name)).toEqual(Object.keys(expected));
    const out = buildings.map((_, i) => new Float64Array(plans[i]!.names.length));
    const rows = expected['hour']!.length;
    let exact = 0;
    for (let row = 0; row < rows; row++) {
      buildings.forEach((building, i) => {
        const hours = fill(building, i, row, series, release === 'head' ? expected : null);
        plans[i]!.read(hours, 0, row, out[i]!, 0);
      });
      for (const { building, index, name } of raw) {
        const value = out[building]![index]!;
        const golden = expected[name]![row]!;
        const same = single ? Math.fround(golden) === Math.fround(value) : Math.abs(golden - value) <= 1e-14;
        if (!same) expect.fail(`${name} at ${row}: ${value}, expected ${golden}`);
        exact++;
      }
    }
    expect(exact).toBe(rows * raw.length);
  });
});
