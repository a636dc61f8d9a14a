import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConstraintSpec } from '../../../core/attack.ts';
import { rng } from '../../../core/rng.ts';
import { toPhysical } from '../../../core/space.ts';
import { at, smallFeatures, smallSet } from '../../support/constraint.ts';
import { threatOf } from '../../support/threat.ts';

const size = smallFeatures.length;
const unit = fc.float({ min: 0, max: 1, noNaN: true });
const row = fc.array(unit, { minLength: size, maxLength: size });
const epsilons = fc.array(fc.constantFrom(0, 0.02, 0.1, 0.4, 2), { minLength: size, maxLength: size });
/** Proposals far and near, and some that are not numbers or not finite. */
const proposal = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.double({ min: -2, max: 3, noNaN: true }) },
    fc.constantFrom(NaN, Infinity, -Infinity),
  ),
  { minLength: size, maxLength: size },
);
const turn = fc.constantFrom(...Array.from({ length: 24 }, (_, hour) => (2 * Math.PI * hour) / 24));

/** A clean row whose hour is one, and whose price is now and then off the tariff. */
const clean = fc.tuple(row, turn, fc.constantFrom(0.2, 0.3, 0.5, 0.37)).map(([values, angle, price]) => {
  const x = Float32Array.from(values);
  x[at('hour_cos')] = (1 + Math.cos(angle)) / 2;
  x[at('hour_sin')] = (1 + Math.sin(angle)) / 2;
  x[at('electricity_pricing')] = (price - 0.2) / (0.5 - 0.2);
  return x;
});

const lists: Record<string, readonly ConstraintSpec[]> = {
  box: [
    {
      name: 'box',
      limits: { outdoor_dry_bulb_temperature: { low: 0, high: 20 }, load: { high: 3 } },
      units: 'physical',
    },
  ],
  night: [{ name: 'night' }],
  circle: [{ name: 'circle' }],
  'whole circle': [{ name: 'circle', whole: true }],
  levels: [{ name: 'levels' }],
  energy: [{ name: 'energy' }],
  'energy, exact': [{ name: 'energy', tolerance: 0 }],
  'estimator, exact': [{ name: 'estimator' }],
  'estimator, a main meter that is protected': [{ name: 'estimator', protected: ['net_electricity_consumption'] }],
  'estimator, within a tolerance, beside others': [
    { name: 'estimator', tolerance: 4 },
    { name: 'night' },
    { name: 'box', limits: { net: { high: 4 } }, units: 'physical' },
  ],
  'everything of a row': [
    { name: 'energy', tolerance: 0.3 },
    { name: 'levels' },
    { name: 'night' },
    { name: 'circle' },
    { name: 'box', limits: { net: { high: 4 } }, units: 'physical' },
  ],
  'sum, L2': [{ name: 'budget', distortion: 0.3, norm: 'l2' }],
  'sum, L1': [
    { name: 'budget', distortion: 0.3, norm: 'l1' },
    { name: 'energy', tolerance: 0.2 },
  ],
  'sum, L2, of everything': [
    { name: 'budget', distortion: 0.3, norm: 'l2' },
    { name: 'levels' },
    { name: 'circle' },
    { name: 'energy' },
  ],
};
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe.each(Object.entries(lists))('the projection on %s', (_name, specs) => {
  const given = { x: clean, epsilon: epsilons, point: proposal };

  it('is in the threat set and keeps the rules, whatever was proposed; masked numbers to the bit', () => {
    fc.assert(
      fc.property(fc.record(given), ({ x, epsilon, point }) => {
        const threat = threatOf(epsilon);
        const set = smallSet(threat, specs);
        set.around(x, 1, threat);
        const out = Float32Array.from(point);
        const notNumbers = set.project(out);
        expect(notNumbers).toBe(point.filter((value) => Number.isNaN(value)).length);
        const [low, high] = [new Float32Array(size), new Float32Array(size)];
        set.bounds(low, high);
        out.forEach((value, j) => {
          expect(Math.abs(value - x[j]!)).toBeLessThanOrEqual(threat.epsilon[j]!);
          expect(value >= low[j]! && value <= high[j]!).toBe(true);
          if (epsilon[j] === 0) expect(bits(out)[j]).toBe(bits(x)[j]);
        });
        set.settle(x, out, 1); // throws where a rule is broken
        expect(set.verdicts.every(({ gaveWay }) => gaveWay[0] === 0)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves alone what is inside: twice is once', () => {
    fc.assert(
      fc.property(fc.record(given), ({ x, epsilon, point }) => {
        const threat = threatOf(epsilon);
        const set = smallSet(threat, specs);
        set.around(x, 1, threat);
        const out = Float32Array.from(point);
        set.project(out);
        const again = out.slice();
        set.project(again);
        expect(bits(again)).toEqual(bits(out));
        const still = x.slice();
        set.project(still);
        expect(bits(still)).toEqual(bits(x)); // the truth is inside
      }),
      { numRuns: 100 },
    );
  });

  it('draws from the set, and does not see how rows are batched', () => {
    fc.assert(
      fc.property(fc.array(fc.record(given), { minLength: 2, maxLength: 4 }), fc.nat(1000), (rows, seed) => {
        const threat = threatOf(rows[0]!.epsilon);
        const set = smallSet(threat, specs);
        const x = Float32Array.from(rows.flatMap((one) => [...one.x]));
        set.around(x, rows.length, threat);
        const drawn = new Float64Array(x.length);
        rows.forEach((_, r) => set.sample(r, rng(seed).split(r), drawn));
        const out = Float32Array.from(drawn);
        set.project(out);
        const together = Float64Array.from(rows.flatMap((one) => one.point));
        set.project(together);
        // Only the last row, as a search asks when the others have come to rest.
        const last = Float64Array.from(rows.at(-1)!.point);
        set.project(last, 1, Int32Array.of(rows.length - 1));
        expect([...last]).toEqual([...together.subarray((rows.length - 1) * size)]);
        const alone = smallSet(threat, specs);
        alone.around(rows.at(-1)!.x, 1, threat);
        const single = Float64Array.from(rows.at(-1)!.point);
        alone.project(single);
        expect([...single]).toEqual([...last]);
        set.settle(x, out, rows.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(['l2', 'l1', 'l0'] as const)('within a ball of norm %s', (norm) => {
  const specs = lists['everything of a row']!;
  const given = { x: clean, epsilon: epsilons, point: proposal };

  it('is in the ball and keeps the rules; twice is once; masked numbers to the bit', () => {
    fc.assert(
      fc.property(fc.record(given), fc.nat(1000), ({ x, epsilon, point }, seed) => {
        const threat = { ...threatOf(epsilon), norm, ...(norm === 'l0' ? { sensors: 3 } : {}) };
        const set = smallSet(threat, specs);
        set.around(x, 1, threat);
        const drawn = new Float64Array(size);
        set.sample(0, rng(seed), drawn);
        for (const proposed of [Float32Array.from(point), Float32Array.from(drawn)]) {
          set.project(proposed);
          const share = [...proposed].map((value, j) => {
            const change = Math.abs(value - x[j]!);
            if (epsilon[j] === 0) expect(bits(proposed)[j]).toBe(bits(x)[j]);
            return change === 0 ? 0 : change / threat.epsilon[j]!;
          });
          const length = {
            l2: Math.hypot(...share),
            l1: share.reduce((sum, one) => sum + one, 0),
            l0: share.filter((one) => one > 0).length / 3,
          }[norm];
          expect(length).toBeLessThanOrEqual(1 + 1e-12);
          expect(Math.max(...share)).toBeLessThanOrEqual(1 + 1e-12);
          const again = proposed.slice();
          set.project(again);
          expect(bits(again)).toEqual(bits(proposed));
          set.settle(x, proposed, 1);
          expect(set.verdicts.every(({ gaveWay }) => gaveWay[0] === 0)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('uses the room there is: far proposals move a number or more, unless the rules hold all', () => {
    const threat = { ...threatOf(new Float32Array(size).fill(0.2)), norm, ...(norm === 'l0' ? { sensors: 3 } : {}) };
    const stream = rng(3);
    let moved = 0;
    for (let trial = 0; trial < 50; trial++) {
      const x = Float32Array.from({ length: size }, () => 0.3 + 0.4 * stream.uniform());
      const set = smallSet(threat, specs);
      set.around(x, 1, threat);
      const out = Float32Array.from({ length: size }, () => (stream.uniform() < 0.5 ? -1 : 2));
      set.project(out);
      if (out.some((value, j) => Math.abs(value - x[j]!) > 0.03)) moved++;
    }
    expect(moved).toBeGreaterThan(45);
  });
});

/**
 * p is the nearest point of a convex set to v if and only if ⟨v − p, y − p⟩ ≤ 0 for every y in the set: no solver is needed to know it.
 * Points y are drawn by rejection from the definition alone.
 */
describe('is the nearest point where the set is convex', () => {
  const names = ['net_electricity_consumption', 'non_shiftable_load', 'solar_generation'];
  const [net, load, solar] = names.map(at) as [number, number, number];
  const balance = (values: ArrayLike<number>): number =>
    toPhysical(smallFeatures[net]!, values[net]!) -
    toPhysical(smallFeatures[load]!, values[load]!) +
    toPhysical(smallFeatures[solar]!, values[solar]!);

  it.each([
    ['a box and a band', [{ name: 'energy', tolerance: 0.2 }], Infinity],
    [
      'a box, a band and an L2 ball',
      [
        { name: 'energy', tolerance: 0.2 },
        { name: 'budget', distortion: 0.15, norm: 'l2' },
      ],
      0.15,
    ],
    ['a box and an L1 ball', [{ name: 'budget', distortion: 0.15, norm: 'l1' }], 0.15],
  ] as const)('%s', (title, specs, radius) => {
    const banded = specs.some(({ name }) => name === 'energy');
    fc.assert(
      fc.property(clean, proposal, fc.nat(1e6), (x, point, seed) => {
        const threat = threatOf(new Float32Array(size).fill(0.1));
        const set = smallSet(threat, specs);
        set.around(x, 1, threat);
        const v = Float64Array.from(point, (value, j) => (Number.isFinite(value) ? value : x[j]!));
        const p = v.slice();
        set.project(p);
        const stream = rng(seed);
        const error = balance(x);
        for (let draw = 0; draw < 200; draw++) {
          // Near the projection as well as anywhere in the box; then drawn towards the truth until it is inside.
          const y = Float64Array.from(x, (value, j) => {
            const wanted =
              draw % 2 === 0 ? value + 0.1 * (2 * stream.uniform() - 1) : p[j]! + 0.02 * (2 * stream.uniform() - 1);
            return Math.min(Math.max(wanted, value - 0.1, Math.min(0, value)), value + 0.1, Math.max(1, value));
          });
          const insideOf = (values: Float64Array): boolean => {
            const lengths = values.map((value, j) => Math.abs(value - x[j]!));
            const length = title.includes('L1') ? lengths.reduce((sum, one) => sum + one, 0) : Math.hypot(...lengths);
            const off = balance(values);
            return length <= radius && (!banded || (off >= Math.min(-0.2, error) && off <= Math.max(0.2, error)));
          };
          for (let halving = 0; halving < 40 && !insideOf(y); halving++)
            y.forEach((value, j) => (y[j] = x[j]! + 0.7 * (value - x[j]!)));
          let product = 0;
          for (let j = 0; j < size; j++) product += (v[j]! - p[j]!) * (y[j]! - p[j]!);
          expect(product).toBeLessThanOrEqual(1e-4);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of the circle and of the tariff too, which are not: nothing that was tried is nearer', () => {
    fc.assert(
      fc.property(clean, proposal, fc.constantFrom(0.05, 0.3, 2), fc.boolean(), (x, point, epsilon, whole) => {
        const threat = threatOf(new Float32Array(size).fill(epsilon));
        const set = smallSet(threat, [{ name: 'circle', whole }, { name: 'levels' }]);
        set.around(x, 1, threat);
        const v = Float64Array.from(point, (value, j) => (Number.isFinite(value) ? value : x[j]!));
        const p = v.slice();
        set.project(p);
        const reach = (j: number, value: number): boolean =>
          Math.abs(value - x[j]!) <= epsilon && value >= 0 && value <= 1;
        const price = at('electricity_pricing');
        const levels = [0.2, 0.3, 0.5]
          .map((level) => (level - 0.2) / (0.5 - 0.2))
          .filter((level) => reach(price, level));
        const nearest = Math.min(...[...levels, x[price]!].map((level) => Math.abs(level - v[price]!)));
        expect(Math.abs(p[price]! - v[price]!)).toBeCloseTo(nearest, 5);
        const [c, s] = [at('hour_cos'), at('hour_sin')];
        let least = Math.hypot(x[c]! - v[c]!, x[s]! - v[s]!);
        const angles = whole ? 24 : 20_000;
        for (let k = 0; k < angles; k++) {
          const angle = (2 * Math.PI * k) / angles;
          for (const radius of whole ? [1] : [0.999, 1.001]) {
            const [a, b] = [(1 + radius * Math.cos(angle)) / 2, (1 + radius * Math.sin(angle)) / 2];
            if (reach(c, a) && reach(s, b)) least = Math.min(least, Math.hypot(a - v[c]!, b - v[s]!));
          }
        }
        expect(Math.hypot(p[c]! - v[c]!, p[s]! - v[s]!)).toBeLessThanOrEqual(least + 1e-5);
      }),
      { numRuns: 60 },
    );
  });
});
