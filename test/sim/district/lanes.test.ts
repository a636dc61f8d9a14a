import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import type { District } from '../../../sim/data/dataset.ts';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import type { DistrictEnv, LaneSpec } from '../../../sim/district/district-env.ts';
import { defectNames, profiles, repaired } from '../../../sim/district/profile.ts';
import type { Profile } from '../../../sim/district/profile.ts';
import { lstmDistrict, thermalDistrict } from '../../support/equipped.ts';

const all: readonly Profile[] = [...Object.values(profiles), repaired(profiles.head, defectNames)];
const later = all.filter(({ alignment }) => alignment !== 'split');

function open(
  district: District,
  lanes: readonly LaneSpec[],
  profile: Profile,
  steps: number | null = 60,
): DistrictEnv {
  return districtEnv({ district, lanes, profile, reward: 'RewardFunction', normalisation: 'fixed', steps });
}

/** Actions that depend on the lane's own name and step alone, so that a lane meets the same ones in any company. */
function actionsOf(env: DistrictEnv, names: readonly number[], step: number, out: Float64Array): void {
  for (let lane = 0; lane < env.numEnvs; lane++) {
    env.laneActions(lane).forEach(({ low, high }, j) => {
      const turn = 0.5 + 0.5 * Math.sin(names[lane]! * 7.3 + step * 1.7 + j * 2.9);
      out[lane * env.actionSize + j] = low + (high - low) * turn;
    });
  }
}

/** Everything that a lane shows over `steps` steps. */
function trace(env: DistrictEnv, names: readonly number[], steps: number): number[][] {
  const traces = names.map((): number[] => []);
  const action = new Float64Array(env.numEnvs * env.actionSize);
  let batch = env.reset(rng(0));
  for (let step = 0; step <= steps; step++) {
    for (let lane = 0; lane < env.numEnvs; lane++) {
      const size = env.laneFeatures(lane).length;
      const at = lane * env.observationSize;
      traces[lane]!.push(...batch.observation.subarray(at, at + size), batch.reward[lane]!, batch.truncated[lane]!);
      if (batch.truncated[lane] === 1) traces[lane]!.push(...batch.finalObservation.subarray(at, at + size));
    }
    if (step === steps) break;
    actionsOf(env, names, step, action);
    batch = env.step(action);
  }
  return traces;
}

describe('lanes', () => {
  it.each([
    ['battery', builtinDistrict(), all],
    ['thermal', thermalDistrict(3), all],
    ['LSTM', lstmDistrict(3), later],
  ] as const)(
    'a %s lane’s numbers do not depend on its company: any mix of buildings and profiles',
    (_, district, mix) => {
      const lanes = mix.flatMap((profile) => [0, 2, 1].map((building) => ({ building, profile })));
      // Over the end of an episode, so that what a lane starts over with is its own too.
      const together = trace(
        open(district, lanes, profiles['v2.3']),
        lanes.map((_lane, i) => i),
        80,
      );
      lanes.forEach((lane, i) => {
        const [alone] = trace(open(district, [lane], profiles['v2.3']), [i], 80);
        expect(alone, `lane ${i}`).toEqual(together[i]);
      });
    },
  );

  it.each(all.map((profile, i) => [i === 5 ? 'head, repaired' : profile.name, profile] as const))(
    '%s: a snapshot brings everything back to the bit, over the end of an episode',
    (_, profile) => {
      const district = profile.alignment === 'split' ? thermalDistrict(2) : lstmDistrict(2);
      const lanes = [0, 1, 0].map((building) => ({ building }));
      const env = open(district, lanes, profile);
      const twin = open(district, lanes, profile);
      const action = new Float64Array(env.numEnvs * env.actionSize);
      env.reset(rng(0));
      for (let step = 0; step < 41; step++) {
        actionsOf(env, [0, 1, 2], step, action);
        env.step(action);
      }
      env.disturb({ type: 'load', env: 1, kw: 2.5, steps: 4 });
      const words = env.snapshot!();
      const first = ahead(env);
      env.restore!(words);
      expect(ahead(env)).toEqual(first);
      // Into another environment too, which has seen something else.
      twin.reset(rng(0));
      twin.step(action);
      twin.restore!(words);
      expect(ahead(twin)).toEqual(first);
      expect(first.length).toBeGreaterThan(1000);

      function ahead(one: DistrictEnv): number[] {
        const seen: number[] = [];
        for (let step = 41; step < 90; step++) {
          actionsOf(one, [0, 1, 2], step, action);
          const batch = one.step(action);
          seen.push(...batch.observation, ...batch.reward, ...batch.truncated, ...one.snapshot!());
        }
        return seen;
      }
    },
  );

  it('refuses a snapshot of other lanes, and one with a clock that there is not', () => {
    const env = open(builtinDistrict(), [{ building: 0 }], profiles['v2.3']);
    env.reset(rng(0));
    const words = env.snapshot!();
    expect(() => env.restore!(words.subarray(1))).toThrow(/snapshot/);
    const late = words.slice();
    late[0] = 60;
    expect(() => env.restore!(late)).toThrow(/lane 0 is at hour 60/);
    const half = words.slice();
    half[0] = 0.5;
    expect(() => env.restore!(half)).toThrow(/whole numbers/);
  });

  it('takes the windows of a dataset one after another', () => {
    const district: District = {
      ...builtinDistrict(),
      episodes: { timeSteps: 48, rolling: false, random: false },
    };
    const env = open(district, [{ building: 0 }], profiles['v2.3'], null);
    const seen: { start: number; rows: number }[] = [];
    env.reset(rng(0));
    expect(env.episodeSteps).toBe(47);
    for (let step = 0; step < 47 * 3; step++) {
      if (step % 47 === 0) seen.push({ ...env.window(0) });
      env.step(Float64Array.of(0));
    }
    expect(seen).toEqual([
      { start: 0, rows: 48 },
      { start: 48, rows: 48 },
      { start: 96, rows: 48 },
    ]);
    const load = district.buildings[0]!.energy.non_shiftable_load;
    // The second window's first hour is hour 48 of the year.
    expect(env.series(0).netWithoutStorage.length).toBe(48);
    expect(load.length).toBe(8760);
  });

  it.each([
    ['battery', builtinDistrict(), 100_000],
    ['thermal', thermalDistrict(2), 100_000],
    ['LSTM', lstmDistrict(2), 10_000],
  ] as const)('keeps nothing: after %s steps the heap is what it was', { timeout: 120_000 }, (_, district, steps) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const env = districtEnv({
      district,
      lanes: [{ building: 0 }, { building: 1 }],
      profile: profiles['v2.3'],
      reward: 'RewardFunction',
      normalisation: 'fixed',
      history: 'none',
    });
    const action = new Float64Array(env.numEnvs * env.actionSize).fill(0.05);
    env.reset(rng(0));
    const heapAfter = (count: number): number => {
      for (let step = 0; step < count; step++) env.step(action);
      collect();
      return process.memoryUsage().heapUsed;
    };
    heapAfter(2000);
    const before = heapAfter(1000);
    // One number kept a step would be 8 bytes and more; numbers that are boxed on their way between functions are gone at once.
    expect(heapAfter(steps) - before).toBeLessThan(4 * steps);
  });

  it('4096 lanes of one building share its year: less than 300 MB', () => {
    const before = process.memoryUsage();
    const env = districtEnv({
      district: builtinDistrict(),
      lanes: Array.from({ length: 4096 }, () => ({ building: 0 })),
      profile: profiles['v2.3'],
      reward: 'RewardFunction',
      normalisation: 'fixed',
      history: 'none',
    });
    env.reset(rng(0));
    env.step(new Float64Array(4096).fill(0.1));
    const after = process.memoryUsage();
    const grown = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
    expect(grown).toBeLessThan(300e6);
    expect(env.hours.length).toBeGreaterThan(4096);
  });
});
