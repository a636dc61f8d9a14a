import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { forecastLinks } from '../../../attacks/constraint/forecast.ts';
import { threatModel } from '../../../attacks/threat.ts';
import type { ConstraintSpec } from '../../../core/attack.ts';
import { BudgetError, ConfigError, ShapeError, StateError, UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { at, smallFeatures, smallPlant, smallSet } from '../../support/constraint.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { contextOf, threatOf } from '../../support/threat.ts';

const size = smallFeatures.length;
const wide = threatOf(new Float32Array(size).fill(0.2));

/** Shows a lane a series of truths; what is proposed is the truth plus `push`. Returns what was shown, and the set. */
function show(
  specs: readonly ConstraintSpec[],
  truths: readonly Float32Array[],
  push: (step: number, j: number) => number,
  { threat = wide, actions = truths.map(() => 0) } = {},
) {
  const set = smallSet(threat, specs);
  const verdicts: { bound: number[]; gaveWay: number[] }[] = [];
  const shown = truths.map((x, step) => {
    set.around(x, 1, threat);
    const out = x.map((value, j) => value + push(step, j));
    set.project(out);
    set.settle(x, out, 1);
    set.act(Float64Array.of(actions[step]!));
    verdicts.push({
      bound: set.verdicts.map(({ bound }) => bound[0]!),
      gaveWay: set.verdicts.map(({ gaveWay }) => gaveWay[0]!),
    });
    return out;
  });
  return { shown, set, verdicts };
}
const still = (steps: number, value = 0.5): Float32Array[] =>
  Array.from({ length: steps }, () => new Float32Array(size).fill(value));
const temperature = at('outdoor_dry_bulb_temperature');
const ahead = at('outdoor_dry_bulb_temperature_predicted_6h');

describe('rate', () => {
  const limits = { outdoor_dry_bulb_temperature: 2 }; // °C of 40: 0.05

  it('climbs to the end of epsilon in steps, says on which it held, and comes down in steps', () => {
    const { shown, verdicts } = show([{ name: 'rate', limits }], still(9), (step) => (step < 5 ? 1 : 0));
    const path = shown.map((row) => row[temperature]!);
    // The first step has none before it.
    [0.7, 0.7, 0.7, 0.7, 0.7, 0.65, 0.6, 0.55, 0.5].forEach((value, t) => expect(path[t]).toBeCloseTo(value, 6));
    expect(verdicts.map(({ bound }) => bound[0])).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect(shown[6]![at('non_shiftable_load')]).toBe(0.5); // has no limit
  });

  it('is searched inside, even where the truth is outside by what was shown before', () => {
    const specs = [
      {
        name: 'rate',
        limits: { outdoor_dry_bulb_temperature: 0.001, outdoor_dry_bulb_temperature_predicted_6h: 0.001, load: 0.001 },
        units: 'normalised',
      },
      { name: 'levels' },
    ];
    const held = new Set([temperature, ahead, at('non_shiftable_load')]);
    const threat = threatOf(smallFeatures.map((_, k) => (held.has(k) ? 0.2 : 0)));
    const { set, shown } = show(specs, still(1), () => 1, { threat });
    const x = still(1)[0]!;
    set.around(x, 1, threat);
    const low = new Float32Array(size);
    set.bounds(low, new Float32Array(size));
    expect(low[temperature]).toBeGreaterThan(x[temperature]!);
    expect(shown[0]![temperature]).toBeCloseTo(0.7, 6);
    // On some of the victims the truth, which is outside, would be worth more than all that is inside.
    for (let seed = 0; seed < 20; seed++) {
      const victim = referenceVictim(randomNetwork(rng(seed), [size, 6, 20]), heads.categorical);
      for (const config of [{ steps: 3 }, { steps: 3, restarts: 2, start: 'random' }, { steps: 3, keep: 'last' }]) {
        const out = new Float32Array(size);
        const context = { ...contextOf(x, threat, [rng(2)]), threat: { ...threat, constraints: specs }, set };
        attacks.pgd.make(config).perturb(x, 1, victim, context, out);
        const inside = out.slice();
        set.project(inside);
        expect([...out]).toEqual([...inside]);
      }
    }
  });

  it('follows a truth that is faster than the limit', () => {
    const truths = [0.2, 0.2, 0.6, 0.6].map((value) => new Float32Array(size).fill(value));
    const { shown, verdicts } = show([{ name: 'rate', limits }], truths, () => -1);
    shown.forEach((row, t) => expect(row[temperature]).toBeCloseTo(truths[t]![temperature]! - 0.2, 6));
    expect(verdicts.every(({ gaveWay }) => gaveWay[0] === 0)).toBe(true);
  });

  it('takes groups and normalised limits, and the data’s own where none are given', () => {
    const { shown } = show(
      [{ name: 'rate', limits: { weather: 0.01 }, units: 'normalised' }],
      still(2),
      (t) => t - 0.5,
    );
    expect(shown[1]![temperature]! - shown[0]![temperature]!).toBeCloseTo(0.01, 6);
    const threat = threatOf(new Float32Array(size).fill(0.5));
    const free = show([{ name: 'rate' }], still(2), (t) => 2 * t - 1, { threat });
    // 4 °C at most in the small building's data, of 40; its price jumps as it likes
    expect(free.shown[1]![temperature]! - free.shown[0]![temperature]!).toBeCloseTo(0.1, 5);
    const price = at('electricity_pricing');
    expect(free.shown[1]![price]! - free.shown[0]![price]!).toBe(1);
  });

  it('forgets at the end of an episode', () => {
    const { set } = show([{ name: 'rate', limits }], still(3), () => -1);
    set.reset(Uint8Array.of(1));
    const x = still(1)[0]!;
    set.around(x, 1, wide);
    const out = new Float32Array(size).fill(1);
    set.project(out);
    expect(out[temperature]).toBeCloseTo(0.7, 6);
  });
});

describe('forecast', () => {
  it('keeps up a lie that was told six hours before, and lets no other be told than can be kept up', () => {
    const lied = 0.1 * 40; // °C by which the forecast is moved at step 0
    const { shown, verdicts } = show(
      [{ name: 'forecast', tolerance: 0 }],
      // 15 °C now and ahead: 0.5 of −5 … 35, 0.475 of −4 … 36
      Array.from({ length: 8 }, () => new Float32Array(size).fill(0.5).fill(0.475, ahead, ahead + 1)),
      (step, j) => (step === 0 && j === ahead ? 0.1 : step === 1 && j === ahead ? 9 : 0),
    );
    expect(shown[6]![temperature]! * 40 - 5).toBeCloseTo(15 + lied, 3);
    expect(shown[7]![temperature]! * 40 - 5).toBeCloseTo(15 + 0.2 * 40, 3);
    expect(shown[5]![temperature]).toBe(0.5);
    expect(verdicts.map(({ gaveWay }) => gaveWay[0])).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('lets a forecast lie by no more than what the value itself may move', () => {
    const threat = threatOf(smallFeatures.map((_, j) => (j === ahead ? 0.2 : 0.05)));
    const { shown } = show([{ name: 'forecast', tolerance: 0.01 }], still(1), () => 1, { threat });
    expect(shown[0]![ahead]).toBeCloseTo(0.5 + 0.05 + 0.01, 6);
  });
});

it('takes a forecast for the hour that the data say, whatever its name does: prices of 2023 look 1, 2 and 3 h ahead', () => {
  const price = Float64Array.from(
    { length: 200 },
    (_, row) => [0.2, 0.3, 0.5, 0.4][(row * row) % 4]! + (row % 7) / 100,
  );
  const names = ['electricity_pricing', ...[6, 12, 24].map((ahead) => `electricity_pricing_predicted_${ahead}h`)];
  const features = names.map((name) => ({ name, unit: '$/kWh', low: 0.2, high: 0.6 }));
  const links = (ahead: readonly number[]) =>
    forecastLinks({
      features,
      threat: wide,
      plant: {
        ...smallPlant,
        series: (name) => price.map((_, row) => price[(row + ahead[names.indexOf(name)]!) % price.length]!),
      },
    }).map(({ now, said, lag }) => [now, said, lag]);
  const pairs = (first: number, second: number, third: number) => [
    [0, 1, first],
    [0, 2, second],
    [1, 2, second - first],
    [0, 3, third],
    [1, 3, third - first],
    [2, 3, third - second],
  ];
  expect(links([0, 1, 2, 3])).toEqual(pairs(1, 2, 3));
  expect(links([0, 6, 12, 24])).toEqual(pairs(6, 12, 24));
  expect(forecastLinks({ features, threat: wide }).map(({ lag }) => lag)).toEqual([6, 12, 6, 24, 18, 12]);
});

describe('soc and energy', () => {
  const soc = at('electrical_storage_soc');
  const net = at('net_electricity_consumption');
  const kwh = (row: Float32Array): number =>
    row[net]! * 21 - 9 - row[at('non_shiftable_load')]! * 6 + row[at('solar_generation')]! * 4;

  it('the state of charge goes on from the one that was shown', () => {
    const truths = [0.5, 0.6, 0.7].map((value) => new Float32Array(size).fill(0.5).fill(value, soc, soc + 1));
    const { shown } = show([{ name: 'soc', tolerance: 0.01 }], truths, (step) => (step === 0 ? 0.1 : -1), {
      actions: [0.1, 0.1, 0],
    });
    expect(shown.map((row) => Math.round(row[soc]! * 1e4) / 1e4)).toEqual([0.6, 0.69, 0.78]);
  });

  it('net consumption is load less sun plus what the shown battery took', () => {
    const truth = new Float32Array(size).fill(0.5);
    // 10 kWh · 0.05 charged between the two; net adds up at the second: load 3 − sun 2 + 0.5 = 1.5 kWh
    const second = truth
      .slice()
      .fill(0.55, soc, soc + 1)
      .fill(10.5 / 21, net, net + 1);
    const { shown, verdicts } = show(
      [{ name: 'energy', tolerance: 0.1 }],
      [truth, second],
      (step, j) => step * (j === net ? 1 : 0),
      {
        actions: [0.05, 0],
      },
    );
    expect(kwh(shown[1]!)).toBeCloseTo(0.5 + 0.1, 4);
    expect(verdicts[1]!.bound).toEqual([1]);
  });

  it('needs to be told what the controller did', () => {
    const set = smallSet(wide, [{ name: 'soc' }]);
    const x = still(1)[0]!;
    set.around(x, 1, wide);
    set.settle(x, x.slice(), 1);
    expect(() => set.around(x, 1, wide)).toThrow(StateError);
  });
});

describe('budget', () => {
  const options = fc.record({
    steps: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    of: fc.option(fc.integer({ min: 4, max: 9 }), { nil: undefined }),
    cooldown: fc.integer({ min: 0, max: 3 }),
    distortion: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    norm: fc.constantFrom('linf', 'l2', 'l1'),
  });
  it('holds over every window, pause and sum of an episode, whatever is proposed', () => {
    fc.assert(
      fc.property(
        options,
        fc.array(fc.constantFrom(0, 0, 0.02, 0.3, -1), { minLength: 30, maxLength: 30 }),
        (spec, pushes) => {
          const { steps, of, cooldown, distortion, norm } = spec;
          if (steps === undefined && of !== undefined) return;
          const { shown } = show([{ name: 'budget', ...spec }, { name: 'levels' }], still(30), (step, j) =>
            j % 3 === 0 ? pushes[step]! : 0,
          );
          const moved = shown.map((row) => (row.some((value) => value !== 0.5) ? 1 : 0));
          const windows = of ?? 30;
          for (let t = 0; t < 30; t++) {
            const recent = moved.slice(Math.max(0, t - windows + 1), t + 1);
            if (steps !== undefined) expect(recent.filter((mark) => mark === 1).length).toBeLessThanOrEqual(steps);
            if (moved[t] === 1) expect(moved.slice(t + 1, t + 1 + cooldown)).not.toContain(1);
          }
          const length = (row: Float32Array): number => {
            const changes = [...row].map((value) => Math.abs(value - 0.5));
            if (norm === 'linf') return Math.max(...changes);
            return norm === 'l1' ? changes.reduce((sum, one) => sum + one, 0) : Math.hypot(...changes);
          };
          if (distortion !== undefined)
            expect(shown.reduce((sum, row) => sum + length(row), 0)).toBeLessThanOrEqual(distortion + 1e-6);
          if (steps === undefined && cooldown === 0 && distortion === undefined)
            expect(moved).toEqual(pushes.map((push) => (push === 0 ? 0 : 1)));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what is handed out is judged from the definitions', () => {
  it.each([
    [{ name: 'levels' }, 'electricity_pricing', 0.6],
    [{ name: 'circle' }, 'hour_cos', 0.7],
    [{ name: 'night' }, 'direct_solar_irradiance', 0.1],
    [{ name: 'box', limits: { load: { high: 3 } } }, 'non_shiftable_load', 0.6],
    [{ name: 'energy' }, 'net_electricity_consumption', 0.6],
    [{ name: 'budget', steps: 0 }, 'electrical_storage_soc', 0.51],
  ] as const)('%j names lane, feature and rule', (spec, feature, value) => {
    const set = smallSet(wide, [spec]);
    const x = new Float32Array(2 * size).fill(0.5);
    const price = at('electricity_pricing');
    const lit = at('direct_solar_irradiance');
    for (const lane of [0, size]) {
      x[lane + price] = Math.fround((0.3 - 0.2) / (0.5 - 0.2));
      x[lane + lit] = 0;
      x[lane] = 1; // midnight
    }
    set.around(x, 2, wide);
    const out = x.slice();
    out[size + at(feature)] = value;
    expect(() => set.settle(x, out, 2)).toThrow(BudgetError);
    expect(() => set.settle(x, out, 2)).toThrow(
      new RegExp(`lane 1, feature '${feature}'.*breaks the constraint '${spec.name}'`),
    );
    expect(() => set.settle(x, x.slice(), 2)).not.toThrow();
  });

  it('lanes are the same at every step', () => {
    const { set } = show([{ name: 'rate', limits: { load: 1 } }], still(1), () => 0);
    expect(() => set.around(new Float32Array(2 * size), 2, wide)).toThrow(ShapeError);
  });
});

describe('a constraint list', () => {
  const features = smallFeatures;
  const victim = referenceVictim(randomNetwork(rng(1), [size, 6, 20]), heads.categorical);
  const open = (
    constraints: readonly object[],
    { plant, apart }: { plant?: typeof smallPlant; apart?: boolean } = {},
  ) => {
    const threat = threatModel({ constraints }, features);
    return attackEngine({ attack: attacks.none.make({}), threat, victim, features, plant, apart });
  };

  it.each([
    [{ name: 'rates' }, ConfigError, /rate/],
    [{ name: 'rate', limit: {} }, ConfigError, /did you mean 'limits'/],
    [{ name: 'rate', limits: { non_shiftable_laod: 1 } }, UnknownNameError, /Did you mean 'non_shiftable_load'/],
    [{ name: 'rate', limits: { load: -1 } }, ConfigError, /load/],
    [{ name: 'box', limits: { tim: {} } }, UnknownNameError, /Did you mean 'time'/],
    [{ name: 'box', limits: { load: { low: 2, high: 1 } } }, ConfigError, /low 2 above high 1/],
    [{ name: 'levels', features: ['prices'] }, UnknownNameError, /Did you mean 'price'/],
    [{ name: 'levels', features: ['load'] }, ConfigError, /'non_shiftable_load' is no series of the data/],
    [{ name: 'circle', pairs: ['hours'] }, UnknownNameError, /Did you mean 'hour'/],
    [{ name: 'budget', of: 3 }, ConfigError, /of is 3, but steps is not given/],
    [{ name: 'budget', steps: 4, of: 3 }, ConfigError, /4 steps of any 3/],
    [{ name: 'physical', without: ['soccer'] }, ConfigError, /soc/],
  ] as const)('refuses %j', (spec, error, message) => {
    expect(() => open([spec], { plant: smallPlant })).toThrow(error);
    expect(() => open([spec], { plant: smallPlant })).toThrow(message);
  });

  it.each([
    [{ name: 'levels' }, /data behind 'electricity_pricing' are not known here, so give its values/],
    [{ name: 'rate' }, /give limits by feature/],
    [{ name: 'soc' }, /no battery, or it is not known here/],
    [{ name: 'energy' }, /battery is not known here/],
    [{ name: 'rate', limits: { load: 1 } }, /rate remembers what was shown before.*use it in an evaluation/],
    [{ name: 'forecast' }, /forecast remembers/],
    [{ name: 'budget', steps: 3 }, /budget remembers/],
    [{ name: 'physical' }, /forecast remembers/],
  ] as const)('refuses %j for recorded rows', (spec, message) => {
    expect(() => open([spec], { apart: true })).toThrow(ConfigError);
    expect(() => open([spec], { apart: true })).toThrow(message);
  });

  it('takes what reads a row alone for recorded rows', () => {
    const engine = open(
      [
        { name: 'levels', values: [0.2, 0.3, 0.5] },
        { name: 'night' },
        { name: 'circle' },
        { name: 'night', features: ['load'] },
      ],
      { apart: true },
    );
    const x = still(1)[0]!;
    engine.perturb(x, 1, 0, [rng(0)], new Float32Array(size));
    expect(engine.verdict.constraints.map(({ name }) => name)).toEqual(['levels', 'night', 'circle', 'night 2']);
  });

  it('is not made where it is not asked for', () => {
    expect(threatModel({}, features).constraints).toBeUndefined();
    expect(open([]).verdict.constraints).toEqual([]);
  });

  it('calls rules of one name apart in the verdict', () => {
    const engine = open([{ name: 'night' }, { name: 'night', features: ['load'] }]);
    const x = still(1)[0]!.fill(0, 4, 6);
    engine.perturb(x, 1, 0, [rng(0)], new Float32Array(size));
    expect(engine.verdict.constraints.map(({ name }) => name)).toEqual(['night', 'night 2']);
    expect(engine.verdict.constraints.map(({ bound }) => bound[0])).toEqual([1, 1]);
  });
});
