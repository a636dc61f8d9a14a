import { beforeAll, describe, expect, it } from 'vitest';
import type { Simulation } from '../../../evaluation/simulate.ts';
import { goldenColumns, goldenDistrict, goldenKpis, goldenRun, replay } from '../../support/golden-run.ts';
import type { GoldenRun } from '../../support/golden-run.ts';
import type { District } from '../../../sim/data/dataset.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';

/*
 * CityLearn's own runs, replayed: float32 series to the bit, float64 series within 1e-12, rewards and KPIs within 1e-6 (float64 profiles
 * 1e-12). An LSTM's temperature is float32 arithmetic in an order that torch chooses: 3e-7 of itself, specs/citylearn.md 16.
 */

const runs = sharedMissing
  ? []
  : ([
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'random'],
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'rbc'],
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'zero'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'random'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'rbc'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'zero'],
      ['v2.3.1', 'citylearn_challenge_2020_climate_zone_1', 'random'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'random'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'rbc'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'zero'],
      ['head', 'citylearn_challenge_2023_phase_1', 'random'],
    ] as const);

skipWithoutShared('CityLearn’s recorded runs');

describe.skipIf(sharedMissing).each(runs)('%s %s %s (needs ../shared)', (release, dataset, policy) => {
  let run: GoldenRun;
  let district: District;
  let here: Simulation;
  const double = release === 'v1.8.0';
  // A temperature off by one unit in its last place (2e-6 °C) moves the cube of a discomfort of 3 °C by 2e-6 of itself.
  const tolerance = double ? 1e-12 : dataset.includes('2023') ? 1e-5 : 1e-6;

  beforeAll(async () => {
    run = goldenRun(release, dataset, policy);
    district = await goldenDistrict(run);
    here = replay(run, district);
  }, 60_000);

  it('has the same actions with the same bounds', () => {
    run.meta.buildings.forEach(({ actions, action_low, action_high }, lane) => {
      const specs = here.env.laneActions(lane);
      expect(specs.map(({ name }) => name)).toEqual(actions);
      expect(specs.map(({ low }) => low)).toEqual(action_low);
      expect(specs.map(({ high }) => high)).toEqual(action_high);
    });
  });

  it('has the same series', () => {
    const expected = goldenColumns(run, 'series')!;
    for (const [name, values] of Object.entries(expected)) {
      if (name.startsWith('district.')) continue;
      const dot = name.indexOf('.');
      const lane = Number(name.slice(0, dot));
      const column = here.series[lane]!.columns.find((one) => one.name === name.slice(dot + 1));
      expect(column, name).toBeDefined();
      compare(name, column!.values, values, run.meta.series_dtypes[name]!);
    }
    for (const [name, series] of [
      ['district.net', 'net'],
      ['district.cost', 'cost'],
      ['district.emission', 'emission'],
    ] as const) {
      const own = here.series.map(({ columns }) => columns.find((one) => one.name === series)!.values);
      const sum = Float64Array.from(own[0]!, (_, t) => own.reduce((total, values) => total + values[t]!, 0));
      compare(name, sum, expected[name]!, 'float64');
    }
  });

  it('has the same rewards', () => {
    const expected = goldenColumns(run, 'rewards')!;
    const count = run.meta.buildings.length;
    for (let lane = 0; lane < count; lane++) {
      expected[String(lane)]!.forEach((value, step) =>
        close(`reward ${lane} of step ${step}`, here.rewards[step * count + lane]!, value, tolerance),
      );
    }
    const classes = [...new Set(Object.keys(expected).flatMap((name) => name.match(/^(.+)\.\d+$/)?.[1] ?? []))];
    for (const name of classes) {
      // Other rewards than the schema's are recorded for the first thousand steps; a comfort without temperatures is NaN throughout.
      const steps = expected[`${classes[0]}.0`]!.findIndex(Number.isNaN);
      const other = replay(run, district, {
        reward: rewardOf(name),
        steps: steps < 0 ? Math.min(run.meta.T - 1, expected[`${name}.0`]!.length) : steps,
      });
      for (let lane = 0; lane < count; lane++) {
        for (let step = 0; step < other.steps; step++)
          close(
            `${name} ${lane} of step ${step}`,
            other.rewards[step * count + lane]!,
            expected[`${name}.${lane}`]![step]!,
            tolerance,
          );
      }
    }
  }, 60_000);

  it('has the same observations', () => {
    const expected = goldenColumns(run, 'obs');
    if (expected === undefined) return;
    for (const [name, values] of Object.entries(expected)) {
      const own = /^(\d+)\.(.+)$/.exec(name);
      const lane = own === null ? 0 : Number(own[1]);
      const { names } = here.env.lane(lane).plan;
      const at = names.indexOf(own === null ? name : own[2]!);
      expect(at, `${name} among ${names.join(', ')}`).toBeGreaterThanOrEqual(0);
      const got = values.map((_, t) => here.raw[lane]![t * names.length + at]!);
      compare(name, got, values, run.meta.observation_dtypes[name] ?? 'float64');
    }
  });

  it('has the same normalised observations', () => {
    const expected = goldenColumns(run, 'nobs');
    if (expected === undefined) return;
    const size = here.env.observationSize;
    const count = run.meta.buildings.length;
    for (const [name, values] of Object.entries(expected)) {
      const [, lane, feature] = /^(\d+)\.(.+)$/.exec(name)!;
      const at = here.env.laneFeatures(Number(lane)).findIndex((one) => one.name === feature);
      expect(at, name).toBeGreaterThanOrEqual(0);
      values.forEach((value, t) =>
        expect(
          Math.abs(here.normalised[(t * count + Number(lane)) * size + at]! - value),
          `${name} at ${t}`,
        ).toBeLessThanOrEqual(2e-7 * Math.max(1, Math.abs(value))),
      );
    }
  });

  it('has the same KPIs', () => {
    const expected = goldenKpis(run);
    const got = new Map(here.kpis.map((row) => [`${row.level} ${row.name} ${row.costFunction}`, row.value]));
    expect([...got.keys()].toSorted()).toEqual(
      expected.map(({ level, name, costFunction }) => `${level} ${name} ${costFunction}`).toSorted(),
    );
    for (const { level, name, costFunction, value } of expected) {
      const key = `${level} ${name} ${costFunction}`;
      const own = got.get(key)!;
      if (value === null) expect(own, key).toBeNull();
      else close(key, own ?? Number.NaN, value, tolerance);
    }
  });
});

function rewardOf(name: string): unknown {
  if (name === 'RewardFunction_exp2') return { type: 'RewardFunction', attributes: { exponent: 2 } };
  if (name === 'ComfortReward_b1_l2_h3')
    return { type: 'ComfortReward', attributes: { band: 1, lower_exponent: 2, higher_exponent: 3 } };
  return { type: name, attributes: {} };
}

function close(what: string, got: number, expected: number, tolerance: number): void {
  if (Number.isNaN(expected) && Number.isNaN(got)) return;
  if (Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected))) return;
  expect(got, what).toBe(expected);
}

/** Float32 columns to the bit, float64 within 1e-12; an LSTM's temperature within 3e-7 of itself. */
function compare(name: string, got: ArrayLike<number>, expected: Float64Array, dtype: string): void {
  const temperature = name.endsWith('indoor_dry_bulb_temperature');
  let wrong = -1;
  for (let t = 0; t < expected.length && wrong < 0; t++) {
    const value = expected[t]!;
    const own = got[t];
    if (Number.isNaN(value) ? own === undefined || Number.isNaN(own) || own === 0 : own !== undefined) {
      if (Number.isNaN(value)) continue;
      const difference = Math.abs(own! - value);
      const equal = temperature
        ? difference <= 3e-7 * Math.max(1, Math.abs(value))
        : dtype === 'float32'
          ? Math.fround(own!) === Math.fround(value)
          : difference <= 1e-12 * Math.max(1, Math.abs(value));
      if (!equal) wrong = t;
    } else wrong = t;
  }
  if (wrong >= 0) expect(got[wrong], `${name} at ${wrong}`).toBe(expected[wrong]);
}
