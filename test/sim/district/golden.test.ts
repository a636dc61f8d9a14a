import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { toNormalised } from '../../../core/space.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { BuildingData, District } from '../../../sim/data/dataset.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import type { DistrictEnv } from '../../../sim/district/district-env.ts';
import { kpiMeter, kpiNames } from '../../../sim/district/kpi.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

/*
 * CityLearn 2.0.0's own runs of Building_6, and the paper's recorded SAC run.
 *
 * The reference runs were made with the 2.0.0 package's files, which have float64 text (1.4945166666666674). The folder under test was
 * published since 2.2 and has float32 text (1.4945166), so what depends on loads, generation or carbon differs by that rounding and
 * by nothing else. Both halves are asserted: on the reference run's own exogenous columns everything is within 1e-12; on the
 * folder, battery and SoC are within 1e-12 and net is within the half ulp of the two rounded columns, row by row.
 */

const folder = sharedPath('datasets/citylearn_challenge_2022_phase_2');
const oldFolder = sharedPath('datasets-v1/citylearn_challenge_2022_phase_1');
const golden = sharedPath('golden/citylearn/v2.0.0/citylearn_challenge_2022_phase_2.Building_6');
const policies = ['zero', 'bang_bang20', 'hour_rbc'] as const;
const steps = 8759;

interface Oracle {
  readonly kpis: Readonly<Record<string, number>>;
  readonly reward_sum: number;
  readonly final_soc: number;
  readonly degraded_capacity: number;
}

function open(district: District): DistrictEnv {
  return districtEnv({
    district,
    lanes: [{ building: 0 }],
    profile: profiles['v2.0'],
    reward: 'RewardFunction',
    normalisation: 'citylearn-2.0.0',
  });
}

/** Plays actions; returns the rewards and the KPIs. */
function play(
  env: DistrictEnv,
  actions: ArrayLike<number>,
): { readonly rewards: Float64Array; readonly kpis: Readonly<Record<string, number | null>> } {
  const meter = kpiMeter(env.lane(0).model, env.firstWindow);
  let over = false;
  env.tap((_lane, hours, at, _t, row) => {
    if (!over) meter.push(hours, at, row);
  });
  env.reset(rng(0));
  const action = new Float64Array(1);
  const rewards = Float64Array.from({ length: env.episodeSteps }, (_, step) => {
    action[0] = actions[step]!;
    return env.step(action).reward[0]!;
  });
  over = true;
  return { rewards, kpis: meter.values() };
}

const names = kpiNames(profiles['v2.0']);

function furthest(got: ArrayLike<number>, expected: ArrayLike<number>, rows: number): number {
  let most = 0;
  for (let t = 0; t < rows; t++) most = Math.max(most, Math.abs(got[t]! - expected[t]!));
  return most;
}

/** Half the distance between neighbouring float32 numbers at x. */
function halfUlp(x: number): number {
  return x === 0 ? 0 : 2 ** (Math.floor(Math.log2(Math.abs(x))) - 24);
}

describe.skipIf(sharedMissing)('CityLearn 2.0.0, Building_6 (needs ../shared)', () => {
  let published: District;
  /** The building with the load − generation and carbon of the reference run. */
  let reference: District;
  let building: BuildingData;
  const oracle: Readonly<Record<string, Oracle>> = sharedMissing
    ? {}
    : (JSON.parse(readFileSync(`${golden}/kpis.json`, 'utf8')) as Record<string, Oracle>);

  beforeAll(async () => {
    published = await readCityLearnFolder(folderReader(folder), { buildings: ['Building_6'] });
    building = published.buildings[0]!;
    // phase_1's carbon column is the same as phase_2's, and is at hand in float64 text.
    const carbon = (await readCityLearnFolder(folderReader(oldFolder))).buildings[0]!.carbon!;
    expect(carbon.every((value, t) => Math.fround(value) === Math.fround(building.carbon![t]!))).toBe(true);
    const load = numberColumns(`${golden}/zero.trajectory.csv.gz`)['net_no_storage_kwh']!;
    const energy = { ...building.energy, non_shiftable_load: load };
    reference = {
      ...published,
      buildings: [{ ...building, energy, carbon, devices: { ...building.devices, pv: undefined } }],
    } as unknown as District;
  });

  it.each(policies)('%s on the reference run’s own columns: everything within 1e-12', (name) => {
    const trajectory = numberColumns(`${golden}/${name}.trajectory.csv.gz`);
    const expected = oracle[name]!;
    const env = open(reference);
    const { rewards, kpis: got } = play(env, trajectory['action']!);
    const series = env.series(0);
    expect(furthest(series.battery, trajectory['battery_kwh']!, steps + 1)).toBeLessThanOrEqual(1e-12);
    expect(furthest(series.soc, trajectory['soc']!, steps + 1)).toBeLessThanOrEqual(1e-12);
    expect(furthest(series.net, trajectory['net_kwh']!, steps + 1)).toBeLessThanOrEqual(1e-12);
    expect(furthest(series.netWithoutStorage, trajectory['net_no_storage_kwh']!, steps + 1)).toBeLessThanOrEqual(1e-12);
    expect(furthest(rewards, trajectory['reward_after_action']!, steps)).toBeLessThanOrEqual(1e-12);
    // A sum of 8759 rewards of some −1 each: 1e-14 of itself.
    const sum = rewards.reduce((total, reward) => total + reward, 0);
    expect(Math.abs(sum / expected.reward_sum - 1)).toBeLessThanOrEqual(1e-12);
    expect(Math.abs(series.soc[steps]! - expected.final_soc)).toBeLessThanOrEqual(1e-12);
    expect(Math.abs(series.degraded[steps]! - expected.degraded_capacity)).toBeLessThanOrEqual(1e-12);
    expect(names.toSorted()).toEqual(Object.keys(expected.kpis).sort());
    for (const kpi of names) expect(Math.abs(got[kpi]! - expected.kpis[kpi]!), kpi).toBeLessThanOrEqual(1e-12);
  });

  it.each(policies)(
    '%s on the published folder: the battery exactly, net within the files’ float32 rounding',
    (name) => {
      const trajectory = numberColumns(`${golden}/${name}.trajectory.csv.gz`);
      const env = open(published);
      const { kpis: got } = play(env, trajectory['action']!);
      const series = env.series(0);
      expect(furthest(series.battery, trajectory['battery_kwh']!, steps + 1)).toBeLessThanOrEqual(1e-12);
      expect(furthest(series.soc, trajectory['soc']!, steps + 1)).toBeLessThanOrEqual(1e-12);
      const { non_shiftable_load: load, solar_generation: solar } = building.energy;
      for (let t = 0; t <= steps; t++) {
        const rounding = halfUlp(load[t]!) + (env.lane(0).model.devices.pvNominalPower / 1000) * halfUlp(solar[t]!);
        // Shortest float32 text is itself up to half an ulp from the float32: hence twice.
        expect(Math.abs(series.net[t]! - trajectory['net_kwh']![t]!)).toBeLessThanOrEqual(2 * rounding + 1e-12);
      }
      for (const kpi of names) expect(Math.abs(got[kpi]! - oracle[name]!.kpis[kpi]!), kpi).toBeLessThanOrEqual(3e-8);
    },
  );

  it('has 2.0.0’s 31 features with its limits, two of them mis-scaled', () => {
    const limits = JSON.parse(readFileSync(`${golden}/observation_limits.json`, 'utf8')) as {
      names: string[];
      low: number[];
      high: number[];
    };
    const { features } = open(published).observationSpace;
    expect(features.map((feature) => feature.name)).toEqual(limits.names);
    features.forEach((feature, j) => {
      // The files' float32 rounding, of the larger of the two (net's limits are load minus W/kW).
      const rounding = 2 * halfUlp(Math.max(Math.abs(feature.low), Math.abs(feature.high)));
      expect(Math.abs(feature.low - limits.low[j]!), feature.name).toBeLessThanOrEqual(rounding);
      expect(Math.abs(feature.high - limits.high[j]!), feature.name).toBeLessThanOrEqual(rounding);
    });
    expect(features[24]!.high).toBeGreaterThan(880); // W/kW, while the feature is in kWh
    expect(features[26]!.low).toBeLessThan(-885);
  });

  it('observes as 2.0.0 does, within 1e-7 over 500 rows', () => {
    const expected = numberColumns(`${golden}/hour_rbc.observations.first500.csv.gz`);
    const actions = numberColumns(`${golden}/hour_rbc.trajectory.csv.gz`)['action']!;
    const env = open(published);
    const { features } = env.observationSpace;
    let { observation } = env.reset(rng(0));
    let most = 0;
    for (let t = 0; t < 500; t++) {
      features.forEach((feature, j) => {
        most = Math.max(most, Math.abs(observation[j]! - expected[feature.name]![t]!));
      });
      ({ observation } = env.step(Float64Array.of(actions[t]!)));
    }
    expect(most).toBeLessThan(1e-7);
  });

  it('replays the paper’s recorded SAC run within 1e-6', () => {
    const run = numberColumns(sharedPath('golden/bifurcation/sac500_baseline_obs-a.first51.key-columns.csv'));
    const env = open(published);
    const names = env.observationSpace.features.map((feature) => feature.name);
    const checked = ['non_shiftable_load', 'solar_generation', 'electrical_storage_soc', 'net_electricity_consumption'];
    let { observation } = env.reset(rng(0));
    run['t']!.forEach((_, t) => {
      for (const name of checked)
        expect(Math.abs(observation[names.indexOf(name)]! - run[name]![t]!), `${name} at ${t}`).toBeLessThan(1e-6);
      ({ observation } = env.step(Float64Array.of(run['actions']![t]! * 1.5625 - 0.78125)));
    });
  });

  it('fixed normalisation puts every feature of a bang-bang year into [0, 1], with spread', () => {
    const env = districtEnv({
      district: published,
      lanes: [{ building: 0 }],
      profile: profiles['v2.0'],
      reward: 'RewardFunction',
      normalisation: 'fixed',
    });
    const { features } = env.observationSpace;
    let { observation } = env.reset(rng(0));
    const low = new Float64Array(features.length).fill(Infinity);
    const high = new Float64Array(features.length).fill(-Infinity);
    for (let t = 0; t < steps - 1; t++) {
      ({ observation } = env.step(Float64Array.of(t % 2 === 0 ? 0.78125 : -0.78125)));
      features.forEach((_, j) => {
        low[j] = Math.min(low[j]!, observation[j]!);
        high[j] = Math.max(high[j]!, observation[j]!);
      });
    }
    features.forEach(({ name }, j) => {
      expect(low[j], name).toBeGreaterThanOrEqual(0);
      expect(high[j], name).toBeLessThanOrEqual(1);
      expect(high[j]! - low[j]!, name).toBeGreaterThan(0.5);
    });
    expect(features[24]!.high).toBeCloseTo(4 * 0.8802708333333334, 6);
    expect(toNormalised(features[24]!, features[24]!.high)).toBe(1);
  });
});
