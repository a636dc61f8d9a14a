import { describe, expect, it } from 'vitest';
import { exceeds, meanText, rankCorrelation } from '../../../evaluation/studies/seeds.ts';

describe('a claim over training seeds', () => {
  it.each([
    [[0.3, 0.2, 0.25, 0.3, 0.2], true],
    [[-0.3, -0.2, -0.25, -0.3, -0.2], false],
    [[0.3, -0.2, 0.25, -0.3, 0.2], null], // the interval holds 0
    [[0.1, 0.2, 0.3], true], // no interval, but all agree
    [[0.1, -0.2, 0.3], null],
    [[-0.1, -0.2], false],
    [[0.4], null],
    [[], null],
  ])('%j above 0: %s', (values, holds) => {
    expect(exceeds('c', values, 0, 'f').holds).toBe(holds);
  });

  it('shows the mean with its interval, or the seeds where there are too few', () => {
    expect(meanText([1, 2, 3, 4, 5], 2)).toBe('+3.00 [+1.04, +4.96]'); // 3 ± 2.776·√(2.5/5)
    expect(meanText([0.1, -0.3], 1)).toBe('-0.1 (+0.1, -0.3)');
    expect(meanText([0.5], 1)).toBe('+0.5');
    expect(meanText([])).toBe('–');
  });
});

describe('rank correlation', () => {
  it('is that of the ranks', () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 1000])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
    expect(rankCorrelation([1, 2, 3, 4, 5], [1, 2, 3, 5, 4])).toBeCloseTo(0.9, 12); // 1 − 6·2/(5·24)
    expect(rankCorrelation([1, 1, 2], [1, 2, 3])).toBeCloseTo(Math.sqrt(3) / 2, 12);
    expect(rankCorrelation([1, 2], [1, 2])).toBeNaN();
  });
});
