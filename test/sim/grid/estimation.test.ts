import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { chiSquareCdf, chiSquareQuantile } from '../../../sim/grid/estimation/chi-square.ts';
import { acMeters, dcMeters, estimate } from '../../../sim/grid/estimation/estimator.ts';
import type { MeterModel } from '../../../sim/grid/estimation/estimator.ts';
import {
  falseData,
  hiddenDirections,
  linearFalseData,
  sparseFalseData,
} from '../../../sim/grid/estimation/false-data.ts';
import { metersOf } from '../../../sim/grid/estimation/measurement.ts';
import type { Meter, MeterKind } from '../../../sim/grid/estimation/measurement.ts';
import { networkOf } from '../../../sim/grid/network.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { apart, golden } from './golden.ts';

interface Gross {
  readonly measurement0based: number;
  readonly added: number;
  readonly J: number;
  readonly rN: number;
}

interface GoldenEstimation {
  readonly dc: {
    readonly z: readonly number[];
    readonly x: readonly number[];
    readonly J: number;
    readonly rN: readonly number[];
    readonly residual: readonly number[];
    readonly dof: number;
    readonly chi2_95: number;
    readonly chi2_99: number;
    readonly grossErrors: readonly (Gross & {
      readonly afterRemoval: { readonly J: number; readonly x: readonly number[] };
    })[];
    readonly stealth: {
      readonly attacks: readonly {
        readonly name: string;
        readonly c: readonly number[] | null;
        readonly a: readonly number[];
        readonly nonzero?: number;
      }[];
    };
  };
  readonly ac: {
    readonly vBuses: readonly number[];
    readonly sigma: readonly number[];
    readonly z: readonly number[];
    readonly iterationsFlatTol1e10: number;
    readonly Vm: readonly number[];
    readonly Va_rad: readonly number[];
    readonly J: number;
    readonly rN: readonly number[];
    readonly chi2_95: number;
    readonly bad: readonly (Gross & { readonly Vm: readonly number[] })[];
    readonly linearAttack: {
      readonly rows: readonly { readonly c_rad: number; readonly J_linear: number; readonly J_exact: number }[];
    };
  };
}

const grid = builtinGrid('case14');
const island = networkOf(grid).islands[0]!;
const of = (kind: MeterKind, count: number, sigma: number): Meter[] =>
  Array.from({ length: count }, (_, at) => ({ kind, at, sigma }));
const dcModel = dcMeters(grid, island, [...of('pf', 20, 0.008), ...of('p', 14, 0.01)]);
const plus = (z: Float64Array, a: Float64Array): Float64Array => z.map((value, r) => value + a[r]!);
const flows = Array.from({ length: 20 }, (_, k) => k);

skipWithoutShared('state estimation against references');
describe.skipIf(sharedMissing)('estimation of case14, beside numpy and pandapower', () => {
  const { dc, ac } = (sharedMissing ? { dc: {}, ac: {} } : golden('state-estimation')) as GoldenEstimation;

  it('DC has the same state, residuals and tests', () => {
    const got = estimate(dcModel, Float64Array.from(dc.z));
    expect(apart(got.x, dc.x)).toBeLessThan(1e-9);
    expect(apart(got.residual, dc.residual)).toBeLessThan(1e-9);
    expect(apart(got.tests.normalised, dc.rN)).toBeLessThan(1e-9);
    expect(got.tests.J).toBeCloseTo(dc.J, 9);
    expect(got.tests.degreesOfFreedom).toBe(dc.dof);
    expect(got.tests.threshold).toBeCloseTo(dc.chi2_95, 9);
    expect(chiSquareQuantile(0.99, dc.dof)).toBeCloseTo(dc.chi2_99, 9);
  });

  it('DC finds a gross error and is as it was without it', () => {
    for (const { measurement0based: meter, added, J, rN, afterRemoval } of dc.grossErrors) {
      const z = Float64Array.from(dc.z);
      z[meter]! += added;
      const seen = estimate(dcModel, z);
      expect(seen.tests).toMatchObject({ suspicious: true, worst: meter });
      expect(seen.tests.J).toBeCloseTo(J, 8);
      expect(seen.tests.normalised[meter]).toBeCloseTo(rN, 8);
      const mended = estimate(dcModel, z, { removeAbove: 3 });
      expect(mended.removed).toEqual([meter]);
      expect(mended.tests.J).toBeCloseTo(afterRemoval.J, 8);
      expect(apart(mended.x, afterRemoval.x)).toBeLessThan(1e-9);
    }
  });

  it('DC does not see a = Hc, which moves its state by c', () => {
    const z = Float64Array.from(dc.z);
    const before = estimate(dcModel, z);
    for (const { c, a, nonzero } of dc.stealth.attacks) {
      if (c === null) continue;
      const attack = falseData(dcModel, before.x, Float64Array.from(c));
      expect(apart(attack, a)).toBeLessThan(1e-9);
      expect(attack.filter((value) => Math.abs(value) > 1e-12).length).toBe(nonzero);
      const after = estimate(dcModel, plus(z, attack));
      expect(Math.abs(after.tests.J - before.tests.J)).toBeLessThan(1e-9);
      expect(apart(after.x, plus(before.x, Float64Array.from(c)))).toBeLessThan(1e-9);
    }
    const naive = dc.stealth.attacks.find(({ c }) => c === null)!;
    expect(estimate(dcModel, plus(z, Float64Array.from(naive.a))).tests.suspicious).toBe(true);
  });

  const kinds: readonly (readonly [MeterKind, number])[] = [
    ['p', 14],
    ['q', 14],
    ['pf', 20],
    ['qf', 20],
  ];
  const acModel = (): MeterModel =>
    acMeters(
      grid,
      island,
      [
        ...ac.vBuses.map((bus) => ({ kind: 'v' as const, at: bus - 1 })),
        ...kinds.flatMap(([kind, count]) => of(kind, count, 1)),
      ].map((meter, r) => ({ ...meter, sigma: ac.sigma[r]! })),
    );

  it('AC has the same state, tests and number of steps', () => {
    const got = estimate(acModel(), Float64Array.from(ac.z));
    expect(got.iterations).toBe(ac.iterationsFlatTol1e10);
    expect(apart(got.x.subarray(13), ac.Vm)).toBeLessThan(1e-9);
    expect(apart(got.x.subarray(0, 13), ac.Va_rad.slice(1))).toBeLessThan(1e-9);
    expect(got.tests.J).toBeCloseTo(ac.J, 9);
    expect(apart(got.tests.normalised, ac.rN)).toBeLessThan(1e-9);
    expect(got.tests.threshold).toBeCloseTo(ac.chi2_95, 9);
    for (const { measurement0based: meter, added, J, rN, Vm } of ac.bad) {
      const z = Float64Array.from(ac.z);
      z[meter]! += added;
      const seen = estimate(acModel(), z);
      expect(seen.tests.worst).toBe(meter);
      expect(seen.tests.J).toBeCloseTo(J, 8);
      expect(seen.tests.normalised[meter]).toBeCloseTo(rN, 8);
      expect(apart(seen.x.subarray(13), Vm)).toBeLessThan(1e-9);
    }
  });

  it('AC sees a large linear attack, and not the exact one', () => {
    const model = acModel();
    const z = Float64Array.from(ac.z);
    const { x } = estimate(model, z);
    for (const { c_rad: shift, J_linear, J_exact } of ac.linearAttack.rows) {
      const c = new Float64Array(model.states);
      c[3] = shift;
      expect(estimate(model, plus(z, linearFalseData(model, model.flat(), c))).tests.J).toBeCloseTo(J_linear, 6);
      expect(estimate(model, plus(z, falseData(model, x, c))).tests.J).toBeCloseTo(J_exact, 8);
    }
  });
});

describe('the estimator', () => {
  const truth = Float64Array.from({ length: dcModel.states }, (_, k) => -0.02 * (k + 1));

  /** Estimates of noisy readings of one state. */
  function repeated(model: MeterModel, state: Float64Array, times: number): ReturnType<typeof estimate>[] {
    const draw = rng(7);
    const exact = new Float64Array(model.meters.length);
    model.at(state, exact, null);
    return Array.from({ length: times }, () =>
      estimate(
        model,
        exact.map((value, r) => value + model.meters[r]!.sigma * draw.normal()),
      ),
    );
  }

  it('is unbiased, J is a chi-square and false alarms come at the nominal rate', () => {
    const found = repeated(dcModel, truth, 2000);
    truth.forEach((wanted, k) => {
      const values = found.map(({ x }) => x[k]!);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length / values.length);
      expect(Math.abs(mean - wanted)).toBeLessThan(4 * spread);
    });
    const alarms = found.filter(({ tests }) => tests.suspicious).length / found.length;
    expect(Math.abs(alarms - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / found.length));
    const meanJ = found.reduce((sum, { tests }) => sum + tests.J, 0) / found.length;
    expect(Math.abs(meanJ - 21)).toBeLessThan((4 * Math.sqrt(2 * 21)) / Math.sqrt(found.length));
  });

  it.each(['case9', 'case14', 'case33bw'])('of AC meters has the slope of its measurements, on %s', (name) => {
    const other = builtinGrid(name);
    const part = networkOf(other).islands[0]!;
    const every: Meter[] = [
      ...metersOf(part),
      ...Array.from(part.branches.keys(), (at) => ({ kind: 'pt' as const, at, sigma: 0.01 })),
      ...Array.from(part.branches.keys(), (at) => ({ kind: 'qt' as const, at, sigma: 0.01 })),
    ];
    const model = acMeters(other, part, every);
    const draw = rng(11);
    const x = model.flat().map((value) => value + 0.1 * (draw.uniform() - 0.5));
    const [h, up, down] = [0, 0, 0].map(() => new Float64Array(every.length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const jacobian = new Float64Array(every.length * model.states);
    model.at(x, h, jacobian);
    for (let k = 0; k < model.states; k++) {
      const moved = (by: number): Float64Array => x.map((value, c) => (c === k ? value + by : value));
      model.at(moved(1e-6), up, null);
      model.at(moved(-1e-6), down, null);
      for (let r = 0; r < every.length; r++) {
        const slope = (up[r]! - down[r]!) / 2e-6;
        expect(Math.abs(jacobian[r * model.states + k]! - slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(slope)));
      }
    }
  });

  it('says which states no meter tells, and which meters are critical', () => {
    const few = dcMeters(grid, island, of('pf', 20, 0.008).slice(0, 12));
    const z = new Float64Array(12);
    const got = estimate(few, z);
    expect(got.unobservable.length).toBeGreaterThan(0);
    expect(got.x.every(Number.isFinite)).toBe(true);
    // A tree of flows: as many meters as states, each of them critical, no error of any can be seen.
    const bridge = estimate(
      dcMeters(grid, island, [{ kind: 'pf', at: 13, sigma: 0.01 }, ...of('p', 14, 0.01).slice(8)]),
      new Float64Array(7),
    );
    expect(bridge.tests.critical.length).toBeGreaterThan(0);
    expect(bridge.tests.threshold === null || bridge.tests.threshold > 0).toBe(true);
  });

  it('names a reading that is no number, a meter that is nowhere and a length that is wrong', () => {
    expect(() => estimate(dcModel, new Float64Array(34).fill(Number.NaN))).toThrow('the reading of meter 1 is NaN');
    expect(() => estimate(dcModel, new Float64Array(3))).toThrow('z has 3 values, expected 34');
    expect(() => dcMeters(grid, island, [{ kind: 'pf', at: 20, sigma: 1 }])).toThrow('meter 1 (pf) is at 20');
    expect(() => dcMeters(grid, island, [{ kind: 'pf', at: 0, sigma: 0 }])).toThrow('standard deviation of 0');
  });

  it('leaves the directions that protected meters do not notice', () => {
    const x = new Float64Array(dcModel.states);
    expect(hiddenDirections(dcModel, x, [])).toHaveLength(13);
    expect(hiddenDirections(dcModel, x, flows)).toHaveLength(0);
    const hidden = hiddenDirections(dcModel, x, [0, 1, 2]);
    expect(hidden).toHaveLength(10);
    for (const c of hidden) {
      const a = falseData(dcModel, x, c);
      for (const meter of [0, 1, 2]) expect(Math.abs(a[meter]!)).toBeLessThan(1e-9);
    }
  });

  it('finds an attack on few meters that no test sees, around protected ones', () => {
    const x = new Float64Array(dcModel.states);
    const neighbours: number[][] = Array.from({ length: dcModel.states }, () => []);
    for (let k = 0; k < island.branches.length; k++) {
      const [f, t] = [island.from[k]! - 1, island.to[k]! - 1];
      if (f < 0 || t < 0) continue;
      neighbours[f]!.push(t);
      neighbours[t]!.push(f);
    }
    const free = sparseFalseData(dcModel, x, 6, 0.05, neighbours)!; // bus 8, behind bus 7 alone
    expect(free.meters.length).toBeLessThanOrEqual(5);
    // With the flow 7–8 protected the two buses move together.
    const guarded = sparseFalseData(dcModel, x, 6, 0.05, neighbours, [13])!;
    expect(guarded.meters).not.toContain(13);
    expect(guarded.c[6]).toBe(0.05);
    expect(sparseFalseData(dcModel, x, 6, 0.05, neighbours, flows)).toBeNull();
  });
});

describe('the chi-square distribution', () => {
  it.each([
    // Abramowitz and Stegun, table 26.8
    [0.95, 1, 3.841458820694124],
    [0.99, 10, 23.209251158954356],
    [0.05, 2, 0.10258658877510106],
    [0.5, 100, 99.33412923598846],
  ])('has its quantile %d of %d degrees of freedom at %d', (p, k, wanted) => {
    expect(chiSquareQuantile(p, k)).toBeCloseTo(wanted, 9);
    expect(chiSquareCdf(wanted, k)).toBeCloseTo(p, 12);
  });
});
