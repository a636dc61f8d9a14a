import { describe, expect, it } from 'vitest';
import { duration, pace } from '../../cli/pace.ts';

describe('pace', () => {
  it('is what was done over the time it took', () => {
    const own = pace(1000, 0, 10);
    expect([own.perSecond, own.secondsLeft]).toEqual([undefined, undefined]);
    own.update(100, 12);
    expect([own.perSecond, own.secondsLeft]).toEqual([50, 18]);
  });

  it('does not count what an earlier run did', () => {
    const own = pace(1000, 900, 0);
    own.update(910, 10);
    expect([own.perSecond, own.secondsLeft]).toEqual([1, 90]);
  });

  it('forgets a quick beginning after the window', () => {
    const own = pace(10_000, 0, 0, 10);
    own.update(5000, 1); // before the learner begins to learn
    for (let second = 2; second <= 30; second++) own.update(5000 + 10 * (second - 1), second);
    expect(own.perSecond).toBeCloseTo(10, 9);
    expect(own.secondsLeft).toBeCloseTo((5000 - 290) / 10, 9);
  });

  it('keeps few samples of many updates and is as right', () => {
    const own = pace(1e6, 0, 0, 10);
    for (let i = 1; i <= 100_000; i++) own.update(i, i / 1000);
    expect(own.perSecond).toBeCloseTo(1000, 6);
  });

  it('has nothing left when more is done than was planned', () => {
    const own = pace(100, 0, 0);
    own.update(120, 1);
    expect(own.secondsLeft).toBe(0);
  });
});

describe('duration', () => {
  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.7, '1 min 00 s'],
    [185, '3 min 05 s'],
    [3600, '1 h 00 min'],
    [7659, '2 h 07 min'],
    [273_600, '3 d 04 h'],
  ])('%d s is %s', (seconds, text) => expect(duration(seconds)).toBe(text));
});
