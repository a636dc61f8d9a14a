import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonFiniteError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { ks2 } from '../../../logits/statistic/ks2.ts';

const sample = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 });
const cdf = (x: readonly number[], at: number): number => x.filter((v) => v <= at).length / x.length;
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...[...a, ...b].map((at) => Math.abs(cdf(a, at) - cdf(b, at))));

/** Share of all ways to deal 0 … n+m−1 into hands of n and m whose distance is at least d. */
function dealt(n: number, m: number, d: number): number {
  let all = 0;
  let far = 0;
  for (let hand = 0; hand < 2 ** (n + m); hand++) {
    const a: number[] = [];
    const b: number[] = [];
    for (let card = 0; card < n + m; card++) ((hand >> card) & 1 ? a : b).push(card);
    if (a.length !== n) continue;
    all++;
    if (distance(a, b) > d - 1e-9) far++;
  }
  return far / all;
}

describe('ks2', () => {
  it('has the distance of the distribution functions, ties or not', () =>
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        expect(ks2(a, b).statistic).toBeCloseTo(distance(a, b), 12);
      }),
    ));

  it('has the p that counting all deals gives', () =>
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { statistic, pValue } = ks2(a, b);
        expect(pValue).toBeCloseTo(dealt(a.length, b.length, statistic), 10);
      }),
      { numRuns: 30 },
    ));

  it('keeps the digits of a small p: two samples apart are dealt so in 2 of C(2n, n) ways', () => {
    const n = 60;
    const low = Array.from({ length: n }, (_, i) => i);
    let ways = 1;
    for (let i = 1; i <= n; i++) ways = (ways * (n + i)) / i;
    const { pValue, exact } = ks2(low, low.map((v) => v + n)); // prettier-ignore
    expect(exact).toBe(true);
    expect(pValue / (2 / ways)).toBeCloseTo(1, 9);
  });

  it('goes over to the limit law without a step', () => {
    const random = rng(4);
    const normal = (count: number, shift: number): number[] =>
      Array.from({ length: count }, () => random.normal() + shift);
    const [a, b] = [normal(100, 0), normal(100, 0.2)];
    const exact = ks2(a, b);
    // One value more: beyond 10 000, with nearly the same distance.
    const limit = ks2([...a, a[0]!], b);
    expect([exact.exact, limit.exact]).toEqual([true, false]);
    expect(Math.abs(limit.pValue - exact.pValue)).toBeLessThan(0.03);
    const same = Array.from({ length: 200 }, (_, i) => i);
    expect(ks2(same, same)).toEqual({ statistic: 0, pValue: 1, exact: false });
    expect(ks2(same, same.map((v) => v + 1000)).pValue).toBeLessThan(1e-80); // prettier-ignore
  });

  it('is as often below 0.1 as that says, on samples of one distribution', () => {
    const random = rng(9);
    const normal = (): number[] => Array.from({ length: 20 }, () => random.normal());
    const below = Array.from({ length: 1000 }, () => ks2(normal(), normal()).pValue).filter((p) => p <= 0.1).length;
    expect(below).toBeGreaterThan(50);
    expect(below).toBeLessThanOrEqual(130); // discrete, so at most a tenth
  });

  it('refuses an empty sample and NaN', () => {
    expect(() => ks2([], [1])).toThrow(ShapeError);
    expect(() => ks2([1, NaN], [1])).toThrow(NonFiniteError);
  });
});
