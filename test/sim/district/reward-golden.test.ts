import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BATTERY_SOC,
  COOLING,
  COOLING_SET_POINT,
  DHW,
  FIXED_FIELDS,
  FROM_DEVICE,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  NET,
  TANK_BALANCE,
  TANK_SOC,
} from '../../../sim/district/hour.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { openReward } from '../../../sim/district/reward.ts';
import { goldenColumns, goldenDistrict, goldenRun } from '../../support/golden-run.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';

/*
 * CityLearn's rewards from CityLearn's own series: hours are filled from its recorded series, not simulated, so that a reward is compared alone. All
 * rewards are equal to the last bit, but for powers other than 1 and 2, which may differ in it.
 */

const runs = sharedMissing
  ? []
  : ([
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'v1'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'v2.3'],
      ['v2.3.1', 'citylearn_challenge_2020_climate_zone_1', 'v2.3'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'v2.3'],
      ['head', 'citylearn_challenge_2023_phase_1', 'head'],
    ] as const);

const specs: Readonly<Record<string, { readonly type: string; readonly attributes: Record<string, unknown> }>> = {
  RewardFunction_exp2: { type: 'RewardFunction', attributes: { exponent: 2 } },
  ComfortReward_b1_l2_h3: {
    type: 'ComfortReward',
    attributes: { band: 1, lower_exponent: 2, higher_exponent: 3 },
  },
};

/** Columns of a CSV whose later rows may be short; what is not there is NaN. */
function raggedColumns(path: string): Map<string, Float64Array> {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/);
  const rows = lines.slice(1).map((line) => line.split(','));
  const names = lines[0]!.split(',');
  return new Map(
    names.map((name, j) => [
      name,
      Float64Array.from(rows, (cells) => (cells[j] === undefined || cells[j] === '' ? Number.NaN : Number(cells[j]))),
    ]),
  );
}

skipWithoutShared('CityLearn’s rewards');

describe.skipIf(sharedMissing).each(runs)('rewards of %s %s (needs ../shared)', (release, dataset, profileName) => {
  const profile = profiles[profileName];
  let models: readonly BuildingModel[];
  let series: Readonly<Record<string, Float64Array>>;
  let rewards: Map<string, Float64Array>;

  beforeAll(async () => {
    const run = goldenRun(release, dataset, 'random');
    const district = await goldenDistrict(run);
    models = district.buildings.map((data) => openModel(data, district, profile));
    series = goldenColumns(run, 'series')!;
    rewards = raggedColumns(`${run.stem}.rewards.csv.gz`);
  }, 60_000);

  const ats = (): Int32Array => Int32Array.from(models, (_, i) => i * FIXED_FIELDS);

  /** Hour t as CityLearn recorded it, in all buildings. */
  function fill(hours: Float64Array, t: number): void {
    models.forEach(({ columns, devices }, i) => {
      const at = i * FIXED_FIELDS;
      const recorded = (name: string): number | undefined => {
        const value = series[`${i}.${name}`]?.[t];
        return value === undefined || !profile.float32 ? value : Math.fround(value);
      };
      const column = (name: string): number => columns.named[name]![t]!;
      // v1 records kWh.
      const capacity = profile.alignment === 'split' ? devices.battery.capacity : 1;
      hours[at + NET] = recorded('net')!;
      hours[at + BATTERY_SOC] = (recorded('electrical_storage.soc') ?? 0) / capacity;
      hours[at + COOLING + TANK_SOC] = recorded('cooling_storage.soc') ?? 0;
      hours[at + DHW + TANK_SOC] = recorded('dhw_storage.soc') ?? 0;
      hours[at + COOLING + FROM_DEVICE] = recorded('energy_from_cooling_device') ?? columns.coolingDemand[t]!;
      hours[at + COOLING + TANK_BALANCE] = recorded('cooling_storage.energy_balance') ?? 0;
      // head's temperatures are float64.
      const temperature = series[`${i}.indoor_dry_bulb_temperature`]?.[t] ?? column('indoor_dry_bulb_temperature');
      const single = profile.float32 && !profile.wideColumns;
      hours[at + INDOOR_TEMPERATURE] = single ? Math.fround(temperature) : temperature;
      hours[at + COOLING_SET_POINT] = column('indoor_dry_bulb_temperature_cooling_set_point');
      hours[at + HEATING_SET_POINT] = column('indoor_dry_bulb_temperature_heating_set_point');
    });
  }

  it('every class it was recorded with', () => {
    const names = [...new Set([...rewards.keys()].flatMap((name) => /^(.+)\.\d+$/.exec(name)?.[1] ?? []))];
    expect(names.length).toBeGreaterThanOrEqual(profile.rewards === 'v1' ? 3 : 8);
    const hours = new Float64Array(models.length * FIXED_FIELDS);
    const rows = new Int32Array(models.length);
    const out = new Float64Array(models.length);
    const shift = profile.alignment === 'now' ? 0 : 1;
    let compared = 0;
    for (const name of names) {
      const kernel = openReward(specs[name] ?? { type: name, attributes: {} }, models);
      const blank = rewards.get(`IndependentSACReward.0`)!.findIndex(Number.isNaN);
      const steps = Math.min(blank < 0 ? Infinity : blank, series['0.net']!.length - shift, rewards.get('0')!.length);
      for (let k = 0; k < steps; k++) {
        fill(hours, k + shift);
        rows.fill(k + shift);
        kernel(hours, ats(), rows, out);
        for (let i = 0; i < models.length; i++) {
          const expected = rewards.get(`${name}.${i}`)![k]!;
          const got = out[i]!;
          // What CityLearn gives as a float32 is printed as one.
          const same =
            got === expected || (Number.isNaN(got) && Number.isNaN(expected)) || got === Math.fround(expected);
          if (!same && !(Math.abs(got - expected) <= 3e-16 * Math.abs(expected)))
            expect(got, `${name} of building ${i}, step ${k}`).toBe(expected);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(5000);
  });
});
