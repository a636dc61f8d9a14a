import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import type { District } from '../../../sim/data/dataset.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import type { DistrictEnv, DistrictEnvOptions } from '../../../sim/district/district-env.ts';
import type { LaneSeries } from '../../../sim/district/history.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { numberColumns } from '../../support/shared.ts';

const district = builtinDistrict();

function open(options: Partial<DistrictEnvOptions> = {}): DistrictEnv {
  return districtEnv({
    district,
    lanes: [{ building: 0 }],
    profile: profiles['v2.0'],
    reward: 'RewardFunction',
    normalisation: 'citylearn-2.0.0',
    ...options,
  });
}

/** [steps×N] uniform actions, wider than the battery allows. */
function randomActions(steps: number, lanes: number, seed = 7): Float64Array {
  const draw = rng(seed);
  return Float64Array.from({ length: steps * lanes }, () => 2.4 * draw.uniform() - 1.2);
}

describe('one step', () => {
  it('moves the battery as CityLearn 2.0.0 did, 200 hours of two policies, within 1e-12', () => {
    const golden = numberColumns(resolve(import.meta.dirname, '../../golden/battery-v2.0.csv'));
    const policies = {
      bang_bang20: (t: number) => (t % 2 === 0 ? 0.78125 : -0.78125),
      hour_rbc: (t: number) => (t % 24 >= 9 && t % 24 <= 12 ? 0.11 : t % 24 >= 16 && t % 24 <= 22 ? -0.067 : 0),
    };
    for (const [name, action] of Object.entries(policies)) {
      const env = open();
      env.reset(rng(0));
      for (let t = 0; t < 199; t++) env.step(Float64Array.of(action(t)));
      const series = env.series(0);
      for (let t = 0; t < 200; t++) {
        expect(Math.abs(series.soc[t]! - golden[`${name}.soc`]![t]!)).toBeLessThanOrEqual(1e-12);
        expect(Math.abs(series.battery[t]! - golden[`${name}.battery`]![t]!)).toBeLessThanOrEqual(1e-12);
        expect(series.net[t]).toBeCloseTo(series.battery[t]! + series.netWithoutStorage[t]!, 13);
      }
    }
  });

  it('advances the clock first: the action of step k is in hour k + 1, and the reward is that hour’s', () => {
    const env = open();
    env.reset(rng(0));
    const { reward } = env.step(Float64Array.of(0.5));
    const { energy } = district.buildings[0]!;
    const { pvNominalPower } = env.lane(0).model.devices;
    const series = env.series(0);
    const net = 3.2 + energy.non_shiftable_load[1]! - (pvNominalPower * energy.solar_generation[1]!) / 1000;
    expect(series.battery[0]).toBe(0);
    expect(series.battery[1]).toBeCloseTo(3.2, 12);
    expect(series.net[1]).toBeCloseTo(net, 12);
    expect(reward[0]).toBe(Math.min(-series.net[1]!, 0));
  });

  it('shows the state of hour k + 1 in the observation, as float32', () => {
    const env = open();
    const { features } = env.observationSpace;
    env.reset(rng(0));
    const { observation } = env.step(Float64Array.of(0.3));
    const series = env.series(0);
    const at = (name: string): number => features.findIndex((feature) => feature.name === name);
    const net = features[at('net_electricity_consumption')]!;
    expect(observation[at('electrical_storage_soc')]).toBe(Math.fround(series.soc[1]!));
    expect(observation[at('net_electricity_consumption')]).toBe(
      Math.fround((series.net[1]! - net.low) / (net.high - net.low)),
    );
    const load = features[at('non_shiftable_load')]!;
    expect(observation[at('non_shiftable_load')]).toBe(
      Math.fround((district.buildings[0]!.energy.non_shiftable_load[1]! - load.low) / (load.high - load.low)),
    );
  });

  it('keeps the physics’ promises over a random year: SoC in [0, 1], degradation monotone, nothing for free', () => {
    const lanes = district.buildings.map((_, building) => ({ building }));
    const env = open({ lanes });
    const actions = randomActions(env.episodeSteps, lanes.length);
    env.reset(rng(0));
    for (let t = 0; t < env.episodeSteps; t++) env.step(actions.subarray(t * lanes.length, (t + 1) * lanes.length));
    lanes.forEach(({ building }) => {
      const { soc, battery, degraded } = env.series(building);
      const { capacity, nominalPower } = env.lane(building).model.devices.battery;
      // √η of the curve lies between √0.83 and √0.9: what is stored is less than what is drawn, what is given less than what leaves.
      let [least, most] = [Infinity, -Infinity];
      for (let t = 1; t < soc.length; t++) {
        const stored = (soc[t]! - soc[t - 1]!) * capacity;
        const drawn = battery[t]!;
        if (Math.abs(drawn) < 1e-3) continue;
        const way = drawn > 0 ? stored / drawn : drawn / stored;
        [least, most] = [Math.min(least, way), Math.max(most, way)];
      }
      expect(least).toBeGreaterThan(Math.sqrt(0.83) - 1e-9);
      expect(most).toBeLessThan(Math.sqrt(0.9) + 1e-9);
      expect(soc.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(battery.every((value) => Math.abs(value) <= nominalPower + 1e-9)).toBe(true);
      expect(degraded.every((value, t) => t === 0 || (value <= degraded[t - 1]! && value > 0))).toBe(true);
      expect(degraded.at(-1)).toBeLessThan(capacity);
    });
  });

  it('leaves a building without a battery alone', () => {
    const bare: District = { ...district, buildings: [{ ...district.buildings[0]!, devices: {} }] };
    // No panels either.
    const { load } = open().lane(0).model.columns;
    const env = open({ district: bare });
    env.reset(rng(0));
    for (let t = 0; t < 48; t++) env.step(Float64Array.of(1));
    expect(env.series(0).net.slice(0, 49)).toEqual(env.series(0).netWithoutStorage.slice(0, 49));
    expect(env.series(0).net.slice(0, 49)).toEqual(load.slice(0, 49));
    expect(env.laneActions(0)).toMatchObject([{ name: 'electrical_storage', low: -0, high: 0 }]);
  });
});

describe('lanes', () => {
  it('give the same bits together as alone', () => {
    const lanes = [
      { building: 2, start: 5 },
      { building: 0 },
      { building: 2, start: 5 },
      { building: 7, start: 290 },
      { building: 1 },
    ];
    const steps = 300;
    const together = open({ lanes, steps });
    const alone = lanes.map((lane) => open({ lanes: [lane], steps }));
    const size = together.observationSpace.features.length;
    const actions = randomActions(400, lanes.length);
    const first = together.reset(rng(0));
    alone.forEach((env, i) =>
      expect(env.reset(rng(0)).observation).toEqual(first.observation.slice(i * size, (i + 1) * size)),
    );
    for (let t = 0; t < 400; t++) {
      const action = actions.subarray(t * lanes.length, (t + 1) * lanes.length);
      const batch = together.step(action);
      alone.forEach((env, i) => {
        const own = env.step(action.slice(i, i + 1));
        expect(own.observation).toEqual(batch.observation.slice(i * size, (i + 1) * size));
        expect(own.finalObservation).toEqual(batch.finalObservation.slice(i * size, (i + 1) * size));
        expect(own.reward[0]).toBe(batch.reward[i]);
        expect(own.truncated[0]).toBe(batch.truncated[i]);
      });
    }
    for (const [i, env] of alone.entries()) {
      for (const name of Object.keys(env.series(0)) as (keyof LaneSeries)[])
        expect(env.series(0)[name]).toEqual(together.series(i)[name]);
    }
  });

  it('start again at hour 0 in the step that ends them, with what they ended on beside it', () => {
    const env = open({ steps: 30, lanes: [{ building: 0 }, { building: 0, start: 10 }] });
    const fresh = env.reset(rng(0)).observation.slice(0, 31);
    const longer = open({ steps: 31 });
    longer.reset(rng(0));
    for (let t = 1; t <= 30; t++) {
      const batch = env.step(Float64Array.of(0.2, 0.2));
      const past = longer.step(Float64Array.of(0.2)).observation;
      expect([...batch.truncated]).toEqual([t === 30 ? 1 : 0, t === 20 ? 1 : 0]);
      expect([...batch.terminated]).toEqual([0, 0]);
      if (t === 30) {
        expect(batch.finalObservation.slice(0, 31)).toEqual(past.slice());
        expect(batch.observation.slice(0, 31)).toEqual(fresh);
      }
      if (t === 20) expect(batch.observation.slice(31)).toEqual(fresh);
    }
    // The next episode of both is the same one, one of them ten hours ahead.
    expect(env.series(0).net[0]).toBe(env.series(0).netWithoutStorage[0]);
  });

  it('of a part of the year begin at its first row with what is true there', () => {
    const start = 4380;
    const whole = open();
    let { observation } = whole.reset(rng(0));
    for (let t = 0; t < start; t++) ({ observation } = whole.step(Float64Array.of(0)));
    const part = open({ start, steps: 40 });
    expect(part.episodeSteps).toBe(40);
    expect(part.reset(rng(0)).observation).toEqual(observation);
    for (let t = 1; t <= 40; t++) {
      const expected = whole.step(Float64Array.of(0.1));
      const batch = part.step(Float64Array.of(0.1));
      if (t < 40) expect(batch.observation).toEqual(expected.observation);
      else expect(batch.finalObservation).toEqual(expected.observation);
      expect(batch.reward).toEqual(expected.reward);
    }
    const rest = open({ start });
    expect(rest.episodeSteps).toBe(8759 - start);
    expect(rest.firstWindow).toEqual({ start, rows: 8760 - start });
  });

  it('take up a snapshot to the last bit', () => {
    const lanes = [{ building: 0 }, { building: 3, start: 40 }];
    const env = open({ lanes, steps: 200 });
    const actions = randomActions(400, 2);
    env.reset(rng(0));
    for (let t = 0; t < 170; t++) env.step(actions.subarray(2 * t, 2 * t + 2));
    env.disturb({ type: 'load', env: 0, kw: 2, steps: 5 });
    const snapshot = env.snapshot!().slice();
    const other = open({ lanes, steps: 200 });
    other.restore!(snapshot);
    const mine = new Float64Array(env.probeChannels.length);
    const theirs = new Float64Array(env.probeChannels.length);
    for (let lane = 0; lane < 2; lane++) {
      env.probe(lane, mine);
      other.probe(lane, theirs);
      expect(theirs).toEqual(mine);
    }
    for (let t = 170; t < 400; t++) {
      const action = actions.subarray(2 * t, 2 * t + 2);
      const a = env.step(action);
      const b = other.step(action);
      expect(b.observation).toEqual(a.observation);
      expect(b.reward).toEqual(a.reward);
      expect(b.truncated).toEqual(a.truncated);
    }
  });
});

describe('a disturbance', () => {
  it('adds its load to the next hours of one lane and then is gone', () => {
    const env = open({ lanes: [{ building: 0 }, { building: 0 }] });
    env.reset(rng(0));
    env.step(Float64Array.of(0, 0));
    env.disturb({ type: 'load', env: 1, kw: 2.5, steps: 2 });
    for (let t = 0; t < 4; t++) env.step(Float64Array.of(0, 0));
    const [calm, disturbed] = [env.series(0), env.series(1)];
    const extra = Array.from({ length: 6 }, (_, t) => disturbed.net[t]! - calm.net[t]!);
    expect(extra.map((kwh) => Math.round(kwh * 1e9) / 1e9)).toEqual([0, 0, 2.5, 2.5, 0, 0]);
    expect(disturbed.netWithoutStorage).toEqual(calm.netWithoutStorage);
  });

  it('lasts as many steps as it says, or until its episode ends', () => {
    const power = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(power, fc.integer({ min: 1, max: 60 }), fc.nat(40), (kw, steps, begin) => {
        const episode = 50;
        const lanes = [{ building: 0 }, { building: 0 }];
        const env = open({ lanes, steps: episode });
        env.reset(rng(0));
        const probes = [new Float64Array(5), new Float64Array(5)];
        for (let t = 1; t < 2 * episode; t++) {
          if (t === begin + 1) env.disturb({ type: 'load', env: 1, kw, steps });
          env.step(Float64Array.of(0.1, 0.1));
          probes.forEach((probe, lane) => env.probe(lane, probe));
          const on = t > begin && t <= begin + steps && t < episode;
          // Autoreset shows hour 0 of the next episode in the step that ends one.
          expect(probes[1]![0]! - probes[0]![0]!).toBeCloseTo(on ? kw : 0, 10);
          expect(probes[1]!.subarray(1)).toEqual(probes[0]!.subarray(1));
        }
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    [{ type: 'load', env: 3, kw: 1, steps: 1 }, 'lane 3'],
    [{ type: 'load', env: 0, kw: Number.NaN, steps: 1 }, 'NaN kW'],
    [{ type: 'load', env: 0, kw: 1, steps: 0 }, '0 steps'],
  ] as const)('that cannot be is refused: %o', (disturbance, message) => {
    const env = open();
    env.reset(rng(0));
    expect(() => env.disturb(disturbance)).toThrow(ShapeError);
    expect(() => env.disturb(disturbance)).toThrow(message);
  });
});

describe('misuse', () => {
  it.each([Number.NaN, Infinity, -Infinity])('an action of %d names its lane and value and moves nothing', (value) => {
    const env = open({ lanes: [{ building: 0 }, { building: 1 }] });
    env.reset(rng(0));
    const before = env.snapshot!().slice();
    expect(() => env.step(Float64Array.of(0.1, value))).toThrow(ShapeError);
    expect(() => env.step(Float64Array.of(0.1, value))).toThrow(`lane 1: action 0 is ${value}`);
    expect(env.snapshot!()).toEqual(before);
  });

  it('names what is out of order or out of range', () => {
    expect(() => open().step(Float64Array.of(0))).toThrow(StateError);
    const env = open();
    env.reset(rng(0));
    expect(() => env.step(new Float64Array(2))).toThrow(/action has 2 values, expected 1/);
    expect(() => env.restore!(new Float64Array(3))).toThrow(ShapeError);
    expect(() => open({ lanes: [] })).toThrow(ConfigError);
    expect(() => open({ lanes: [{ building: 8 }] })).toThrow('lane 0: building 8, expected 0 … 7');
    expect(() => open({ lanes: [{ building: 0, start: 8759 }] })).toThrow('start 8759');
    expect(() => open({ steps: 0 })).toThrow('steps is 0');
    expect(() => open({ steps: 8760 })).toThrow('steps is 8760, expected 1 … 8759');
    expect(() => open({ start: 8000, steps: 760 })).toThrow('steps is 760, expected 1 … 759');
    expect(() => open({ start: 8759 })).toThrow('start is 8759, expected 0 … 8758');
  });

  it('a battery that cannot be is a ConfigError that names the attribute', () => {
    const building = district.buildings[0]!;
    const battery = building.devices.electrical_storage!;
    const damaged = (change: typeof battery.attributes): District => ({
      ...district,
      buildings: [
        {
          ...building,
          devices: {
            ...building.devices,
            electrical_storage: { ...battery, attributes: { ...battery.attributes, ...change } },
          },
        },
      ],
    });
    for (const change of [
      { capacity: -1 },
      { nominal_power: Number.NaN },
      { efficiency: 0 },
      { initial_soc: 1.5 },
      { power_efficiency_curve: [[0, 0.9]] as const },
      { capacity_power_curve: [[0, 1] as const, [0.5, 1] as const, [0.5, 0.2] as const] },
    ])
      expect(
        () => open({ district: damaged(change as unknown as typeof battery.attributes) }),
        JSON.stringify(change),
      ).toThrow(Object.keys(change)[0]);
  });
});
