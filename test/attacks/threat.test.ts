import { describe, expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import { threatPresets } from '../../attacks/presets.ts';
import { threatModel } from '../../attacks/threat.ts';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';

const forecast = (name: string): string[] => [name, ...[6, 12, 24].map((h) => `${name}_predicted_${h}h`)];
/** The 31 features of CityLearn 2.0.0 in their order, with two limits that the tests use. */
const names = [
  ...['month', 'day_type', 'hour'].flatMap((name) => [`${name}_cos`, `${name}_sin`]),
  ...['outdoor_dry_bulb_temperature', 'outdoor_relative_humidity'].flatMap(forecast),
  ...['diffuse_solar_irradiance', 'direct_solar_irradiance'].flatMap(forecast),
  'carbon_intensity',
  'non_shiftable_load',
  'solar_generation',
  'electrical_storage_soc',
  'net_electricity_consumption',
  ...forecast('electricity_pricing'),
];
const features: Feature[] = names.map((name) =>
  name === 'non_shiftable_load'
    ? { name, unit: 'kWh', low: 0, high: 6.8 }
    : { name, unit: '1', low: name === 'carbon_intensity' ? 0.2 : 0, high: name === 'carbon_intensity' ? 0.2 : 1 },
);
const vector = (spec: unknown): number[] => [...threatModel(spec, features).epsilon];
const down = (value: number): number => {
  const rounded = Math.fround(value);
  return rounded > value ? rounded - 2 ** (Math.floor(Math.log2(rounded)) - 23) : rounded;
};

describe('the paper’s presets, written out by index (bifurcation.md 2.3)', () => {
  const free = (epsilon: number): number[] => Array.from({ length: 31 }, () => epsilon);
  const stealth = (solar: number): number[] =>
    free(0.03).map((e, j) => (j < 6 ? 0 : j === 24 ? solar : j === 26 ? 0.00048 : e));
  const expected: Record<keyof typeof threatPresets, number[]> = {
    'paper-5%': free(0.05),
    'paper-3%': free(0.03),
    'paper-mask-time-5%': free(0.05).map((e, j) => (j < 6 ? 0 : e)),
    'paper-mask-time-3%': free(0.03).map((e, j) => (j < 6 ? 0 : e)),
    'stealth-rescale': stealth(0.00012),
    'stealth-mask-solar': stealth(0),
    'stealth-scale': stealth(0.0012),
    unbounded: free(1e9),
  };
  it.each(Object.keys(threatPresets) as (keyof typeof threatPresets)[])('%s', (preset) => {
    expect(vector({ preset })).toEqual(expected[preset].map(down));
  });

  it('is 5 % when nothing is said', () => {
    expect(vector({})).toEqual(vector({ preset: 'paper-5%' }));
    expect(vector(undefined)).toEqual(vector({ preset: 'paper-5%' }));
  });
});

describe('a threat section', () => {
  it('never exceeds the number that was written, in the box [0, 1]', () => {
    for (const epsilon of [0.05, 0.03, 0.1, 1 / 3, 0.25, 0]) {
      for (const value of vector({ epsilon })) {
        expect(value).toBeLessThanOrEqual(epsilon);
        expect(value).toBeGreaterThanOrEqual(epsilon * (1 - 2 ** -22));
      }
    }
    const { low, high } = threatModel({}, features);
    expect([new Set(low), new Set(high)]).toEqual([new Set([0]), new Set([1])]);
  });

  it('overrides single features, then masks groups and names', () => {
    const epsilon = vector({
      epsilon: 0.25,
      overrides: { solar_generation: 0.5, hour_cos: 0.5 },
      mask: ['time', 'price', 'electrical_storage_soc'],
    });
    expect(epsilon[24]).toBe(0.5);
    expect(epsilon.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(epsilon.slice(27)).toEqual([0, 0, 0, 0]);
    expect(epsilon[25]).toBe(0);
    expect(epsilon[23]).toBe(0.25);
  });

  it('takes physical units, where a constant feature cannot move', () => {
    const epsilon = vector({
      epsilon: 0,
      overrides: { non_shiftable_load: 3.4, carbon_intensity: 1 },
      units: 'physical',
    });
    expect(epsilon[23]).toBe(0.5);
    expect(epsilon[22]).toBe(0);
  });

  it.each([
    [{ epsilon: -0.1 }, /epsilon/],
    [{ epsilon: Number.NaN }, /epsilon/],
    [{ epsilon: '0.05' }, /epsilon/],
    [{ overrides: { solar_generation: -1 } }, /solar_generation/],
    [{ overrides: { solar_generation: Number.NaN } }, /solar_generation/],
    [{ epsilon: 0.05, preset: 'paper-5%' }, /both preset 'paper-5%' and epsilon 0.05/],
    [{ preset: 'paper-5' }, /paper-5%/],
    [{ units: 'watts' }, /units/],
    [{ epsilom: 1 }, /did you mean 'epsilon'/],
  ])('refuses %j', (spec, message) => {
    expect(() => threatModel(spec, features)).toThrow(ConfigError);
    expect(() => threatModel(spec, features)).toThrow(message);
  });

  it('names the nearest feature or group for a slip of the hand', () => {
    const overrides = { solar_genration: 0.1 };
    expect(() => threatModel({ overrides }, features)).toThrow(UnknownNameError);
    expect(() => threatModel({ overrides }, features)).toThrow(/Did you mean 'solar_generation'/);
    expect(() => threatModel({ mask: ['tine'] }, features)).toThrow(/Did you mean 'time'/);
    expect(() => threatModel({ mask: ['constructor'] }, features)).toThrow(UnknownNameError);
  });
});

describe('the registry', () => {
  it.each(Object.entries(attacks))(
    '%s: every option has a title and a description, and all but a policy have defaults',
    (_n, attack) => {
      for (const field of Object.values(attack.config.shape)) {
        expect(field.meta()).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      }
      // Nobody but its user can say which policy a learned adversary is.
      const needed = 'policy' in attack.config.shape ? { policy: 'sac-builtin' } : {};
      expect(['observation', 'action']).toContain(attack.make(needed).stage);
      expect(attack.title.length * attack.source.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['pgd', { steps: 0 }, /steps/],
    ['pgd', { steps: 1.5 }, /steps/],
    ['pgd', { stepSize: -1 }, /stepSize/],
    ['pgd', { objective: 'margn' }, /did you mean 'margin'/],
    ['pgd', { stepz: 3 }, /did you mean 'steps'/],
    ['bifurcation', { objective: 'margin' }, /unknown key 'objective'/],
    ['none', { anything: 1 }, /unknown key/],
  ] as const)('%s refuses %j', (name, config, message) => {
    expect(() => attacks[name].make(config)).toThrow(ConfigError);
    expect(() => attacks[name].make(config)).toThrow(message);
  });
});

describe('the norm', () => {
  it('is L-inf unless another is named, and L0 says how many sensors', () => {
    expect(threatModel({}, features)).toMatchObject({ norm: 'linf' });
    expect(threatModel({ norm: 'l2' }, features)).toMatchObject({ norm: 'l2' });
    expect(threatModel({ norm: 'l0', sensors: 3 }, features)).toMatchObject({ norm: 'l0', sensors: 3 });
    expect(threatModel({ norm: 'l1' }, features)).not.toHaveProperty('sensors');
  });

  it.each([
    [{ norm: 'l0' }, /no sensors/],
    [{ norm: 'l2', sensors: 3 }, /3 sensors, which belong to norm 'l0'/],
    [{ sensors: 3 }, /its norm is 'linf'/],
    [{ norm: 'l3' }, /norm/],
    [{ norm: 'l0', sensors: 0 }, /sensors/],
  ])('refuses %j', (spec, message) => {
    expect(() => threatModel(spec, features)).toThrow(ConfigError);
    expect(() => threatModel(spec, features)).toThrow(message);
  });
});
