import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { District, DynamicsData } from '../../../sim/data/dataset.ts';
import { openDynamics } from '../../../sim/district/dynamics.ts';
import type { Dynamics } from '../../../sim/district/dynamics.ts';
import {
  COOLING,
  COOLING_SET_POINT,
  FROM_DEVICE,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  TANK_BALANCE,
} from '../../../sim/district/hour.ts';
import { Lstm } from '../../../sim/district/lstm.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import type { ProfileName } from '../../../sim/district/profile.ts';
import { bareModel, emptyHour } from '../../support/bare-model.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';

const rows = 60;

/** A network of the given inputs with limits around their values. */
function network(seed: number, names: readonly string[], lookback: number, hidden = 4, layers = 2): DynamicsData {
  const draw = rng(seed);
  const weights = (size: number): Float32Array => Float32Array.from({ length: size }, () => 2 * draw.uniform() - 1);
  return {
    inputNames: names,
    minimum: names.map(() => -1 - draw.uniform()),
    maximum: names.map(() => 20 + 20 * draw.uniform()),
    hiddenSize: hidden,
    lookback,
    layers: Array.from({ length: layers }, (_, l) => ({
      inputWeights: weights(4 * hidden * (l === 0 ? names.length : hidden)),
      hiddenWeights: weights(4 * hidden * hidden),
      inputBias: weights(4 * hidden),
      hiddenBias: weights(4 * hidden),
    })),
    outputWeights: weights(hidden),
    outputBias: weights(1),
  };
}

function model(profile: ProfileName, dynamics: DynamicsData, mode?: Float64Array): BuildingModel {
  const cycle = (n: number, length = rows): Float64Array => Float64Array.from({ length }, (_, t) => 1 + (t % n));
  const draw = rng(5).split(profile);
  const noise = (scale: number): Float64Array => Float64Array.from({ length: rows }, () => scale * draw.uniform());
  return bareModel(profiles[profile], {
    rows,
    columns: {
      hour: cycle(24),
      month: cycle(12),
      day_type: cycle(7),
      hvac_mode: mode ?? new Float64Array(rows).fill(1),
      outdoor_dry_bulb_temperature: noise(30),
      outdoor_dry_bulb_temperature_predicted_2: noise(30),
      solar_generation: noise(800),
      occupant_count: noise(3),
    },
    observations: [],
    devices: { pvNominalPower: 2 },
    data: { dynamics },
  });
}

/** An hour in which everything that a network may look at is different. */
function fill(hours: Float64Array, at: number, lane: number, row: number): void {
  const draw = rng(1000 * lane + row);
  hours[at + INDOOR_TEMPERATURE] = Math.fround(18 + 8 * draw.uniform());
  hours[at + COOLING_SET_POINT] = Math.fround(22 + draw.uniform());
  hours[at + HEATING_SET_POINT] = Math.fround(19 + draw.uniform());
  hours[at + COOLING + FROM_DEVICE] = Math.fround(6 * draw.uniform());
  hours[at + COOLING + TANK_BALANCE] = Math.fround(2 * draw.uniform() - 1);
}

const names = ['outdoor_dry_bulb_temperature', 'hour_sin', 'hour_cos', 'cooling_demand', 'indoor_dry_bulb_temperature'];

/** Temperatures of a lane, [rows]. */
function play(dynamics: Dynamics, given: BuildingModel, lane = 0): number[] {
  const hours = emptyHour(given);
  const state = new Float64Array(dynamics.stateSize);
  dynamics.reset(state, 0);
  return Array.from({ length: rows }, (_, row) => {
    fill(hours, 0, lane, row);
    return dynamics.step(state, 0, hours, 0, row);
  });
}

describe('openDynamics', () => {
  it('keeps a window of L + 1 hours, as written: temperatures lag one row, h and c carry over', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 13 }),
        fc.shuffledSubarray(names, { minLength: 1 }),
        (seed, lookback, some) => {
          const inputs = [...new Set([...some, 'indoor_dry_bulb_temperature'])];
          const data = network(seed, inputs, lookback);
          const given = model('v2.3', data);
          const got = play(openDynamics(given), given);
          // A window of lists, a matrix made anew each hour.
          const lstm = new Lstm(data);
          const memory = new Float64Array(lstm.stateSize + lookback * lstm.gates);
          const hours = emptyHour(given);
          let window: number[][] = [];
          const temperature = inputs.indexOf('indoor_dry_bulb_temperature');
          for (let row = 0; row < rows; row++) {
            fill(hours, 0, 0, row);
            const angle = (2 * Math.PI * given.columns.named['hour']![row]!) / 24;
            const values: Record<string, number> = {
              outdoor_dry_bulb_temperature: given.columns.outdoor[row]!,
              hour_sin: Math.sin(angle),
              hour_cos: Math.cos(angle),
              cooling_demand: Math.fround(hours[COOLING + FROM_DEVICE]! + Math.max(0, -hours[COOLING + TANK_BALANCE]!)),
              indoor_dry_bulb_temperature: hours[INDOOR_TEMPERATURE]!,
            };
            const newest = inputs.map((name, i) =>
              Math.fround((values[name]! - data.minimum[i]!) / (data.maximum[i]! - data.minimum[i]!)),
            );
            window = [...window.slice(-lookback), newest];
            if (window.length < lookback + 1) {
              expect(got[row]).toBeNaN();
              continue;
            }
            for (let s = 0; s < lookback; s++) {
              const vector = Float64Array.from(window[s + 1]!);
              vector[temperature] = window[s]![temperature]!;
              lstm.project(vector, memory, lstm.stateSize + s * lstm.gates);
            }
            const y = lstm.run(memory, 0, lstm.stateSize, lookback, 0);
            newest[temperature] = y;
            const span = Math.fround(data.maximum[temperature]! - data.minimum[temperature]!);
            expect(got[row]).toBe(Math.fround(Math.fround(y * span) + Math.fround(data.minimum[temperature]!)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is ready from the hour after the window is full, and again after a reset', () => {
    const given = model('v2.3', network(1, names, 5));
    const dynamics = openDynamics(given);
    const state = new Float64Array(dynamics.stateSize + 4).fill(7);
    const hours = emptyHour(given);
    for (let episode = 0; episode < 2; episode++) {
      dynamics.reset(state, 2);
      for (let row = 0; row < 20; row++) {
        expect(dynamics.ready(state, 2)).toBe(row > 5);
        fill(hours, 0, 0, row);
        expect(Number.isNaN(dynamics.step(state, 2, hours, 0, row))).toBe(row < 5);
      }
    }
    expect([...state.subarray(0, 2), ...state.subarray(-2)]).toEqual([7, 7, 7, 7]);
  });

  it('gives a lane the same bits among others and out of a copied state', () => {
    const given = model('v2.3', network(2, names, 12, 16));
    const dynamics = openDynamics(given);
    const size = dynamics.stateSize;
    const alone = [0, 1, 2].map((lane) => play(dynamics, given, lane));
    const stride = emptyHour(given).length;
    const hours = new Float64Array(3 * stride);
    let state = new Float64Array(3 * size);
    for (let lane = 0; lane < 3; lane++) dynamics.reset(state, lane * size);
    for (let row = 0; row < rows; row++) {
      if (row === 30) state = state.slice();
      for (let lane = 0; lane < 3; lane++) {
        fill(hours, lane * stride, lane, row);
        expect(dynamics.step(state, lane * size, hours, lane * stride, row)).toEqual(alone[lane]![row]);
      }
    }
  });

  it('takes every observation as an input, and says which one it does not know', () => {
    const all = [
      'month_cos',
      'day_type_sin',
      'outdoor_dry_bulb_temperature_predicted_12h',
      'outdoor_dry_bulb_temperature_predicted_2',
      'direct_solar_irradiance',
      'non_shiftable_load',
      'solar_generation',
      'occupant_count',
      'indoor_relative_humidity',
      'carbon_intensity',
      'electricity_pricing',
      'hvac_mode',
      'power_outage',
      'comfort_band',
      'indoor_dry_bulb_temperature_set_point',
      'indoor_dry_bulb_temperature_cooling_set_point',
      'indoor_dry_bulb_temperature_heating_set_point',
      'indoor_dry_bulb_temperature_cooling_delta',
      'heating_demand',
      'dhw_demand',
      'cooling_storage_soc',
      'electrical_storage_soc',
      'cooling_device_efficiency',
      'dhw_device_efficiency',
      'heating_electricity_consumption',
      'net_electricity_consumption',
      'indoor_dry_bulb_temperature',
    ];
    for (const profile of ['v2.3', 'v2.0', 'v2.1', 'head', 'v3'] as const) {
      const given = model(profile, network(3, all, 3));
      expect(play(openDynamics(given), given).slice(3).every(Number.isFinite)).toBe(true);
    }
    const wrong = (inputs: readonly string[]) => () => openDynamics(model('v2.3', network(3, inputs, 3)));
    expect(wrong(['cooling_demnd', 'indoor_dry_bulb_temperature'])).toThrow(UnknownNameError);
    expect(wrong(['cooling_demnd', 'indoor_dry_bulb_temperature'])).toThrow(
      /input_observation_names\/0.*'cooling_demnd'.*Did you mean 'cooling_demand'/,
    );
    // Plain cyclic observations are replaced by their waves.
    expect(wrong(['hour', 'indoor_dry_bulb_temperature'])).toThrow(UnknownNameError);
    expect(wrong(['toString', 'indoor_dry_bulb_temperature'])).toThrow(UnknownNameError);
    expect(wrong(['hour_sin'])).toThrow(ConfigError);
    const flat = { ...network(3, names, 3), maximum: [1, 1, 1, 1, 1], minimum: [0, 0, 1, 0, 0] };
    expect(() => openDynamics(model('v2.3', flat))).toThrow(/input_normalization_maximum\/2.*hour_cos/);
    expect(() => openDynamics(model('v2.3', { ...network(3, names, 3), lookback: 0 }))).toThrow(/lookback/);
  });

  it('the day type’s cycle is 8 long in v2.0 and 7 later', () => {
    const data = network(3, ['day_type_cos', 'indoor_dry_bulb_temperature'], 3);
    const days = new Float64Array(rows).fill(4);
    const at = (profile: ProfileName): number[] => {
      const given = model(profile, data);
      given.columns.named['day_type']!.set(days);
      return play(openDynamics(given), given);
    };
    expect(at('v2.0')[3]).not.toBe(at('v2.3')[3]);
  });

  it.each(['v2.0', 'v2.1'] as const)(
    '%s begins anew when heating follows on cooling, and takes the last input’s limits',
    (name) => {
      const mode = Float64Array.from({ length: rows }, (_, t) => (t < 20 ? 1 : t < 25 ? 0 : t < 40 ? 2 : 1));
      const inputs = ['indoor_dry_bulb_temperature', 'cooling_demand'];
      const data = network(4, inputs, 3);
      const later = model('v2.3', data, mode);
      const through = play(openDynamics(later), later);
      const old = model(name, data, mode);
      const cut = play(openDynamics(old), old);
      const filling = (row: number): boolean => [0, 25, 40].some((first) => row >= first && row < first + 3);
      cut.forEach((value, row) => expect(Number.isNaN(value), `row ${row}`).toBe(filling(row)));
      through.forEach((value, row) => expect(Number.isNaN(value), `row ${row}`).toBe(row < 3));
      const scale = (value: number, i: number): number =>
        (value - data.minimum[i]!) / (data.maximum[i]! - data.minimum[i]!);
      for (let row = 3; row < 25; row++) expect(scale(cut[row]!, 1)).toBeCloseTo(scale(through[row]!, 0), 3);
    },
  );
});

describe.skipIf(sharedMissing).each([
  ['v2.3.1', 'v2.3', 'random'],
  ['v2.3.1', 'v2.3', 'rbc'],
  ['v2.3.1', 'v2.3', 'zero'],
  ['head', 'head', 'random'],
] as const)('2023 phase 1 in CityLearn %s, profile %s, %s (needs ../shared)', (release, profile, policy) => {
  let district: District;

  beforeAll(async () => {
    district = await readCityLearnFolder(folderReader(sharedPath('datasets/citylearn_challenge_2023_phase_1')));
  });

  it.each([0, 1, 2])('building %i: temperatures of the whole episode', (building) => {
    const series = numberColumns(
      sharedPath(`golden/citylearn/${release}/citylearn_challenge_2023_phase_1/${policy}.series.csv.gz`),
    );
    const given = openModel(district.buildings[building]!, district, profiles[profile]);
    const dynamics = openDynamics(given);
    const state = new Float64Array(dynamics.stateSize);
    const hours = emptyHour(given);
    const expected = series[`${building}.indoor_dry_bulb_temperature`]!;
    const cooling = series[`${building}.energy_from_cooling_device`]!;
    const { named } = given.columns;
    // v2.3 never acts on row 0, head never on the last one.
    const first = profile === 'head' ? 0 : 1;
    const last = profile === 'head' ? given.rows - 2 : given.rows - 1;
    dynamics.reset(state, 0);
    let same = 0;
    let predicted = 0;
    for (let row = first; row <= last; row++) {
      hours[INDOOR_TEMPERATURE] = named['indoor_dry_bulb_temperature']![row]!;
      hours[COOLING_SET_POINT] = named['indoor_dry_bulb_temperature_cooling_set_point']![row]!;
      hours[HEATING_SET_POINT] = named['indoor_dry_bulb_temperature_heating_set_point']![row]!;
      hours[COOLING + FROM_DEVICE] = Math.fround(cooling[row]!);
      const got = dynamics.step(state, 0, hours, 0, row);
      if (row < first + 12) {
        expect(got).toBeNaN();
        expect(Math.fround(expected[row]!)).toBe(hours[INDOOR_TEMPERATURE]);
        continue;
      }
      predicted++;
      const golden = Math.fround(expected[row]!);
      if (got === golden) same++;
      else expect(Math.abs(got - golden), `row ${row}`).toBeLessThanOrEqual(2.5e-7 * Math.abs(golden));
    }
    expect(predicted).toBe(last - first - 11);
    // PyTorch's own order of additions is not ours: more than half of the values are the same float32.
    expect(same / predicted).toBeGreaterThan(0.5);
  });
});
