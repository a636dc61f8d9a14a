import { describe, expect, it } from 'vitest';
import type { CleanSteps, Watch } from '../../../core/detector.ts';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { alarmsPerMonth, dailyPeaks, threshold } from '../../../defenses/detector/calibration.ts';
import { detectors } from '../../../defenses/detector/index.ts';
import type { DetectorName } from '../../../defenses/detector/index.ts';
import { piecewiseLinear } from '../../../defenses/detector/piecewise-linear.ts';
import { cleanSteps } from '../../support/clean-steps.ts';

const clean = cleanSteps(196);
const size = clean.features.length;
const at = (name: string): number => clean.features.findIndex((feature) => feature.name === name);
const names = Object.keys(detectors) as DetectorName[];

/** Scores of the rows, which a change may replace, as a lane's watch gives them in order. */
function play(name: DetectorName, change?: (row: Float32Array, t: number) => void, config: object = {}): Float64Array {
  const watch = detectors[name].make(config).fit(clean).watch();
  return Float64Array.from({ length: clean.steps }, (_, t) => {
    const row = clean.observation.slice(t * size, (t + 1) * size);
    change?.(row, t);
    const score = watch.score(row, 0);
    watch.push(row, 0, clean.action, t);
    return score;
  });
}

const heldOut = Array.from({ length: 196 }, (_, day) => day).filter((day) => clean.learn[day * 24] === 0 && day > 7);
const peaks = (scores: Float64Array): Float64Array => dailyPeaks({ scores, stepsPerDay: 24, days: heldOut });

/** A watch that has seen `steps` rows, noise on them. */
function onDuty(name: DetectorName, steps: number, config: object = {}): Watch {
  const watch = detectors[name].make(config).fit(clean).watch();
  const stream = rng(3);
  for (let t = 0; t < steps; t++) {
    const row = clean.observation.slice(t * size, (t + 1) * size).map((v) => v + 0.02 * (stream.uniform() - 0.5));
    watch.push(row, 0, clean.action, t);
  }
  return watch;
}

describe.each(names.map((name) => [name] as const))('%s', (name) => {
  it.each([10, 300, 1017])('has the gradient of its score after %i steps', (steps) => {
    const config = name === 'cusum' || name === 'ewma' ? { residual: 'forecast-consistency', cap: 1e9 } : {};
    const watch = onDuty(name, steps, name === 'ewma' ? { residual: 'soc-balance' } : config);
    const stream = rng(steps);
    const x = clean.observation.slice(steps * size, (steps + 1) * size).map((v) => v + 0.04 * (stream.uniform() - 0.5));
    const gradient = new Float32Array(2 * size).fill(7);
    const score = watch.score(x, 0, gradient, size);
    expect(watch.score(x, 0)).toBeCloseTo(score, 9); // asking changes nothing
    expect([...gradient.subarray(0, size)]).toEqual(Array.from({ length: size }, () => 7));
    const wide = 2e-4;
    for (let j = 0; j < size; j++) {
      const moved = (by: number): number => watch.score(x.with(j, x[j]! + by), 0);
      const [up, down] = [moved(wide), moved(-wide)];
      const real = x.with(j, x[j]! + wide)[j]! - x.with(j, x[j]! - wide)[j]!;
      const expected = (up - down) / real;
      // A kink between the two points is no gradient's fault.
      if (Math.abs(up + down - 2 * score) > 1e-2 * Math.abs(up - down) + 1e-7) continue;
      expect(Math.abs(gradient[size + j]! - expected)).toBeLessThan(2e-2 * Math.max(0.02, Math.abs(expected)));
    }
  });

  it('scores clean rows the same whichever lane they are seen on, and says nothing that is not a number', () => {
    const scores = play(name);
    expect(scores.every(Number.isFinite)).toBe(true);
    expect(play(name)).toEqual(scores);
  });

  it('raises its peaks when every feature is moved by 5 %, up or down', () => {
    const stream = rng(9);
    const jump = (row: Float32Array): void => {
      for (let j = 6; j < size; j++)
        row[j] = Math.min(1, Math.max(0, row[j]! + (stream.uniform() < 0.5 ? 0.05 : -0.05)));
    };
    const limit = threshold(peaks(play(name)), 3);
    expect(alarmsPerMonth(peaks(play(name)), limit)).toBeLessThanOrEqual(3);
    const found = alarmsPerMonth(peaks(play(name, jump)), limit) / 30;
    // It sees next to nothing of this (docs/stealth.md), the others nearly every day.
    if (name === 'z-score') expect(found).toBeLessThan(0.2);
    else expect(found).toBeGreaterThan(name === 'soc-balance' ? 0.5 : 0.8);
  });
});

describe('what a detector is for', () => {
  const quiet = 1e-6;
  const greatest = (scores: Float64Array): number => Math.max(...peaks(scores));

  it('energy balance: a meter that is off by 0.2 kWh, an honest one by less than 0.05', () => {
    const span = clean.features[at('net_electricity_consumption')]!;
    const shift = 0.2 / (span.high - span.low);
    expect(greatest(play('energy-balance'))).toBeLessThan(0.05);
    const tampered = play('energy-balance', (row) => (row[at('net_electricity_consumption')]! += shift));
    expect(Math.min(...tampered.subarray(24))).toBeGreaterThan(0.15);
  });

  it.each(['chi-square', 'largest-residual'] as const)(
    'state estimator, %s: a meter that is off, and nothing of meters that are off together',
    (test) => {
      const move = (row: Float32Array, feature: string, kWh: number): void => {
        const { high, low } = clean.features[at(feature)]!;
        row[at(feature)]! += kWh / (high - low);
      };
      const honest = greatest(play('state-estimator', undefined, { test }));
      const alone = play('state-estimator', (row) => move(row, 'net_electricity_consumption', 1), { test });
      expect(Math.min(...alone.subarray(24))).toBeGreaterThan(3 * honest);
      const together = play(
        'state-estimator',
        (row) => {
          move(row, 'net_electricity_consumption', 1);
          move(row, 'non_shiftable_load', 0.4);
          move(row, 'solar_generation', -0.6);
        },
        { test },
      );
      expect(greatest(together)).toBeCloseTo(honest, 3);
    },
  );

  it('state of charge: a report that does not follow from the action', () => {
    expect(threshold(peaks(play('soc-balance')), 3)).toBeLessThan(0.04);
    const jump = play('soc-balance', (row, t) => {
      if (t === 2100) row[at('electrical_storage_soc')]! += 0.2;
    });
    expect(jump[2100]).toBeGreaterThan(0.12);
  });

  it.each(['tariff-whitelist', 'night-irradiance', 'forecast-consistency'] as const)(
    '%s: held-out clean rows of exact data give nothing',
    (name) => {
      expect(greatest(play(name))).toBeLessThan(name === 'night-irradiance' ? 0.02 : quiet);
    },
  );

  it('tariff, night and forecasts: the one row that is wrong', () => {
    const price = play('tariff-whitelist', (row, t) => {
      if (t === 2100) row[at('electricity_pricing')]! += 0.02;
    });
    expect(price[2100]).toBeCloseTo(0.02, 5);
    expect(price[2101]).toBe(0);
    const midnight = 24 * 100;
    const night = play('night-irradiance', (row, t) => {
      if (t === midnight) row[at('direct_solar_irradiance')]! += 0.03;
    });
    expect(night[midnight]).toBeCloseTo(0.03, 6);
    const told = play('forecast-consistency', (row, t) => {
      if (t === 2100) row[at('outdoor_dry_bulb_temperature_predicted_6h')]! += 0.02;
    });
    // +6 h disagrees with what +12 h and +24 h had said, and six hours later the weather with it
    expect([2100, 2106].every((t) => told[t]! > 1)).toBe(true);
    expect(told[2103]).toBeLessThan(1);
  });

  it('CUSUM gathers what no single row shows', () => {
    const drift = (row: Float32Array): void => {
      row[at('net_electricity_consumption')]! += 0.0012;
    };
    const limit = greatest(play('energy-balance'));
    const single = play('energy-balance', drift);
    expect(single.filter((score) => score > 2 * limit).length).toBe(0);
    expect(play('cusum', drift).at(-1)).toBeGreaterThan(20 * Math.max(1, greatest(play('cusum'))));
  });
});

describe('a policy that does not observe it', () => {
  const without = (name: string): CleanSteps => ({
    ...clean,
    features: clean.features.map((feature) =>
      feature.name.startsWith(name) ? { ...feature, name: `other_${feature.name}` } : feature,
    ),
  });

  it.each([
    ['energy-balance', 'net_electricity_consumption'],
    ['energy-balance', 'non_shiftable_load'],
    ['soc-balance', 'electrical_storage_soc'],
  ] as const)('%s names %s', (name, feature) => {
    expect(() => detectors[name].make({}).fit(without(feature))).toThrow(
      new RegExp(`detector '${name}' reads '${feature}', which the policy does not observe`),
    );
  });

  it('so do detectors of a kind of feature, and one that has too little to learn from', () => {
    expect(() => detectors['tariff-whitelist'].make({}).fit(without('electricity_pricing'))).toThrow(/reads prices/);
    expect(() => detectors['tariff-whitelist'].make({ features: ['non_shiftable_load'] }).fit(clean)).toThrow(
      /'non_shiftable_load' has \d+ values on clean rows, expected 1 … 32/,
    );
    const bare = { ...clean, features: clean.features.map((feature, j) => ({ ...feature, name: `f${j}` })) };
    expect(() => detectors['forecast-consistency'].make({}).fit(bare)).toThrow(/reads forecasts/);
    expect(() => detectors['night-irradiance'].make({}).fit(bare)).toThrow(/reads irradiance/);
    expect(() => detectors.mahalanobis.make({}).fit({ ...clean, learn: new Uint8Array(clean.steps) })).toThrow(
      /0 clean days to learn hour 0 from/,
    );
    expect(() => detectors['soc-balance'].make({ action: 1 }).fit(clean)).toThrow(
      /action 1 of a controller that has 1/,
    );
  });
});

describe('calibration', () => {
  it('holds its rate on days like those it was made on', () => {
    const runs = 2000;
    const wanted = 3; // a month
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const stream = rng(run);
      const drawn = Float64Array.from({ length: 60 }, () => stream.normal());
      if (stream.normal() > threshold(drawn, wanted)) alarms++;
    }
    // conformal: at most 1/10, at least 1/10 − 1/61
    expect(alarms / runs).toBeLessThan(0.1 + 3 * Math.sqrt(0.09 / runs));
    expect(alarms / runs).toBeGreaterThan(0.1 - 1 / 61 - 3 * Math.sqrt(0.09 / runs));
  });

  it('says how many days a rare alarm needs', () => {
    expect(() => threshold(new Float64Array(10), 1)).toThrow(ConfigError);
    expect(() => threshold(new Float64Array(10), 1)).toThrow(/10 clean days .* expected at least 29/);
    expect(
      threshold(
        Float64Array.from({ length: 29 }, (_, i) => i),
        1,
      ),
    ).toBe(28);
  });
});

it('straight lines go through means of bins, equal points together', () => {
  const line = piecewiseLinear([0, 0, 1, 1, 3, 3], [1, 3, 4, 4, 8, 8], 3);
  expect([-1, 0, 0.5, 2, 4].map((x) => line.at(x))).toEqual([0, 2, 3, 6, 10]);
  expect(line.slope(0.5)).toBe(2);
  expect(piecewiseLinear([2, 2], [1, 3], 4).at(100)).toBe(2);
});

it('a z-score of a window shorter than its warm-up begins after the warm-up', () => {
  const features = [{ name: 'x', unit: '1', low: 0, high: 1 }];
  const none = { features, actionSize: 1, stepsPerDay: 24, steps: 0 };
  const empty = { observation: new Float32Array(0), action: new Float64Array(0), learn: new Uint8Array(0) };
  const watch = detectors['z-score']
    .make({ window: 4, warmUp: 6 })
    .fit({ ...none, ...empty })
    .watch();
  const seen = [0.1, 0.9, 0.2, 0.4, 0.2, 0.4];
  const action = new Float64Array(1);
  for (const value of seen) {
    expect(watch.score(Float32Array.of(9), 0)).toBe(0);
    watch.push(Float32Array.of(value), 0, action, 0);
  }
  // The last four: mean 0.3, deviation 0.1.
  expect(watch.score(Float32Array.of(0.8), 0)).toBeCloseTo(5, 4);
});
