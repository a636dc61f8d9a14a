import type { Admittance, BranchAdmittance } from '../admittance.ts';
import { role } from '../network.ts';
import type { Island } from '../network.ts';
import type { Meter } from './measurement.ts';

/** Which state variables an island has: the angles of all but the reference, then all |V|. */
export interface StateIndex {
  readonly count: number;
  /** [n] −1 for the reference */
  readonly angle: Int32Array;
  readonly voltage: Int32Array;
}

export function stateIndex({ roles }: Island): StateIndex {
  let count = 0;
  const angle = Int32Array.from(roles, (each) => (each === role.ref ? -1 : count++));
  const voltage = Int32Array.from(roles, () => count++);
  return { count, angle, voltage };
}

/**
 * `z = h(x)` of AC meters and its Jacobian, dense by rows.
 * @param values [meters], written  @param jacobian [meters, states], written; null: values alone
 */
export function measure(
  island: Island,
  y: Admittance,
  branches: BranchAdmittance,
  meters: readonly Meter[],
  states: StateIndex,
  vm: Float64Array,
  va: Float64Array,
  values: Float64Array,
  jacobian: Float64Array | null,
): void {
  jacobian?.fill(0);
  meters.forEach(({ kind, at }, row) => {
    const put = (column: number, value: number): void => {
      if (jacobian !== null && column >= 0) jacobian[row * states.count + column]! += value;
    };
    if (kind === 'v') {
      values[row] = vm[at]!;
      put(states.voltage[at]!, 1);
    } else if (kind === 'p' || kind === 'q') injection(kind, at, row, put);
    else flow(kind, at, row, put);
  });

  /** `S_i = Σ_j V_i V_j (G + jB)* e^{jθ_ij}`; ∂/∂θ and V ∂/∂V are its parts (newton.ts). */
  function injection(kind: 'p' | 'q', i: number, row: number, put: (column: number, value: number) => void): void {
    let [p, q] = [0, 0];
    for (let k = y.rowStart[i]!; k < y.rowStart[i + 1]!; k++) {
      const j = y.column[k]!;
      const [c, s] = [Math.cos(va[i]! - va[j]!), Math.sin(va[i]! - va[j]!)];
      const [g, b] = [y.g[k]!, y.b[k]!];
      const re = vm[i]! * vm[j]! * (g * c + b * s);
      const im = vm[i]! * vm[j]! * (g * s - b * c);
      p += re;
      q += im;
      if (j === i) continue;
      put(states.angle[j]!, kind === 'p' ? im : -re);
      put(states.voltage[j]!, (kind === 'p' ? re : im) / vm[j]!);
    }
    const d = y.diagonal[i]!;
    const v2 = vm[i]! * vm[i]!;
    values[row] = kind === 'p' ? p : q;
    put(states.angle[i]!, kind === 'p' ? -q - y.b[d]! * v2 : p - y.g[d]! * v2);
    put(states.voltage[i]!, (kind === 'p' ? p + y.g[d]! * v2 : q - y.b[d]! * v2) / vm[i]!);
  }

  /** `S = V (Y_own V + Y_other V')*` at one end of a branch. */
  function flow(
    kind: 'pf' | 'qf' | 'pt' | 'qt',
    k: number,
    row: number,
    put: (column: number, value: number) => void,
  ): void {
    const atFrom = kind.endsWith('f');
    const [i, j] = atFrom ? [island.from[k]!, island.to[k]!] : [island.to[k]!, island.from[k]!];
    const [own, other] = atFrom ? [branches.ff, branches.ft] : [branches.tt, branches.tf];
    const [go, bo, gx, bx] = [own[2 * k]!, own[2 * k + 1]!, other[2 * k]!, other[2 * k + 1]!];
    const [c, s] = [Math.cos(va[i]! - va[j]!), Math.sin(va[i]! - va[j]!)];
    const [vi, vj] = [vm[i]!, vm[j]!];
    const re = vi * vj * (gx * c + bx * s);
    const im = vi * vj * (gx * s - bx * c);
    if (kind.startsWith('p')) {
      values[row] = vi * vi * go + re;
      put(states.angle[i]!, -im);
      put(states.angle[j]!, im);
      put(states.voltage[i]!, 2 * vi * go + re / vi);
      put(states.voltage[j]!, re / vj);
    } else {
      values[row] = -vi * vi * bo + im;
      put(states.angle[i]!, re);
      put(states.angle[j]!, -re);
      put(states.voltage[i]!, -2 * vi * bo + im / vi);
      put(states.voltage[j]!, im / vj);
    }
  }
}
