import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import type { BatteryAttributes } from '../../../sim/data/dataset.ts';
import { battery, chargeBattery, interpolate } from '../../../sim/district/battery.ts';
import type { Battery, BatteryState } from '../../../sim/district/battery.ts';
import { profiles } from '../../../sim/district/profile.ts';

const profile = profiles['v2.0'];
type Points = readonly (readonly [number, number])[];
type Attributes = { readonly [K in keyof BatteryAttributes]-?: Exclude<BatteryAttributes[K], undefined> };

/** specs/citylearn.md 5.5, as it stands there: i = max(0, (first k with x ≤ X[k]) − 1), k = 0 when there is none. */
function lookUp(points: Points, x: number): number {
  const k = points.map(([knot]) => x <= knot).indexOf(true);
  const i = Math.max(0, (k === -1 ? 0 : k) - 1);
  const [x0, y0] = points[i]!;
  const [x1, y1] = points[i + 1]!;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

interface Expected {
  readonly soc: number;
  readonly degraded: number;
  readonly efficiency: number;
  readonly balance: number;
}

/** One step after specs/bifurcation.md 1.2, with loss and depth of discharge where specs/citylearn.md 5.4 and 5.5 put them. */
function step(a: Attributes, { soc, degraded, efficiency: before }: Expected, e: number): Expected {
  const { capacity: c, nominalPower: p } = a;
  const stored = soc * c * (1 - a.lossCoefficient);
  const most = p * lookUp(a.capacityPowerCurve, stored / c);
  const above = Math.max((soc - (1 - a.depthOfDischarge)) * c * before, 0);
  const taken = e >= 0 ? Math.min(most, degraded - stored, e) : Math.max(-most, -above, e);
  const efficiency = lookUp(a.powerEfficiencyCurve, Math.abs(taken) / p);
  const way = Math.sqrt(efficiency);
  const after = taken >= 0 ? Math.min(stored + taken * way, c) : Math.max(0, stored + taken / way);
  const change = after - stored;
  const balance = change >= 0 ? change / way : change * way;
  const worn = (a.capacityLossCoefficient * c * Math.abs(balance)) / (2 * degraded);
  return { soc: after / c, degraded: Math.max(degraded - worn, 0), efficiency, balance };
}

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const curve = (low: number, high: number): fc.Arbitrary<[number, number][]> =>
  fc.array(fc.tuple(between(0.05, 1), between(low, high)), { minLength: 1, maxLength: 5 }).map((steps) => {
    const total = steps.reduce((sum, [width]) => sum + width, 0);
    let x = 0;
    const points = steps.map(([width, y], i): [number, number] => {
      x = i === steps.length - 1 ? 1 : x + width / total;
      return [x, y];
    });
    return [[0, points[0]![1]], ...points];
  });
const attributes: fc.Arbitrary<Attributes> = fc.record({
  capacity: between(0.5, 200),
  nominalPower: between(0.5, 100),
  efficiency: between(0.5, 1),
  lossCoefficient: fc.oneof(fc.constant(0), between(0, 0.1)),
  capacityLossCoefficient: between(0, 1e-3),
  initialSoc: between(0, 1),
  depthOfDischarge: between(0, 1),
  powerEfficiencyCurve: curve(0.3, 1),
  capacityPowerCurve: curve(0, 1),
});
const requests = fc.array(between(-1.5, 1.5), { minLength: 1, maxLength: 60 });

function fresh(b: Battery): BatteryState {
  return {
    soc: Float64Array.of(b.initialSoc),
    degraded: Float64Array.of(b.capacity),
    efficiency: Float64Array.of(b.efficiency),
  };
}

describe('a battery of any size, loss, reserve and curves', () => {
  it('steps as the specification says', () => {
    fc.assert(
      fc.property(attributes, requests, (given, actions) => {
        const b = battery(given, profile, 'x');
        const state = fresh(b);
        let expected: Expected = { soc: b.initialSoc, degraded: b.capacity, efficiency: b.efficiency, balance: 0 };
        for (const action of actions) {
          const balance = chargeBattery(b, state, 0, action * b.capacity);
          expected = step(given, expected, action * given.capacity);
          expect(balance).toBeCloseTo(expected.balance, 10);
          expect(state.soc[0]).toBeCloseTo(expected.soc, 12);
          expect(state.degraded[0]).toBeCloseTo(expected.degraded, 10);
          expect(state.efficiency[0]).toBeCloseTo(expected.efficiency, 12);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its SoC in [0, 1], its power in its limit, its capacity from growing, and makes no energy', () => {
    fc.assert(
      fc.property(attributes, requests, (given, actions) => {
        const b = battery(given, profile, 'x');
        const state = fresh(b);
        for (const action of actions) {
          const before = { soc: state.soc[0]!, degraded: state.degraded[0]! };
          const balance = chargeBattery(b, state, 0, action * b.capacity);
          const stored = before.soc * b.capacity * (1 - b.lossCoefficient);
          const change = state.soc[0]! * b.capacity - stored;
          const slack = 1e-12 * b.capacity;
          expect(state.soc[0]).toBeGreaterThanOrEqual(0);
          expect(state.soc[0]).toBeLessThanOrEqual(1);
          expect(state.degraded[0]).toBeLessThanOrEqual(before.degraded);
          expect(state.degraded[0]).toBeGreaterThanOrEqual(0);
          // What a charge stores is less than it takes; what a discharge gives is less than it empties.
          const way = Math.sqrt(state.efficiency[0]!);
          expect(Math.abs(change - (balance >= 0 ? balance * way : balance / way))).toBeLessThanOrEqual(slack);
          expect(change).toBeLessThanOrEqual(balance + slack);
          const most = b.nominalPower * interpolate(b.capacityPower, stored / b.capacity);
          expect(balance).toBeGreaterThanOrEqual(-Math.max(most, stored - before.degraded) - slack);
          expect(balance).toBeLessThanOrEqual(most + slack);
          if (Math.abs(action) * b.capacity > slack && before.degraded >= stored)
            expect(Math.sign(balance) * Math.sign(action)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes an hour of full power as written in specs/bifurcation.md 1.2', () => {
    const b = battery({ capacity: 6.4, nominalPower: 5, lossCoefficient: 0 }, profile, 'x');
    const state = fresh(b);
    expect(chargeBattery(b, state, 0, 5)).toBeCloseTo(5, 14);
    const stored = 5 * Math.sqrt(0.85);
    expect(state.soc[0]).toBeCloseTo(stored / 6.4, 15);
    expect(state.degraded[0]).toBeCloseTo(6.4 - (1e-5 * 6.4 * 5) / (2 * 6.4), 15);
    // Discharge is limited by the efficiency looked up the step before, without its root.
    const given = chargeBattery(b, state, 0, -5);
    const limit = -stored * 0.85;
    expect(given).toBeCloseTo(limit, 12);
    const way = Math.sqrt(interpolate(b.powerEfficiency, -limit / 5));
    expect(state.soc[0]).toBeCloseTo((stored + limit / way) / 6.4, 12);
  });

  it('idle only loses its share of energy', () => {
    const b = battery({ capacity: 10, nominalPower: 5, initialSoc: 0.5 }, profile, 'x');
    const state = fresh(b);
    expect(chargeBattery(b, state, 0, 0)).toBe(0);
    expect(state.soc[0]).toBeCloseTo(0.5 * (1 - 0.006), 15); // the default of 2.0.0
    expect(state.degraded[0]).toBe(10);
  });

  it('stops discharging at its reserve, which is also what it begins with', () => {
    const b = battery({ capacity: 10, nominalPower: 5, lossCoefficient: 0, depthOfDischarge: 0.8 }, profile, 'x');
    const state = fresh(b);
    expect(state.soc[0]).toBeCloseTo(0.2, 15);
    expect(Math.abs(chargeBattery(b, state, 0, -5))).toBeLessThan(1e-15);
    for (let t = 0; t < 5; t++) chargeBattery(b, state, 0, 5);
    for (let t = 0; t < 50; t++) chargeBattery(b, state, 0, -5);
    expect(state.soc[0]).toBeGreaterThan(0.2 - 1e-12);
    expect(state.soc[0]).toBeLessThan(0.21);
  });

  it('gives a little when it is asked to charge, full and worn', () => {
    const b = battery({ capacity: 10, nominalPower: 5, lossCoefficient: 0, initialSoc: 1 }, profile, 'x');
    const state = fresh(b);
    state.degraded[0] = 9.5;
    expect(chargeBattery(b, state, 0, 5)).toBeCloseTo(-0.5, 12);
  });
});

describe('the look-up', () => {
  it('is the specification’s, below, on, between and beyond its knots', () => {
    fc.assert(
      fc.property(curve(0, 1), between(-0.5, 2.5), fc.nat(5), (points, x, knot) => {
        const of = { x: Float64Array.from(points, ([at]) => at), y: Float64Array.from(points, ([, y]) => y) };
        expect(interpolate(of, x)).toBe(lookUp(points, x));
        const at = points[knot % points.length]!;
        expect(interpolate(of, at[0])).toBeCloseTo(at[1], 12);
      }),
    );
  });

  it('is linear between knots and goes on with the first segment beyond the last', () => {
    const of = { x: Float64Array.of(0, 0.5, 1), y: Float64Array.of(1, 0.8, 0.2) };
    for (const [x, y] of [
      [-0.5, 1.2],
      [0, 1],
      [0.25, 0.9],
      [0.5, 0.8],
      [0.75, 0.5],
      [1, 0.2],
      [1.5, 0.4],
    ] as const)
      // prettier-ignore
      expect(interpolate(of, x)).toBeCloseTo(y, 15);
  });
});

describe('a battery that cannot be', () => {
  const sound: BatteryAttributes = { capacity: 6.4, nominalPower: 5 };
  it.each([
    [{ capacity: -1 }, 'capacity is -1, expected a number ≥ 0'],
    [{ nominalPower: Infinity }, 'nominalPower is Infinity'],
    [{ efficiency: 0 }, 'efficiency is 0'],
    [{ lossCoefficient: 1.1 }, 'lossCoefficient is 1.1, expected 0 … 1'],
    [{ capacityLossCoefficient: -1e-5 }, 'capacityLossCoefficient is -0.00001'],
    [{ initialSoc: Number.NaN }, 'initialSoc is NaN'],
    [{ depthOfDischarge: 2 }, 'depthOfDischarge is 2'],
    [{ capacityPowerCurve: [[0, 1]] }, 'capacityPowerCurve is [[0,1]], expected at least two points'],
    [{ powerEfficiencyCurve: [[0, 0.9], [0, 0.8]] }, 'ascending x'], // prettier-ignore
    [{ powerEfficiencyCurve: [[0, 0.9], [1, 0]] }, 'powerEfficiencyCurve reads 0 for some power'], // prettier-ignore
    [{ powerEfficiencyCurve: [[0, 0.9], [1, 1.1]] }, 'powerEfficiencyCurve reads 1.1'], // prettier-ignore
    // Beyond its last knot a curve goes on with its first segment.
    [{ powerEfficiencyCurve: [[0, 0.5], [0.4, 0.9], [0.6, 0.9]] }, 'powerEfficiencyCurve reads 1.5'], // prettier-ignore
    [{ capacityPowerCurve: [[0, 1], [0.4, 0.5], [0.6, 0.5]] }, 'capacityPowerCurve reads -0.25'], // prettier-ignore
  ] as const satisfies readonly (readonly [Partial<BatteryAttributes>, string])[])(
    'is a ConfigError that names the attribute: %j',
    (change, message) => {
      const make = (): Battery => battery({ ...sound, ...change }, profile, 'Building_1');
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(message);
      expect(make).toThrow('Building_1: battery');
    },
  );
});
