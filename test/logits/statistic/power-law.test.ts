import { expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { cdfExponent } from '../../../logits/statistic/cdf-exponent.ts';
import { powerLawFit } from '../../../logits/statistic/power-law-fit.ts';

const epsilon = Array.from({ length: 13 }, (_, i) => 10 ** (-3 + i / 4));

it('finds the law that points were made of', () => {
  const fit = powerLawFit(epsilon, epsilon.map((x) => 0.4 * x ** 1.5)); // prettier-ignore
  expect(fit.exponent).toBeCloseTo(1.5, 12);
  expect(fit.coefficient).toBeCloseTo(0.4, 12);
  expect(fit.standardError).toBeCloseTo(0, 7);
  expect(fit.r2).toBeCloseTo(1, 12);
  expect(fit.points).toBe(13);
});

it('leaves out noise below, saturation above, and what has no logarithm', () => {
  const y = epsilon.map((x) => Math.min(0.6, 0.4 * x) + (x < 0.004 ? 0.01 : 0));
  const fit = powerLawFit([0, ...epsilon], [0.05, ...y], { above: 0.012, below: 0.3 });
  expect(fit.exponent).toBeCloseTo(1, 12);
  expect(fit.points).toBe(epsilon.filter((x) => 0.4 * x > 0.012 && 0.4 * x < 0.3).length);
});

it('has the standard error of linear regression', () => {
  // ln y = 1, 2, 2 at ln x = 0, 1, 2: slope 1/2, residuals −1/6, 1/3, −1/6.
  const fit = powerLawFit([0, 1, 2].map(Math.exp), [1, 2, 2].map(Math.exp));
  expect(fit.exponent).toBeCloseTo(0.5, 12);
  expect(fit.standardError).toBeCloseTo(Math.sqrt(1 / 6 / 2), 12);
  expect(fit.r2).toBeCloseTo(0.75, 12);
});

it('says NaN where there is nothing to fit', () => {
  expect(powerLawFit([1], [1])).toMatchObject({ exponent: NaN, points: 1 });
  expect(powerLawFit([], [])).toMatchObject({ exponent: NaN, points: 0 });
  expect(() => powerLawFit([1], [])).toThrow(ShapeError);
});

/** P(Δ_1j < δ) of ten iid uniform logits: Δ_1j is distributed as Beta(j − 1, 12 − j), whose distribution function is a binomial tail. */
function fallsBehind(j: number, delta: number): number {
  let below = 0;
  let ways = 1; // C(10, i)
  for (let i = 0; i < j - 1; i++) {
    below += ways * delta ** i * (1 - delta) ** (10 - i);
    ways *= (10 - i) / (i + 1);
  }
  return 1 - below;
}

// Exponents that 20 000 samples gave the study of the paper (../shared/specs/logit-methods.md 2.1, last row): j − 1 but for the quantiles.
it.each([
  [2, 1],
  [3, 1.98],
  [4, 2.84],
])('the %i-th largest of iid uniform logits falls behind with exponent %d', (j, exponent) => {
  const n = 4000;
  const quantiles = Array.from({ length: n }, (_, i) => {
    let [low, high] = [0, 1];
    for (let halving = 0; halving < 50; halving++) {
      const middle = (low + high) / 2;
      if (fallsBehind(j, middle) < (i + 1) / n) low = middle;
      else high = middle;
    }
    return high;
  });
  expect(Math.abs(cdfExponent(quantiles).exponent - exponent)).toBeLessThan(0.13);
});

it('fits between quantiles only', () => {
  const values = Array.from({ length: 1000 }, (_, i) => ((i + 1) / 1000) ** 0.5);
  const fit = cdfExponent(values, 0.01, 0.1);
  expect(fit.exponent).toBeCloseTo(2, 9);
  expect(fit.points).toBe(91);
  expect(cdfExponent([], 0.01, 0.1).points).toBe(0);
  expect(cdfExponent([0, 0, 1], 0, 1).points).toBe(1);
  expect(() => cdfExponent(values, 0.1, 0.1)).toThrow(ConfigError);
});
