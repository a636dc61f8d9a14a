import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstOutside } from '../../../attacks/ball/outside.ts';
import { threatSet } from '../../../attacks/ball/threat-set.ts';
import type { Norm, ThreatModel } from '../../../core/attack.ts';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { exactlyNormWithin, exactlyWithin } from '../../support/exact.ts';
import { threatOf } from '../../support/threat.ts';

type Round = Exclude<Norm, 'linf'>;
const norms = ['l2', 'l1', 'l0'] as const satisfies readonly Round[];

const float = fc.float({ min: -2, max: 2, noNaN: true });
const epsilon = fc.oneof(
  fc.constantFrom(0, 0.05, 0.03, 0.00048, 0.00012, 1e-9, 1e-40, 3, 1e30),
  fc.float({ min: 0, max: 1, noNaN: true }),
);
const feature = fc.record({
  x: fc.oneof(float, fc.constantFrom(-0, 0, 1)),
  epsilon,
  proposal: fc.oneof(float, fc.double(), fc.constant(Number.NaN)),
});
const features = fc.array(feature, { minLength: 1, maxLength: 12 });
const sensors = fc.integer({ min: 1, max: 5 });

function setting(norm: Round, rows: readonly { x: number; epsilon: number }[], k: number): [Float32Array, ThreatModel] {
  const threat = { ...threatOf(rows.map((f) => f.epsilon)), norm, ...(norm === 'l0' ? { sensors: k } : {}) };
  return [Float32Array.from(rows, (f) => f.x), threat];
}

function projected(x: Float32Array, threat: ThreatModel, proposal: readonly number[]): Float64Array {
  const ball = threatSet(threat);
  const position = Float64Array.from(proposal);
  ball.around(x, 1, threat);
  ball.project(position);
  return position;
}

const bits = (values: Float64Array): BigUint64Array => new BigUint64Array(values.slice().buffer);

/** Squared distance in the scaled metric, over the features that may move. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>, { epsilon: e }: ThreatModel): number {
  let sum = 0;
  for (let j = 0; j < e.length; j++) if (e[j]! > 0) sum += ((a[j]! - b[j]!) / e[j]!) ** 2;
  return sum;
}

describe.each(norms)('projection on box ∩ %s ball', (norm) => {
  it('lands inside, in exact arithmetic, masked features to the bit', () => {
    fc.assert(
      fc.property(features, sensors, (rows, k) => {
        const [x, threat] = setting(norm, rows, k);
        const point = Float32Array.from(
          projected(
            x,
            threat,
            rows.map((f) => f.proposal),
          ),
        );
        expect(firstOutside(x, point, 1, threat)).toBe(-1);
        point.forEach((value, j) => {
          expect(exactlyWithin(value, x[j]!, threat.epsilon[j]!)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(Math.min(0, x[j]!));
          expect(value).toBeLessThanOrEqual(Math.max(1, x[j]!));
          if (threat.epsilon[j] === 0) expect(Object.is(value, x[j])).toBe(true);
        });
        if (norm === 'l0') expect(point.filter((value, j) => value !== x[j]).length).toBeLessThanOrEqual(k);
        else expect(exactlyNormWithin(norm, point, x, threat.epsilon)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is idempotent, to the bit', () => {
    fc.assert(
      fc.property(features, sensors, (rows, k) => {
        const [x, threat] = setting(norm, rows, k);
        const once = projected(
          x,
          threat,
          rows.map((f) => f.proposal),
        );
        expect(bits(projected(x, threat, [...once]))).toEqual(bits(once));
      }),
      { numRuns: 500 },
    );
  });

  it('is nearest, against a bisection of the multiplier or all sets of features', () => {
    const plain = fc.record({
      x: fc.float({ min: 0, max: 1, noNaN: true }),
      epsilon: fc.constantFrom(0, 0.05, 0.2, 1),
      proposal: fc.double({ min: -3, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 8 }), sensors, (rows, k) => {
        const [x, threat] = setting(norm, rows, k);
        const wished = rows.map((f) => f.proposal);
        const found = projected(x, threat, wished);
        const best = nearestByBisection(norm, x, threat, wished, k);
        expect(Math.sqrt(distance(found, wished, threat))).toBeLessThanOrEqual(
          Math.sqrt(distance(best, wished, threat)) + 3e-6, // rounding to float32, in units of the smallest epsilon
        );
      }),
      { numRuns: 300 },
    );
  });

  it('answers what is not a number with the clean value, and what is infinite with a point of the set', () => {
    const [x, threat] = setting(
      norm,
      [0.2, 0.4, 0.6].map((value) => ({ x: value, epsilon: 0.1 })),
      2,
    );
    const ball = threatSet(threat);
    ball.around(x, 1, threat);
    const point = Float64Array.of(Number.NaN, 0.42, Number.NaN);
    expect(ball.project(point)).toBe(2);
    expect([...point]).toEqual([x[0], 0.42, x[2]]);
    const far = Float64Array.of(Number.POSITIVE_INFINITY, 0.42, Number.NEGATIVE_INFINITY);
    ball.project(far);
    expect(firstOutside(x, Float32Array.from(far), 1, threat)).toBe(-1);
    expect(far[0]).toBeGreaterThan(0.24);
    expect(far[2]).toBeLessThan(0.56);
  });

  it('keeps each row to its own set, whatever rows are asked about', () => {
    const size = 4;
    const stream = rng(5);
    const x = Float32Array.from({ length: 3 * size }, () => stream.uniform());
    const threat: ThreatModel = { ...threatOf([0.1, 0.05, 0, 0.3]), norm, ...(norm === 'l0' ? { sensors: 2 } : {}) };
    const wished = Float64Array.from({ length: 3 * size }, () => 3 * stream.normal());
    const ball = threatSet(threat);
    ball.around(x, 3, threat);
    const all = wished.slice();
    ball.project(all);
    const some = Float64Array.of(...wished.subarray(2 * size), ...wished.subarray(0, size));
    ball.project(some, 2, Int32Array.of(2, 0));
    expect([...some]).toEqual([...all.subarray(2 * size), ...all.subarray(0, size)]);
  });

  it('samples its set, differently for each draw, and no masked feature', () => {
    const [x, threat] = setting(
      norm,
      [0.5, 0.99, 0.3, 0.1, 0.7].map((value, j) => ({ x: value, epsilon: j === 2 ? 0 : 0.1 })),
      2,
    );
    const ball = threatSet(threat);
    ball.around(x, 1, threat);
    let largest = 0;
    const draws = Array.from({ length: 3000 }, (_, i) => {
      const point = new Float64Array(5);
      ball.sample(0, rng(5).split(i), point);
      expect(firstOutside(x, Float32Array.from(point), 1, threat)).toBe(-1);
      largest = Math.max(largest, Math.sqrt(distance(point, x, threat)));
      return point;
    });
    expect(new Set(draws.map((d) => d[2])).size).toBe(1);
    expect(draws.reduce((sum, d) => sum + d[0]!, 0) / draws.length).toBeCloseTo(0.5, 2);
    expect(largest).toBeGreaterThan(0.9);
  });
});

/** Written from the conditions of optimality, feature by feature, with a hundred halvings of the multiplier. */
function nearestByBisection(
  norm: Round,
  x: Float32Array,
  threat: ThreatModel,
  wished: readonly number[],
  k: number,
): number[] {
  const { epsilon: e } = threat;
  const free = wished.map((_, j) => j).filter((j) => e[j]! > 0);
  const ends = (j: number): [number, number] => [Math.max(-1, (0 - x[j]!) / e[j]!), Math.min(1, (1 - x[j]!) / e[j]!)];
  const clip = (j: number, d: number): number => Math.min(ends(j)[1], Math.max(ends(j)[0], d));
  const wish = (j: number): number => (wished[j]! - x[j]!) / e[j]!;
  const toPoint = (d: (j: number) => number): number[] =>
    wished.map((_, j) => (e[j]! > 0 ? x[j]! + e[j]! * d(j) : x[j]!));
  if (norm === 'l0') {
    let best = [...x];
    for (let set = 0; set < 1 << free.length; set++) {
      const chosen = new Set(free.filter((_, bit) => (set >> bit) & 1));
      if (chosen.size > k) continue;
      const point = toPoint((j) => (chosen.has(j) ? clip(j, wish(j)) : 0));
      if (distance(point, wished, threat) < distance(best, wished, threat)) best = point;
    }
    return best;
  }
  const at = (multiplier: number) => (j: number) =>
    norm === 'l2'
      ? clip(j, wish(j) / (1 + multiplier))
      : clip(j, Math.sign(wish(j)) * Math.max(0, Math.abs(wish(j)) - multiplier));
  const size = (multiplier: number): number =>
    free.reduce((sum, j) => sum + Math.abs(at(multiplier)(j)) ** (norm === 'l2' ? 2 : 1), 0);
  let [low, high] = [0, 1e6];
  if (size(0) <= 1) return toPoint(at(0));
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (size(middle) > 1) low = middle;
    else high = middle;
  }
  return toPoint(at(high));
}

it('the judge finds rows whose features are inside one by one, but not together', () => {
  const x = Float32Array.of(0.5, 0.5, 0.5);
  const threat = threatOf([0.1, 0.1, 0.1]);
  const corner = Float32Array.of(0.58, 0.57, 0.5);
  expect(firstOutside(x, corner, 1, threat)).toBe(-1);
  expect(firstOutside(x, corner, 1, { ...threat, norm: 'l2' })).toBe(0);
  expect(firstOutside(x, corner, 1, { ...threat, norm: 'l1' })).toBe(0);
  expect(firstOutside(x, corner, 1, { ...threat, norm: 'l0', sensors: 1 })).toBe(0);
  expect(firstOutside(x, corner, 1, { ...threat, norm: 'l0', sensors: 2 })).toBe(-1);
});

it('refuses an L0 threat without a number of sensors', () => {
  const ball = threatSet({ norm: 'l0' });
  expect(() => ball.around(Float32Array.of(0.5), 1, { ...threatOf([0.1]), norm: 'l0' })).toThrow(ConfigError);
});
