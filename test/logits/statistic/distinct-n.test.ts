import { expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { distinctN, diversity } from '../../../logits/statistic/distinct-n.ts';
import { truthRatio } from '../../../logits/statistic/truth-ratio.ts';

it('counts n-grams within sequences, words or numbers', () => {
  const lines = ['the bus trips', 'the bus trips again'].map((line) => line.split(' '));
  expect(distinctN(lines, 1)).toBe(4 / 7);
  expect(distinctN(lines, 2)).toBe(3 / 5); // not "trips the"
  expect(distinctN(lines, 3)).toBe(2 / 3);
  expect(distinctN([[1, 2, 1, 2]], 2)).toBe(2 / 3);
  expect(diversity(lines)).toBeCloseTo((3 / 5) * (2 / 3) * 1, 12);
});

it('takes tokens as they are, with separators in them', () => {
  expect(distinctN([['a,b', 'c'], ['a', 'b,c']], 2)).toBe(1); // prettier-ignore
  expect(distinctN([['1', 1]], 1)).toBe(1);
});

it('has no value without n-grams, and no n below 1', () => {
  expect(distinctN([['a']], 2)).toBeNaN();
  expect(() => distinctN([['a']], 0)).toThrow(ShapeError);
  expect(() => truthRatio(1, [])).toThrow(ShapeError);
});
