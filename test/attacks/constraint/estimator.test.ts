import fc from 'fast-check';
import { solve, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { threatSet } from '../../../attacks/ball/threat-set.ts';
import { constrainedSet } from '../../../attacks/constraint/constrained-set.ts';
import type { ConstrainedSet } from '../../../attacks/constraint/constrained-set.ts';
import { compileConstraints } from '../../../attacks/constraint/index.ts';
import type { LinearMeter } from '../../../core/linear-estimator.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { dcMeters, estimate } from '../../../sim/grid/estimation/estimator.ts';
import { metersOf } from '../../../sim/grid/estimation/measurement.ts';
import { networkOf } from '../../../sim/grid/network.ts';
import { threatOf } from '../../support/threat.ts';

const grid = builtinGrid('case14');
const island = networkOf(grid).islands[0]!;
const model = dcMeters(
  grid,
  island,
  metersOf(island).filter(({ kind }) => kind === 'p' || kind === 'pf'),
);
const m = model.meters.length;
const rows = new Float64Array(m * model.states);
model.at(model.flat(), new Float64Array(m), rows);
/** Every meter of the network as a feature, and its row of H. */
const features: readonly Feature[] = model.meters.map((_, r) => ({ name: `z${r}`, unit: 'p.u.', low: -3, high: 3 }));
const meters: readonly LinearMeter[] = model.meters.map(({ sigma }, r) => ({
  feature: `z${r}`,
  of: Object.fromEntries(Array.from({ length: model.states }, (_, k) => [`x${k}`, rows[r * model.states + k]!])),
  sigma,
}));

function setOf(options: object, epsilon: number): ConstrainedSet {
  const threat = threatOf(features.map(() => epsilon));
  const rules = compileConstraints([{ name: 'estimator', meters, ...options }], { features, threat }, false);
  const set = constrainedSet(threatSet(threat), rules, features, undefined);
  set.around(truth, 1, threat);
  return set;
}

const stream = rng(5);
/** Readings with their meters' errors. */
const z = Float64Array.from({ length: m }, (_, r) => {
  let sum = model.meters[r]!.sigma * stream.normal();
  for (let k = 0; k < model.states; k++) sum += rows[r * model.states + k]! * 0.05 * Math.sin(3 * k);
  return sum;
});
const truth = Float32Array.from(z, (value) => (value + 3) / 6);
const readings = (shown: Float32Array): Float64Array => Float64Array.from(shown, (value) => -3 + 6 * value);
const J = (shown: Float32Array): number => estimate(model, readings(shown)).tests.J;
const proposed = fc.array(fc.double({ min: -0.5, max: 1.5, noNaN: true }), { minLength: m, maxLength: m });

describe('readings of a network beside its DC estimator', () => {
  it.each([
    ['dense', {}, 0.05, []],
    ['sparse: with protected meters', { protected: ['z0', 'z3', 'z20', 'z21'] }, 0.05, [0, 3, 20, 21]],
    ['dense, where epsilon is small', {}, 0.002, []],
  ] as const)('leaves its J as it is, moves something, and protected meters not: %s', (_, options, epsilon, kept) => {
    fc.assert(
      fc.property(proposed, (point) => {
        const set = setOf(options, epsilon);
        const out = Float32Array.from(point);
        set.project(out);
        set.settle(truth, out, 1);
        expect(Math.abs(J(out) - J(truth))).toBeLessThan(1e-2);
        expect(Math.max(...out.map((value, j) => Math.abs(value - truth[j]!)))).toBeGreaterThan(epsilon / 20);
        for (const j of kept) expect(out[j]).toBe(truth[j]);
        const again = out.slice();
        set.project(again);
        expect(again).toEqual(out);
      }),
      { numRuns: 12 },
    );
  });

  it('gives the nearest such point: H (H’H)⁻¹ H’ of the change', () => {
    const set = setOf({}, 50);
    const out = Float32Array.from(truth, (value) => value + 0.2 * stream.normal());
    const change = Matrix.columnVector([...readings(out)].map((value, r) => value - readings(truth)[r]!));
    const H = Matrix.from1DArray(m, model.states, [...rows]);
    const wanted = H.mmul(solve(H.transpose().mmul(H), H.transpose().mmul(change)));
    set.project(out);
    const got = readings(out);
    for (let r = 0; r < m; r++) expect(got[r]! - readings(truth)[r]!).toBeCloseTo(wanted.get(r, 0), 5);
  });

  it('lets J grow by the tolerance in the mean, and no further', () => {
    const set = setOf({ tolerance: 9 }, 50);
    const out = Float32Array.from(truth, (value) => value + 0.1 * stream.normal());
    set.project(out);
    set.settle(truth, out, 1);
    // Without the meters' own errors the growth is J itself.
    const a = readings(out).map((value, r) => value - readings(truth)[r]!);
    expect(estimate(model, a).tests.J).toBeCloseTo(9, 3);
    expect(set.verdicts[0]!.bound[0]).toBe(1);
  });
});

describe('an aggregation', () => {
  const building: readonly Feature[] = [{ name: 'net', unit: 'kWh', low: -5, high: 5 }];
  const compile = (options: object): ConstrainedSet => {
    const threat = threatOf([1]);
    const rules = compileConstraints([{ name: 'estimator', ...options }], { features: building, threat }, false);
    const set = constrainedSet(threatSet(threat), rules, building, undefined);
    set.around(Float32Array.of(0.5), 1, threat);
    return set;
  };

  it('of a meter with one elsewhere: a²/(σ² + σ_head²) is what J grows by', () => {
    const head = { of: { net: 1 }, sigma: 0.4 };
    const set = compile({ meters: [{ feature: 'net', of: { net: 1 }, sigma: 0.3 }, head], tolerance: 4 });
    const out = Float32Array.of(0.9);
    set.project(out);
    expect(10 * (out[0]! - 0.5)).toBeCloseTo(2 * Math.hypot(0.3, 0.4), 4);
  });

  it('is refused where nothing is redundant, of features that are not there, of protected ones that are no meters', () => {
    expect(() => compile({ meters: [{ feature: 'net', of: { net: 1 } }] })).toThrow('no reading is redundant');
    expect(() => compile({ meters: [{ feature: 'nett', of: { net: 1 } }, { of: { net: 1 } }] })).toThrow(
      "Did you mean 'net'",
    );
    expect(() => compile({})).toThrow('neither meters are named');
  });
});
