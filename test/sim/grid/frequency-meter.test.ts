import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noShedding, sheddingSchemes } from '../../../sim/grid/frequency/shedding.ts';
import { powerToReach, stepResponse } from '../../../sim/grid/frequency/system-response.ts';
import { FrequencyMeter } from '../../../sim/grid/placed/frequency-meter.ts';
import type { FeederSystem } from '../../../sim/grid/placed/frequency-meter.ts';
import type { SolvedStep } from '../../../sim/grid/placed/step-reader.ts';

const parameters = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };
const system: FeederSystem = { parameters, f0: 50, systemMw: 1000, feeders: 100, shedding: noShedding };
const step = (slackMw: number, solved = true): SolvedStep => ({ solved, slackMw }) as SolvedStep;
const meterOf = (slack: readonly number[], of: FeederSystem = system, hours = 1): FrequencyMeter => {
  const meter = new FrequencyMeter(of, hours);
  for (const mw of slack) meter.push(step(mw, !Number.isNaN(mw)));
  return meter;
};

describe('the frequency over a run of feeders', () => {
  it('falls by the largest rise, and rises by the largest fall', () => {
    // 100 feeders, +1 and −0.5 MW: 0.1 and −0.05 p.u. of 1 GW.
    const { frequency_nadir, frequency_zenith, frequency_rocof, ...rest } = meterOf([3, 3.2, 4.2, 4.1, 3.6]).values();
    const down = stepResponse(parameters, -0.1);
    expect(frequency_nadir).toBeCloseTo(50 * (1 + down.nadir!), 4);
    expect(frequency_zenith).toBeCloseTo(50 * (1 + stepResponse(parameters, 0.05).nadir!), 9);
    expect(frequency_rocof).toBeCloseTo(50 * Math.abs(down.rocof), 12);
    expect(rest).toEqual({
      ufls_steps: 0,
      time_to_ufls: null,
      ufls_shed: 0,
      ufls_energy_not_served: 0,
      ufls_share_needed: null,
    });
  });

  it('sheds from the change on that reaches the first stage, when the response does', () => {
    const reach = powerToReach(parameters, 50, 49);
    const ce = { ...system, shedding: sheddingSchemes['ce']! };
    const rise = 10 * reach; // MW a feeder
    expect(meterOf([0, 0.999 * rise], ce).values()).toMatchObject({ ufls_steps: 0, ufls_shed: 0, time_to_ufls: null });
    const { ufls_steps, ufls_shed, ufls_energy_not_served, time_to_ufls, frequency_nadir } = meterOf(
      [0, 1.2 * rise, 0, 1.1 * rise],
      ce,
      0.25,
    ).values();
    expect(ufls_steps).toBe(2);
    // One stage of 7.5 % of a gigawatt is enough here.
    expect(ufls_shed).toBeCloseTo(75, 9);
    expect(ufls_energy_not_served).toBeCloseTo(75 * 0.25, 9);
    const { at } = stepResponse(parameters, -1.2 * reach);
    let [low, high] = [0, stepResponse(parameters, -1).nadirTime!];
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (50 * (1 + at(middle)) > 49) low = middle;
      else high = middle;
    }
    expect(time_to_ufls).toBeCloseTo(high + sheddingSchemes['ce']!.delay, 6);
    expect(frequency_nadir).toBeLessThan(49);
    expect(frequency_nadir).toBeGreaterThan(50 * (1 + 1.2 * reach * stepResponse(parameters, -1).nadir!));
  });

  it('tells the least share of homes that reaches the first stage', () => {
    const ce = { ...system, shedding: sheddingSchemes['ce']! };
    const first = 10 * powerToReach(parameters, 50, 49);
    const clean = new FrequencyMeter(ce, 1);
    const attacked = new FrequencyMeter(ce, 1);
    const rises: readonly (readonly [number, number])[] = [
      [0, 0],
      [0.2, 1.4],
      [0.5, 1.5],
      [0.1, 0.9],
    ];
    let [c, a] = [0, 0];
    for (const [own, theirs] of rises) {
      c += own * first;
      a += theirs * first;
      clean.push(step(c));
      attacked.push(step(a));
      attacked.against(clean);
    }
    // 0.2 + s·1.2 = 1 and 0.5 + s·1 = 1: the second takes less.
    expect(attacked.values().ufls_share_needed).toBeCloseTo(0.5, 12);
    expect(clean.values().ufls_share_needed).toBeNull();
  });

  it('is not moved by steps without a solution, nor by a level', () => {
    const meter = meterOf([1, Number.NaN, 9, 9.1]);
    expect(meter.worstStep).toBe(3);
    expect(meterOf([5, 5, 5]).values()).toMatchObject({
      frequency_nadir: 50,
      frequency_zenith: 50,
      frequency_rocof: 0,
    });
    expect(meterOf([]).values().frequency_nadir).toBe(50);
  });

  it('keeps nadir ≤ f0 ≤ zenith, and goes by the product of feeders and change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        (slack, feeders) => {
          const one = meterOf(slack, { ...system, feeders }).values();
          const other = meterOf(
            slack.map((mw) => mw * feeders),
            { ...system, feeders: 1 },
          ).values();
          expect(one.frequency_nadir!).toBeLessThanOrEqual(50);
          expect(one.frequency_zenith!).toBeGreaterThanOrEqual(50);
          expect(one.frequency_nadir!).toBeCloseTo(other.frequency_nadir!, 9);
          expect(one.frequency_rocof!).toBeCloseTo(other.frequency_rocof!, 9);
        },
      ),
      { numRuns: 8 },
    );
  });
});
