import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import type { OutageData } from '../../../sim/data/dataset.ts';
import { outageSignal } from '../../../sim/district/outage.ts';

function outage(model: string | null, attributes: OutageData['attributes']): OutageData {
  return { simulate: true, stochastic: true, model, attributes };
}
const reliability = 'ReliabilityMetricsPowerOutage';

/** [first step, steps] of each outage. */
function runsOf(signal: Float64Array): number[][] {
  const runs: number[][] = [];
  signal.forEach((value, step) => {
    expect([0, 1]).toContain(value);
    if (value === 1 && signal[step - 1] !== 1) runs.push([step, 0]);
    if (value === 1) runs.at(-1)![1]! += 1;
  });
  return runs;
}

/*
 * Worked out with NumPy 2.4.6 from the description of the model: a list of days with an outage, its starts and lengths each drawn one at a time, and a set of the
 * steps that lie in one of the intervals. The last one has an outage on day 0. Arguments: steps, seconds a step, seed, saifi, caidi.
 */
const known: readonly { arguments: readonly number[]; runs: readonly (readonly number[])[] }[] = [
  { arguments: [720, 3600, 73055], runs: [[389, 15]] },
  {
    arguments: [8760, 3600, 73055],
    runs: [
      [388, 4],
      [7692, 8],
    ],
  },
  {
    arguments: [2208, 3600, 5, 60, 700],
    runs: [
      [43, 7],
      [72, 14],
      [344, 4],
      [656, 5],
      [679, 29],
      [948, 35],
      [1028, 6],
      [1040, 26],
      [1114, 4],
      [1366, 1],
      [1496, 8],
      [1512, 12],
      [1911, 79],
      [2091, 16],
      [2171, 14],
    ],
  },
  {
    arguments: [35040, 900, 11, 20, 100],
    runs: [
      [3413, 1],
      [3534, 9],
      [6697, 3],
      [6978, 3],
      [10607, 5],
      [12346, 1],
      [13357, 14],
      [14504, 5],
      [15608, 22],
      [16854, 8],
      [17447, 24],
      [18006, 36],
      [22570, 2],
      [26498, 6],
      [29939, 19],
      [32730, 6],
      [32985, 13],
      [34304, 7],
      [34918, 2],
    ],
  },
  {
    arguments: [720, 3600, 3, 365],
    runs: [
      [47, 3],
      [70, 1],
      [72, 1],
      [96, 3],
      [162, 3],
      [188, 2],
      [197, 6],
      [223, 7],
      [245, 6],
      [278, 6],
      [289, 2],
      [329, 6],
      [337, 2],
      [381, 4],
      [405, 2],
      [431, 3],
      [467, 1],
      [484, 19],
      [507, 1],
      [544, 6],
      [568, 5],
      [576, 7],
      [616, 3],
      [642, 5],
      [719, 1],
    ],
  },
];

describe('power outages', () => {
  it.each(known)('come as in CityLearn: $arguments', ({ arguments: [steps, seconds, seed, saifi, caidi], runs }) => {
    const data = outage(reliability, { random_seed: seed!, saifi: saifi ?? null, caidi: caidi ?? null });
    expect(runsOf(outageSignal(data, steps!, seconds! / 3600, 0))).toEqual(runs);
  });

  it('begin at the given steps of a day', () => {
    const attributes = { random_seed: 0, saifi: 200, caidi: 60, start_time_steps: [15, 16, 17, 18] };
    const runs = runsOf(outageSignal(outage(reliability, attributes), 8760, 1, 0));
    expect(runs.length).toBeGreaterThan(60);
    // Longer ones run into the next; those that stand alone begin when they may.
    const starts = new Set(runs.map(([start]) => start! % 24));
    expect([...starts].sort((a, b) => a - b)).toEqual([15, 16, 17, 18]);
  });

  it('of the base model, and of no model, are drawn step by step', () => {
    const drawn = [
      1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1,
      1, 0,
    ]; // numpy.random.RandomState(7).choice([0, 1], size=40)
    for (const model of [null, 'PowerOutage'])
      expect([...outageSignal(outage(model, { random_seed: 7 }), 40, 1, 0)]).toEqual(drawn);
  });

  it('take the fallback seed only where the schema gives none', () => {
    const year = (seed: number | null, fallback: number): Float64Array =>
      outageSignal(outage(reliability, { random_seed: seed, saifi: 60 }), 8760, 1, fallback);
    expect(year(null, 5)).toEqual(year(5, 99));
    expect(year(null, 5)).not.toEqual(year(null, 6));
  });

  it('never touch the first day, and stay within the episode', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 400 }), fc.constantFrom(0.25, 0.5, 1), (seed, steps, hours) => {
        const data = outage(reliability, { random_seed: seed, saifi: 365, start_time_steps: [0] });
        const signal = outageSignal(data, steps, hours, 0);
        expect(signal).toHaveLength(steps);
        expect([...signal.subarray(0, Math.min(steps, 24 / hours))].every((value) => value === 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('refuse attributes that make no sense, and unknown models', () => {
    const open = (attributes: OutageData['attributes']) => () =>
      outageSignal(outage(reliability, attributes), 48, 1, 0);
    expect(open({ saifi: 400 })).toThrow(/saifi is 400, expected a number ≥ 0 of at most 365/);
    expect(open({ caidi: -1 })).toThrow(ConfigError);
    expect(open({ random_seed: 2 ** 40 })).toThrow(ConfigError);
    expect(open({ start_time_steps: [] })).toThrow(/start_time_steps is \[\]/);
    expect(open({ start_time_steps: [24] })).toThrow(/0 … 23/);
    expect(() => outageSignal(outage('WeatherOutage', {}), 48, 1, 0)).toThrow(UnknownNameError);
  });
});
