import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { centralEnv } from '../../../sim/district/central-env.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import type { DistrictEnv } from '../../../sim/district/district-env.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { lstmDistrict } from '../../support/equipped.ts';

const district = lstmDistrict(3);

function lanes(districts: number): DistrictEnv {
  return districtEnv({
    district,
    lanes: Array.from({ length: districts * 3 }, (_, lane) => ({ building: lane % 3, group: Math.floor(lane / 3) })),
    profile: profiles['v2.3'],
    reward: 'MARL',
    normalisation: 'fixed',
    steps: 30,
  });
}

describe('one agent for a district', () => {
  it('sees each building in turn, what they share once, acts on all of them and is paid their sum', () => {
    const plain = lanes(2);
    const central = centralEnv(lanes(2), 2);
    const { features } = central.observationSpace;
    const own = plain.laneFeatures(0).length;
    const shared = plain.lane(0).plan.sharedFeatures.filter(Boolean).length;
    expect(shared).toBeGreaterThan(10);
    expect(features).toHaveLength(own + 2 * (own - shared));
    expect(new Set(features.map(({ name }) => name)).size).toBe(features.length);
    expect(central.actionSpace.features.map(({ name }) => name)).toEqual(
      [0, 1, 2].flatMap((b) => ['dhw_storage', 'electrical_storage', 'cooling_device'].map((name) => `${b}.${name}`)),
    );
    const draw = rng(3);
    let a = plain.reset(rng(0));
    let b = central.reset(rng(0));
    for (let step = 0; step < 40; step++) {
      for (let d = 0; d < 2; d++) {
        features.forEach(({ name }, j) => {
          const [, lane = '0', title = name] = /^(\d)\.(.+)$/.exec(name) ?? [];
          const at = plain.laneFeatures(Number(lane)).findIndex((feature) => feature.name === title);
          const from = (d * 3 + Number(lane)) * plain.observationSize + at;
          expect(b.observation[d * features.length + j], name).toBe(a.observation[from]);
          if (a.truncated[d * 3] === 1)
            expect(b.finalObservation[d * features.length + j]).toBe(a.finalObservation[from]);
        });
        expect(b.reward[d]).toBe(a.reward[d * 3]! + a.reward[d * 3 + 1]! + a.reward[d * 3 + 2]!);
        expect(b.truncated[d]).toBe(a.truncated[d * 3]);
      }
      const action = Float64Array.from({ length: 18 }, () => draw.uniform() - 0.3);
      a = plain.step(action);
      b = central.step(action);
    }
  });

  it('is refused for lanes that are not so many like districts', () => {
    expect(() => centralEnv(lanes(2), 4)).toThrow(ShapeError);
    const mixed = districtEnv({
      district,
      lanes: [{ building: 0 }, { building: 1 }],
      profile: profiles['v2.3'],
      reward: 'RewardFunction',
      normalisation: 'fixed',
      steps: 30,
    });
    expect(() => centralEnv(mixed, 2)).toThrow(/lane 1 is not the building of lane 0/);
    const one = centralEnv(lanes(1), 1);
    one.reset(rng(0));
    expect(() => one.step(new Float64Array(3))).toThrow(/action has 3 values, expected 9/);
  });
});
