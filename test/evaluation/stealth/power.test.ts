import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { powerAgainstBudget } from '../../../evaluation/stealth/power.ts';
import type { PowerPoint } from '../../../evaluation/stealth/power.ts';
import { cleanSteps } from '../../support/clean-steps.ts';

const clean = cleanSteps(196);
const size = clean.features.length;

/** Every feature but the calendar moves by ε, up or down. */
function noisy(epsilon: number) {
  const stream = rng(3);
  const observation = clean.observation.map((value, i) =>
    i % size < 6 ? value : Math.min(1, Math.max(0, value + (stream.uniform() < 0.5 ? epsilon : -epsilon))),
  );
  return { observation, action: clean.action };
}

describe('detection power against budget', { timeout: 120_000 }, () => {
  const detectors = ['energy-balance', 'mahalanobis', 'z-score'].map((name) => ({ name, config: {} }));
  const run = (epsilons: readonly number[]): readonly PowerPoint[] => {
    const work = powerAgainstBudget({ clean, epsilons, shown: noisy, detectors, permutations: 199, rng: rng(1) });
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      expect(value).toBeLessThanOrEqual(1);
    }
  };

  it('grows with the budget, at false alarms that the level allows', () => {
    const table = run([0, 0.02, 0.1]);
    const by = (name: string): readonly PowerPoint[] => table.filter((point) => point.by === name);
    for (const name of ['energy-balance', 'mahalanobis', 'mmd-differences']) {
      const powers = by(name).map(({ power }) => power);
      expect(powers.toSorted((a, b) => a - b)).toEqual(powers);
      expect(powers[2]).toBeGreaterThan(0.9);
    }
    for (const { epsilon, power, falseAlarms, interval, by: name } of table) {
      expect(interval.low).toBeLessThanOrEqual(power);
      expect(interval.high).toBeGreaterThanOrEqual(power);
      // Nothing was changed: what is found is a false alarm, and rarer than its level allows with 97.5 %.
      if (epsilon === 0) expect(power).toBe(falseAlarms);
      if (epsilon === 0 && name.startsWith('mmd')) expect(interval.low).toBeLessThanOrEqual(0.05);
    }
    // What pairing does: the published test is blind to what the same rows tell an honest one.
    expect(by('mmd-published').map(({ power }) => power)).toEqual([0, 0, 0]);
    expect(by('z-score')[1]!.power).toBeLessThan(0.3);
  });

  it('needs a window of days', () => {
    expect(() =>
      powerAgainstBudget({ clean, epsilons: [], shown: noisy, detectors: [], windowDays: 300, rng: rng(1) }).next(),
    ).toThrow(ConfigError);
  });
});
