import type { Admittance } from './admittance.ts';
import { branchAdmittance, busAdmittance, injections } from './admittance.ts';
import { eliminate } from './elimination.ts';
import { withColumns } from './grid-case.ts';
import type { GridCase } from './grid-case.ts';
import { role } from './network.ts';
import type { Island } from './network.ts';
import { ScalarLu } from './scalar-lu.ts';

/** Which half of the approximation has resistances of 0: XB, that of the angles; BX, that of the voltages. */
export type FastDecoupledScheme = 'xb' | 'bx';

export interface FastDecoupled {
  readonly converged: boolean;
  /** Half-steps of angles. */
  readonly iterations: number;
  /** [n] p.u., rad */
  readonly vm: Float64Array;
  readonly va: Float64Array;
}

/**
 * The matrices of the fast decoupled power flow: B′ = −Im Y without taps, charging and shunts, B″ = −Im Y without phase shifts, and one of them
 * without resistance. Source: Stott and Alsaç (1974); van Amerongen (1989); specs/grid.md 2.5
 */
export function fastDecoupledMatrices(
  grid: GridCase,
  island: Island,
  scheme: FastDecoupledScheme,
): { readonly angles: Admittance; readonly voltages: Admittance } {
  const { branch, bus } = grid;
  const [none, noBus] = [new Float64Array(branch.rows), new Float64Array(bus.rows)];
  const forAngles = withColumns(grid, {
    bus: { Bs: noBus, Gs: noBus },
    branch: { b: none, ratio: none, ...(scheme === 'xb' ? { r: none } : {}) },
  });
  const forVoltages = withColumns(grid, { branch: { angle: none, ...(scheme === 'bx' ? { r: none } : {}) } });
  const matrix = (of: GridCase): Admittance => busAdmittance(of, island, branchAdmittance(of, island));
  return { angles: matrix(forAngles), voltages: matrix(forVoltages) };
}

/**
 * The fast decoupled power flow of an island: angles by B′ from P/V, then voltages by B″ from Q/V, in turn, until both mismatches (divided by V) are
 * below the tolerance; two factorisations in all. On feeders, where resistance is no small part, it is slow or fails.
 * @param p @param q [n] injected, p.u.  @param vm @param va [n] the start
 */
export function fastDecoupled(
  grid: GridCase,
  island: Island,
  y: Admittance,
  scheme: FastDecoupledScheme,
  specified: { readonly p: Float64Array; readonly q: Float64Array },
  start: { readonly vm: Float64Array; readonly va: Float64Array },
  limits: { readonly tolerance: number; readonly maxIterations: number },
): FastDecoupled {
  const { angles, voltages } = fastDecoupledMatrices(grid, island, scheme);
  const n = island.buses.length;
  const [vm, va] = [start.vm.slice(), start.va.slice()];
  const unknown = (isUnknown: (role: number) => boolean): Uint8Array =>
    Uint8Array.from(island.roles, (each) => (isUnknown(each) ? 1 : 0));
  const [turning, free] = [unknown((each) => each !== role.ref), unknown((each) => each === role.pq)];
  const factor = (matrix: Admittance, isUnknown: Uint8Array): ScalarLu =>
    new ScalarLu(
      eliminate(matrix.rowStart, matrix.column, isUnknown),
      matrix.rowStart,
      matrix.column,
      matrix.b.map((b) => -b),
    );
  const [byAngle, byVoltage] = [factor(angles, turning), factor(voltages, free)];
  const [dp, dq] = [new Float64Array(n), new Float64Array(n)];
  const mismatch = (): boolean => {
    const { p, q } = injections(y, vm, va);
    let small = true;
    for (let i = 0; i < n; i++) {
      dp[i] = turning[i] === 1 ? (specified.p[i]! - p[i]!) / vm[i]! : 0;
      dq[i] = free[i] === 1 ? (specified.q[i]! - q[i]!) / vm[i]! : 0;
      small &&= Math.abs(dp[i]!) < limits.tolerance && Math.abs(dq[i]!) < limits.tolerance;
    }
    return small;
  };
  let converged = mismatch();
  let iterations = 0;
  while (!converged && iterations < limits.maxIterations && dp.every(Number.isFinite)) {
    iterations++;
    byAngle.solve(dp);
    for (let i = 0; i < n; i++) va[i]! += dp[i]!;
    converged = mismatch();
    if (converged) break;
    byVoltage.solve(dq);
    for (let i = 0; i < n; i++) vm[i]! += dq[i]!;
    converged = mismatch();
  }
  return { converged, iterations, vm, va };
}
