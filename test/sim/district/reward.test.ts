import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import {
  BATTERY_SOC,
  COOLING,
  COOLING_SET_POINT,
  FIXED_FIELDS,
  FROM_DEVICE,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  NET,
  TANK_SOC,
} from '../../../sim/district/hour.ts';
import type { BuildingModel, Devices } from '../../../sim/district/model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import type { ProfileName } from '../../../sim/district/profile.ts';
import { openReward, rewardNames } from '../../../sim/district/reward.ts';
import type { RewardSpec } from '../../../sim/district/reward.ts';
import { bareModel, noBattery, noTank } from '../../support/bare-model.ts';

interface Hour {
  readonly fields?: Readonly<Record<number, number>>;
  readonly columns?: Readonly<Record<string, number>>;
  readonly devices?: Partial<Devices>;
}

/** Rewards of buildings given by what one hour of theirs holds. */
function rewards(profile: ProfileName, spec: RewardSpec, hours: readonly Hour[]): number[] {
  const models = hours.map(({ columns = {}, devices = {} }, i): BuildingModel => {
    const named = Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, Float64Array.of(0, value)]));
    return bareModel(profiles[profile], {
      rows: 2,
      columns: named,
      observations: [],
      devices,
      data: { name: `Building_${i + 1}` },
    });
  });
  const block = new Float64Array(hours.length * FIXED_FIELDS);
  hours.forEach(({ fields = {} }, i) => {
    for (const [field, value] of Object.entries(fields)) block[i * FIXED_FIELDS + Number(field)] = value;
  });
  const out = new Float64Array(hours.length).fill(Number.NaN);
  const ats = Int32Array.from(hours, (_, i) => i * FIXED_FIELDS);
  openReward(spec, models)(block, ats, new Int32Array(hours.length).fill(1), out);
  return [...out];
}

const named = (type: string, attributes: Record<string, unknown> = {}): RewardSpec => ({ type, attributes });
const net = (kwh: number): Hour => ({ fields: { [NET]: kwh } });
const later = ['v2.3', 'v2.0', 'v2.1', 'head', 'v3'] as const satisfies readonly ProfileName[];

describe('rewards of consumption', () => {
  it.each([...later, 'v1'] as const)('of %s punish import and let export be', (profile) => {
    for (const type of ['RewardFunction', 'IndependentSACReward'])
      expect(rewards(profile, named(type), [net(2.5), net(-2.5), net(0)]).map((x) => x + 0)).toEqual([-2.5, 0, 0]);
  });

  it('take an exponent, but for export, from 2.0 on', () => {
    expect(rewards('v2.3', named('RewardFunction', { exponent: 3 }), [net(2), net(-2)])).toEqual([-8, -0]);
    expect(rewards('v2.3', named('RewardFunction', { exponent: null }), [net(2)])).toEqual([-2]);
    expect(() => rewards('v1', named('RewardFunction', { exponent: 3 }), [net(2)])).toThrow(UnknownNameError);
  });

  it('MARL scales each building’s square with what the district draws', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 6 }), (nets) => {
        const sum = nets.reduce((total, one) => total + one, 0);
        const got = rewards('v2.3', named('MARL'), nets.map(net));
        nets.forEach((one, i) => {
          const size = 0.01 * one * one * Math.max(0, sum);
          expect(got[i]! + 0).toBeCloseTo(one > 0 ? -size : size, 9);
        });
      }),
    );
  });
});

describe('SolarPenaltyReward', () => {
  const devices = { coolingTank: { ...noTank, capacity: 3 }, battery: { ...noBattery, capacity: 6.4 } };
  const hour = (kwh: number, tank: number, battery: number): Hour => ({
    fields: { [NET]: kwh, [COOLING + TANK_SOC]: tank, [HEATING + TANK_SOC]: 0.9, [BATTERY_SOC]: battery },
    devices,
  });

  it('punishes import with full stores and export with empty ones, for each store that there is', () => {
    expect(
      rewards('v2.3', named('SolarPenaltyReward'), [hour(2, 1, 0), hour(-2, 1, 0.25), hour(0, 1, 1), net(3)]),
    ).toEqual([-4 - 2, -0 - 1.5, 0, 0]);
  });

  it('in v1 counts a store above its smallest size only', () => {
    const tiny = (capacity: number): Hour => ({
      fields: { [NET]: 2 },
      devices: { battery: { ...noBattery, capacity } },
    });
    expect(rewards('v1', named('SolarPenaltyReward'), [tiny(1e-5), tiny(2e-5)])).toEqual([0, -2]);
    expect(rewards('v2.3', named('SolarPenaltyReward'), [tiny(1e-5), tiny(1e-6)])).toEqual([-2, 0]);
  });
});

describe('ComfortReward', () => {
  const hour = (temperature: number, mode: number, heat = 0, cold = 0): Hour => ({
    fields: {
      [INDOOR_TEMPERATURE]: temperature,
      [COOLING_SET_POINT]: 24,
      [HEATING_SET_POINT]: 20,
      [HEATING + FROM_DEVICE]: heat,
      [COOLING + FROM_DEVICE]: cold,
    },
    columns: { hvac_mode: mode, comfort_band: 1.5 },
  });
  const steep = { band: 1, lower_exponent: 2, higher_exponent: 3 };

  /** [temperature, mode, heating, reward] of specs/citylearn.md 13, worked by hand. */
  const cases = [
    [21, 1, false, -27],
    [23.5, 1, false, -0.5],
    [24.5, 1, false, 0],
    [25, 1, false, 0],
    [26, 1, false, -4],
    [23.5, 1, true, 0],
    [24.5, 1, true, -0.5],
    [26, 1, true, -8],
    [18, 2, true, -4],
    [18, 2, false, -4],
    [21, 2, true, -1],
    [22, 2, true, -8],
    [22, 0, false, 0],
    [19.5, 3, false, -0.5],
    [18, 3, false, -8],
    [18, 3, true, -4],
    [24.5, 3, false, -0.5],
    [25, 3, false, -1],
    [26, 3, false, -4],
    [26, 3, true, -8],
  ] as const;

  it.each(cases)('%d °C in mode %d, heating %s: %d', (temperature, mode, heating, expected) => {
    const [got] = rewards('v2.3', named('ComfortReward', steep), [
      hour(temperature, mode, heating ? 2 : 0, heating ? 1 : 0),
    ]);
    expect(got! + 0).toBe(expected);
  });

  it('takes the file’s band, exponents of 2, where it is given none', () => {
    expect(rewards('v2.3', named('ComfortReward'), [hour(25.25, 1), hour(26, 1)])).toEqual([0, -4]);
    expect(rewards('head', named('ComfortReward', { band: null }), [hour(22.25, 1)])[0]).toBe(-(1.75 ** 2));
  });

  it('in 2.0 knows one set point and no mode, a band of 2 and a higher exponent of 3', () => {
    const got = rewards('v2.0', named('ComfortReward'), [hour(21, 2), hour(21, 2, 1), hour(25.75, 0), hour(27, 3, 1)]);
    expect(got.map((x) => x + 0)).toEqual([-27, -9, 0, -27]);
  });

  it('rounds differences of float32 temperatures where they are float32', () => {
    // Far enough from each other that the difference has another exponent.
    const cold = Math.fround(7.3);
    const setPoint = Math.fround(24.123456);
    const one = (profile: ProfileName): number =>
      rewards(profile, named('ComfortReward', { band: 1, higher_exponent: 1 }), [
        { ...hour(cold, 1), fields: { [INDOOR_TEMPERATURE]: cold, [COOLING_SET_POINT]: setPoint } },
      ])[0]!;
    expect(one('v2.3')).toBe(-Math.fround(setPoint - cold));
    expect(one('head')).toBe(-(setPoint - cold));
    expect(one('v2.3')).not.toBe(one('head'));
  });

  it('is NaN without a temperature, as in CityLearn', () => {
    expect(rewards('v2.3', named('ComfortReward'), [hour(Number.NaN, 1)])).toEqual([Number.NaN]);
  });

  it('adds to the solar penalty with coefficients, each rounded to float32 first', () => {
    const both: Hour = {
      ...hour(26.1, 1),
      fields: { ...hour(26.1, 1).fields, [NET]: 0.3, [BATTERY_SOC]: 0.7 },
      devices: { battery: { ...noBattery, capacity: 5 } },
    };
    const solar = rewards('v2.3', named('SolarPenaltyReward'), [both])[0]!;
    const comfort = rewards('v2.3', named('ComfortReward', steep), [both])[0]!;
    expect(rewards('v2.3', named('SolarPenaltyAndComfortReward', steep), [both])[0]).toBe(
      Math.fround(solar) + Math.fround(comfort),
    );
    expect(
      rewards('v2.3', named('SolarPenaltyAndComfortReward', { ...steep, coefficients: [0.5, 2] }), [both])[0],
    ).toBe(Math.fround(solar) * 0.5 + Math.fround(comfort) * 2);
  });
});

describe('one class a building (head)', () => {
  const spec = named('MultiBuildingRewardFunction', {
    reward_functions: {
      Building_1: { type: 'RewardFunction', attributes: { exponent: 2 } },
      Building_2: { type: 'MARL', attributes: null },
      default: { type: 'IndependentSACReward' },
    },
  });

  it('shows each class its own building alone', () => {
    // MARL alone: sign(−e)·0.01·e²·max(0, e)
    expect(rewards('head', spec, [net(3), net(2), net(4)])).toEqual([-9, -0.08, -4]);
  });

  it('says which building has none', () => {
    const some = named('MultiBuildingRewardFunction', { reward_functions: { Building_1: { type: 'MARL' } } });
    expect(() => rewards('head', some, [net(3), net(2)])).toThrow(/no reward for building 'Building_2'/);
    expect(() => rewards('head', named('MultiBuildingRewardFunction'), [net(3)])).toThrow(/expected \{building/);
  });
});

describe('misuse', () => {
  it('names the nearest class, and the ones of a release that has not all of them', () => {
    expect(() => rewards('v2.3', named('ConfortReward'), [net(1)])).toThrow(/Did you mean 'ComfortReward'\?/);
    expect(() => rewards('v1', named('MARL'), [net(1)])).toThrow(
      "/district/reward: profile 'v1' has no reward 'MARL' (it fails in that release), expected one of RewardFunction, IndependentSACReward, SolarPenaltyReward",
    );
    expect(() => rewards('v1', named('ComfortReward'), [net(1)])).toThrow(ConfigError);
    expect(() => rewards('v2.3', named('Electric_Vehicles_Reward_Function'), [net(1)])).toThrow(ConfigError);
    expect(rewardNames[0]).toBe('RewardFunction');
    for (const name of rewardNames.filter((one) => one !== 'MultiBuildingRewardFunction'))
      expect(Number.isFinite(rewards('head', named(name), [net(1)])[0])).toBe(true);
  });

  it.each([
    [
      'RewardFunction',
      { exponant: 2 },
      "/district/reward/attributes/exponant: unknown attribute of RewardFunction 'exponant'. Did you mean 'exponent'?",
    ],
    ['MARL', { exponent: 2 }, 'Known: (none)'],
    ['RewardFunction', { exponent: '2' }, 'exponent of RewardFunction is "2", expected a finite number'],
    ['ComfortReward', { band: Number.NaN }, 'band of ComfortReward is null, expected a finite number'],
    [
      'SolarPenaltyAndComfortReward',
      { coefficients: [1] },
      'coefficients of SolarPenaltyAndComfortReward is [1], expected 2 numbers',
    ],
    ['SolarPenaltyAndComfortReward', { coefficients: [1, 'x'] }, '/district/reward/attributes/coefficients/1: '],
    ['Electric_Vehicles_Reward_Function', { weights: { soc_undr: 1 } }, "Did you mean 'soc_under'?"],
    ['Electric_Vehicles_Reward_Function', { weights: [1] }, 'expected an object of numbers'],
  ])('%s %j', (type, attributes, message) => {
    expect(() => rewards('head', named(type, attributes), [net(1)])).toThrow(message);
  });
});
