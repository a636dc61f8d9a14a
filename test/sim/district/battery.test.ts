import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatteryAttributes } from '../../../sim/data/dataset.ts';
import { battery, chargeBattery, interpolate } from '../../../sim/district/battery.ts';
import type { BatteryState } from '../../../sim/district/battery.ts';
import { profiles } from '../../../sim/district/profile.ts';

const profile = profiles['v2.0'];

function fresh(attributes: BatteryAttributes): {
  readonly own: ReturnType<typeof battery>;
  readonly state: BatteryState;
} {
  const own = battery(attributes, profile, 'test');
  return {
    own,
    state: {
      soc: Float64Array.of(own.initialSoc),
      degraded: Float64Array.of(own.capacity),
      efficiency: Float64Array.of(own.efficiency),
    },
  };
}

const fraction = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const attributes = fc.record({
  capacity: fraction(0.5, 200),
  nominalPower: fraction(0.1, 100),
  efficiency: fraction(0.5, 1),
  lossCoefficient: fraction(0, 0.01),
  capacityLossCoefficient: fraction(0, 1e-3),
  initialSoc: fraction(0, 1),
  depthOfDischarge: fraction(0, 1),
});

describe('a battery', () => {
  it('keeps its promises for any attributes and requests', () => {
    fc.assert(
      fc.property(attributes, fc.array(fraction(-300, 300), { minLength: 1, maxLength: 60 }), (given, requests) => {
        const { own, state } = fresh(given);
        for (const request of requests) {
          const before = { soc: state.soc[0]!, degraded: state.degraded[0]! };
          const drawn = chargeBattery(own, state, 0, request);
          const [soc, degraded] = [state.soc[0]!, state.degraded[0]!];
          expect(soc).toBeGreaterThanOrEqual(0);
          expect(soc).toBeLessThanOrEqual(1);
          expect(degraded).toBeGreaterThanOrEqual(0);
          expect(degraded).toBeLessThanOrEqual(before.degraded);
          expect(Math.abs(drawn)).toBeLessThanOrEqual(own.nominalPower + 1e-9);
          // Conservation: what came in at the terminals is what is stored and what the way cost; never a gain.
          const rested = before.soc * own.capacity * (1 - own.lossCoefficient);
          expect(drawn).toBeGreaterThanOrEqual(soc * own.capacity - rested - 1e-9);
          const root = Math.sqrt(state.efficiency[0]!);
          expect(soc * own.capacity).toBeCloseTo(rested + (drawn >= 0 ? drawn * root : drawn / root), 9);
          if (request > 0 && drawn > 0) expect(drawn).toBeLessThanOrEqual(request + 1e-9);
          if (request < 0) expect(drawn).toBeGreaterThanOrEqual(request - 1e-9);
        }
      }),
    );
  });

  it('at rest only loses what its loss coefficient says', () => {
    const { own, state } = fresh({ capacity: 10, nominalPower: 5, initialSoc: 0.5 });
    expect(chargeBattery(own, state, 0, 0)).toBe(0);
    expect(state.soc[0]).toBeCloseTo(0.5 * (1 - 0.006), 15); // the default of the 2.0 line
    expect(state.degraded[0]).toBe(10);
  });

  it('takes an hour of full power as written in specs/bifurcation.md 1.2', () => {
    const { own, state } = fresh({ capacity: 6.4, nominalPower: 5, lossCoefficient: 0 });
    expect(chargeBattery(own, state, 0, 5)).toBeCloseTo(5, 14);
    const stored = 5 * Math.sqrt(0.85);
    expect(state.soc[0]).toBeCloseTo(stored / 6.4, 15);
    expect(state.degraded[0]).toBeCloseTo(6.4 - (1e-5 * 6.4 * 5) / (2 * 6.4), 15);
    // Discharge is limited by the efficiency looked up the step before, without its root.
    const given = chargeBattery(own, state, 0, -5);
    const request = -stored * 0.85;
    const root = Math.sqrt(interpolate(own.powerEfficiency, -request / 5));
    expect(given).toBeCloseTo(request, 12);
    expect(state.soc[0]).toBeCloseTo((stored + request / root) / 6.4, 12);
  });
});

describe('the curve look-up', () => {
  const curve = { x: Float64Array.of(0, 0.5, 1), y: Float64Array.of(1, 0.8, 0.2) };

  it('is linear between knots and continuous over them', () => {
    expect(interpolate(curve, 0)).toBe(1);
    expect(interpolate(curve, 0.25)).toBeCloseTo(0.9, 15);
    expect(interpolate(curve, 0.5)).toBeCloseTo(0.8, 15);
    expect(interpolate(curve, 0.75)).toBeCloseTo(0.5, 15);
    expect(interpolate(curve, 1)).toBeCloseTo(0.2, 15);
  });

  it('beyond the last knot extends the first segment, as CityLearn’s argmax does', () => {
    expect(interpolate(curve, 1.5)).toBeCloseTo(1 - 0.4 * 1.5, 15);
    expect(interpolate(curve, -0.5)).toBeCloseTo(1.2, 15);
  });
});
