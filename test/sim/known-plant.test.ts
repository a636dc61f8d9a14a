import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import { districtEnv } from '../../sim/district/district-env.ts';
import { knownPlant } from '../../sim/district/known-plant.ts';
import { BATTERY_SOC, NET } from '../../sim/district/hour.ts';
import { profiles } from '../../sim/district/profile.ts';
import type { ProfileName } from '../../sim/district/profile.ts';

function envOf(profile: ProfileName, steps: number) {
  return districtEnv({
    district: builtinDistrict(),
    lanes: [{ building: 0 }],
    profile: profiles[profile],
    reward: 'RewardFunction',
    normalisation: 'fixed',
    steps,
  });
}

const ahead = (Object.keys(profiles) as ProfileName[]).filter((name) => profiles[name].alignment === 'ahead');

describe('the plant an attacker plans with', () => {
  it.each(ahead)('is the simulator, to the bit, under %s', (profile) => {
    const steps = 1000;
    using env = envOf(profile, steps);
    const plant = knownPlant(env.lane(0), env.firstWindow);
    const state = new Float64Array(plant.stateSize);
    const seen = new Float32Array(env.observationSize);
    const stream = rng(3);
    let { observation } = env.reset(rng(0));
    plant.start(state, 0);
    expect(plant.steps).toBe(steps);
    for (let t = 0; t < steps; t++) {
      plant.observe(t, state, 0, seen, 0);
      expect(Array.from(seen)).toEqual(Array.from(observation));
      const action = Float64Array.of(2 * stream.uniform() - 1);
      plant.advance(t, action[0]!, state, 0);
      ({ observation } = env.step(action));
      if (t === steps - 1) break; // the environment has begun its next episode
      expect(plant.net(state, 0)).toBe(env.hours[NET]);
      expect(plant.soc(state, 0)).toBe(env.hours[BATTERY_SOC]);
    }
  });

  it.each(ahead)('holds in a box what any of its states becomes and shows, under %s', (profile) => {
    using env = envOf(profile, 400);
    const plant = knownPlant(env.lane(0), env.firstWindow);
    const size = plant.stateSize;
    const seen = new Float32Array(env.observationSize);
    const lowest = seen.slice();
    const highest = seen.slice();
    const stream = rng(8);
    const runs = 30;
    const low = new Float64Array(size);
    const high = new Float64Array(size);
    const states = Array.from({ length: runs }, () => new Float64Array(size));
    for (let t = 0; t < 400; t++) {
      // Every few steps all runs begin anew from one state, or boxes would only grow.
      if (t % 8 === 0) {
        if (t === 0) plant.start(states[0]!, 0);
        for (const state of states) state.set(states[0]!);
        low.set(states[0]!);
        high.set(states[0]!);
      }
      const middle = 1.4 * stream.uniform() - 0.7;
      const radius = 0.3 * stream.uniform() ** 2;
      plant.observeBox(t, low, high, 0, lowest, highest, 0);
      plant.advanceBox(t, middle - radius, middle + radius, low, high, 0);
      for (const state of states) {
        plant.observe(t, state, 0, seen, 0);
        expect(seen.every((value, i) => value >= lowest[i]! && value <= highest[i]!)).toBe(true);
        plant.advance(t, middle + radius * (2 * stream.uniform() - 1), state, 0);
        expect(state.every((value, i) => value >= low[i]! && value <= high[i]!)).toBe(true);
      }
    }
  });

  it('knows the price of the hour that an action falls into', () => {
    using env = envOf('v2.0', 30);
    const plant = knownPlant(env.lane(0), env.firstWindow);
    expect(Array.from(plant.price)).toEqual(Array.from(env.lane(0).plant.price.subarray(1, 31)));
  });

  it('is refused where actions fall into the hour shown', () => {
    using env = envOf('head', 30);
    expect(() => knownPlant(env.lane(0), env.firstWindow)).toThrow(ConfigError);
  });
});
