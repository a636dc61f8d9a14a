import { describe, expect, it } from 'vitest';
import { actionBins } from '../../agents/action-bins.ts';
import { normalizeOption, observationStatistics } from '../../agents/normalize-option.ts';
import { scheduled, scheduleOption } from '../../agents/schedule.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Box } from '../../core/space.ts';

describe('a schedule', () => {
  it('is a number, or falls linearly to 0', () => {
    const option = scheduleOption({ linear: 0.5 });
    expect(scheduled(option.parse(undefined), 0.25)).toBeCloseTo(0.375, 12);
    expect(scheduled(option.parse(undefined), 1)).toBe(0);
    expect([0, 0.5, 1].map((progress) => scheduled(option.parse(3), progress))).toEqual([3, 3, 3]);
  });

  it.each([0, -1, 'fast', { linear: 0 }, { exponential: 1 }, Number.NaN])('cannot be %j', (value) => {
    expect(scheduleOption(1).safeParse(value).success).toBe(false);
  });
});

describe('the option `normalize`', () => {
  it('is off by default, and VecNormalize’s defaults fill what is left open', () => {
    expect(observationStatistics(normalizeOption.parse(undefined), 3)).toBeUndefined();
    const option = normalizeOption.parse({});
    expect(option).toEqual({ norm_obs: true, clip_obs: 10, epsilon: 1e-8 });
    const statistics = observationStatistics(option, 2)!;
    statistics.observe(Float32Array.of(1, 10, 3, 30), 2);
    const { mean, variance, clip } = statistics.freeze();
    expect(mean[0]).toBeCloseTo(2, 3);
    expect(variance[1]).toBeCloseTo(100, 1);
    expect(clip).toBe(10);
  });
});

describe('action bins', () => {
  const space = (...names: string[]): Box => ({
    kind: 'box',
    features: names.map((name) => ({ name, unit: 'kW', low: -2, high: 4 })),
  });

  it('are evenly spaced, both ends included', () => {
    expect(actionBins('dqn', space('a'), 4)).toEqual([-2, 0, 2, 4]);
  });

  it('need one component', () => {
    expect(() => actionBins('dqn', space('a', 'b'), 4)).toThrow(ConfigError);
    expect(() => actionBins('dqn', space(), 4)).toThrow(/dqn: the environment has 0 action components, expected 1/);
  });
});
