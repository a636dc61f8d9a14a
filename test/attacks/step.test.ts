import { expect, it } from 'vitest';
import { constant, cosine, halving, relative } from '../../attacks/step/schedule.ts';

const sizes = (schedule: { at(k: number, steps: number): number }, steps = 100): number[] =>
  Array.from({ length: steps }, (_, k) => schedule.at(k, steps));

it('halves as the paper does: at k = 0 already, path length 0.24375', () => {
  const paper = sizes(halving(0.01));
  expect(paper[0]).toBe(0.01);
  expect(new Set(paper.slice(1, 26))).toEqual(new Set([0.005]));
  expect(new Set(paper.slice(26, 51))).toEqual(new Set([0.0025]));
  expect(new Set(paper.slice(51, 76))).toEqual(new Set([0.00125]));
  expect(new Set(paper.slice(76))).toEqual(new Set([0.000625]));
  expect(paper.reduce((sum, size) => sum + size, 0)).toBeCloseTo(0.24375, 12);
});

it('crosses the ball in epsilons, or steps in normalised units', () => {
  expect(relative(2.5).unit).toBe('epsilon');
  expect(sizes(relative(2.5)).reduce((sum, size) => sum + size, 0)).toBeCloseTo(2.5, 12);
  expect(sizes(cosine(1), 4)).toEqual([1, (1 + Math.SQRT1_2) / 2, 0.5, expect.closeTo((1 - Math.SQRT1_2) / 2, 12)]);
  expect(constant(0.01)).toMatchObject({ unit: 'normalised' });
  expect(new Set(sizes(constant(0.01)))).toEqual(new Set([0.01]));
});
