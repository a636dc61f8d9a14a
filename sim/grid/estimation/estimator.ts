import { assertLength, NonFiniteError } from '../../../core/errors.ts';
import { branchAdmittance, busAdmittance } from '../admittance.ts';
import { DcIsland } from '../dc.ts';
import type { GridCase } from '../grid-case.ts';
import { role } from '../network.ts';
import type { Island } from '../network.ts';
import { measure, stateIndex } from './ac-measurement.ts';
import type { StateIndex } from './ac-measurement.ts';
import { badDataTests, NormalMatrix } from './least-squares.ts';
import type { BadDataTests } from './least-squares.ts';
import { checkMeters } from './measurement.ts';
import type { Meter } from './measurement.ts';

/** An estimated state. */
export interface Estimate {
  readonly converged: boolean;
  readonly iterations: number;
  /** [states] angles (rad) of all buses but the reference, then, of AC meters, all |V| (p.u.) */
  readonly x: Float64Array;
  /** [meters] z − h(x), p.u. */
  readonly residual: Float64Array;
  readonly tests: BadDataTests;
  /** States that no meter tells. */
  readonly unobservable: readonly number[];
  /** Meters that were left out as bad, in this order. */
  readonly removed: readonly number[];
}

export interface EstimatorOptions {
  /** Leaves out the meter with the largest normalised residual while it is above this, and estimates again: 3 is usual. */
  readonly removeAbove?: number;
  readonly confidence?: number;
  /** rad and p.u. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/** What meters would show, and how that depends on the state: DC or AC. */
export interface MeterModel {
  readonly meters: readonly Meter[];
  readonly states: number;
  readonly linear: boolean;
  /** A state to start from: everything at 1 p.u. and the reference's angle. */
  flat(): Float64Array;
  /** @param h [meters], written  @param jacobian [meters, states], written; null: h alone */
  at(x: Float64Array, h: Float64Array, jacobian: Float64Array | null): void;
}

/** Meters of active power by the DC power flow: `z = H x` with x the angles but the reference's. @throws {ConfigError} of any other kind of meter */
export function dcMeters(grid: GridCase, island: Island, meters: readonly Meter[]): MeterModel {
  checkMeters(island, meters);
  const dc = new DcIsland(grid, island);
  let states = 0;
  const state = Int32Array.from(island.roles, (each) => (each === role.ref ? -1 : states++));
  const rows = new Float64Array(meters.length * states);
  meters.forEach(({ kind, at }, r) => {
    const put = (bus: number, value: number): void => {
      if (state[bus]! >= 0) rows[r * states + state[bus]!]! += value;
    };
    const branch = (k: number, sign: number): void => {
      put(island.from[k]!, sign * dc.susceptance[k]!);
      put(island.to[k]!, -sign * dc.susceptance[k]!);
    };
    if (kind === 'pf') branch(at, 1);
    else if (kind === 'pt') branch(at, -1);
    else
      for (let k = 0; k < island.branches.length; k++) {
        if (island.from[k] === at) branch(k, 1);
        if (island.to[k] === at) branch(k, -1);
      }
  });
  return {
    meters,
    states,
    linear: true,
    flat: () => new Float64Array(states),
    at: (x, h, jacobian) => {
      jacobian?.set(rows);
      for (let r = 0; r < meters.length; r++) {
        let sum = 0;
        for (let c = 0; c < states; c++) sum += rows[r * states + c]! * x[c]!;
        h[r] = sum;
      }
    },
  };
}

/** Meters of an island by the AC power flow. @throws {ConfigError} */
export function acMeters(grid: GridCase, island: Island, meters: readonly Meter[]): MeterModel {
  checkMeters(island, meters);
  const branches = branchAdmittance(grid, island);
  const y = busAdmittance(grid, island, branches);
  const index = stateIndex(island);
  const n = island.buses.length;
  const [vm, va] = [new Float64Array(n), new Float64Array(n)];
  return {
    meters,
    states: index.count,
    linear: false,
    flat: () => {
      const x = new Float64Array(index.count);
      for (const at of index.voltage) x[at] = 1;
      return x;
    },
    at: (x, h, jacobian) => {
      voltagesInto(index, x, vm, va);
      measure(island, y, branches, meters, index, vm, va, h, jacobian);
    },
  };
}

function voltagesInto(index: StateIndex, x: Float64Array, vm: Float64Array, va: Float64Array): void {
  for (let i = 0; i < vm.length; i++) {
    va[i] = index.angle[i]! < 0 ? 0 : x[index.angle[i]!]!;
    vm[i] = x[index.voltage[i]!]!;
  }
}

/**
 * Weighted least squares by Gauss and Newton's method from the flat state, `(H'WH) dx = H'W (z − h(x))`, with tests of bad data.
 * @param z [meters] p.u.  @throws {ShapeError} @throws {NonFiniteError} of a reading. Source: Abur and Expósito (2004), ch. 2; specs/grid.md 7
 */
export function estimate(model: MeterModel, z: Float64Array, options: EstimatorOptions = {}): Estimate {
  const { meters, states } = model;
  assertLength(z, meters.length, 'z', 'estimate');
  const bad = z.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new NonFiniteError(`the reading of meter ${bad + 1} is ${z[bad]}`);
  const weights = Float64Array.from(meters, ({ sigma }) => 1 / sigma ** 2);
  const removed: number[] = [];
  for (;;) {
    const fit = solve(model, z, weights, options);
    const { removeAbove } = options;
    const { worst, normalised, degreesOfFreedom } = fit.tests;
    if (removeAbove === undefined || worst === null || !(normalised[worst]! > removeAbove) || degreesOfFreedom <= 1)
      return { ...fit, removed };
    weights[worst] = 0;
    removed.push(worst);
  }

  function solve(
    of: MeterModel,
    readings: Float64Array,
    w: Float64Array,
    { tolerance = 1e-10, maxIterations = 50, confidence }: EstimatorOptions,
  ): Omit<Estimate, 'removed'> {
    const m = meters.length;
    const x = of.flat();
    const [h, jacobian, residual] = [new Float64Array(m), new Float64Array(m * states), new Float64Array(m)];
    const dx = new Float64Array(states);
    let iterations = 0;
    let converged = false;
    let normal: NormalMatrix;
    for (;;) {
      of.at(x, h, jacobian);
      for (let r = 0; r < m; r++) residual[r] = readings[r]! - h[r]!;
      normal = new NormalMatrix(jacobian, w, states);
      if (converged || iterations === maxIterations) break;
      dx.fill(0);
      for (let r = 0; r < m; r++)
        for (let c = 0; c < states; c++) dx[c]! += jacobian[r * states + c]! * w[r]! * residual[r]!;
      normal.solve(dx);
      let largest = 0;
      for (let c = 0; c < states; c++) {
        x[c]! += dx[c]!;
        largest = Math.max(largest, Math.abs(dx[c]!));
      }
      iterations++;
      if (!Number.isFinite(largest)) break;
      converged = of.linear || largest < tolerance;
    }
    const tests = badDataTests(jacobian, w, residual, normal, confidence);
    return { converged, iterations, x, residual, tests, unobservable: normal.unobservable };
  }
}
