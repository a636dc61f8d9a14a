import type { GridCase } from './grid-case.ts';
import type { Island } from './network.ts';

/** Ybus of an island, p.u., compressed by rows with ascending columns; every diagonal entry is there. */
export interface Admittance {
  readonly n: number;
  readonly rowStart: Int32Array;
  readonly column: Int32Array;
  readonly diagonal: Int32Array;
  readonly g: Float64Array;
  readonly b: Float64Array;
}

/**
 * The four admittances of each branch, re and im in turn: a π between an ideal transformer N = τ e^{jφ} at its from side,
 * Ytt = ys + jb/2, Yff = Ytt/τ², Yft = −ys/N*, Ytf = −ys/N. Source: MATPOWER User's Manual, eq. 3.2; specs/grid.md 1.3
 */
export interface BranchAdmittance {
  readonly ff: Float64Array;
  readonly ft: Float64Array;
  readonly tf: Float64Array;
  readonly tt: Float64Array;
}

export function branchAdmittance({ branch }: GridCase, { branches }: Island): BranchAdmittance {
  const m = branches.length;
  const [ff, ft, tf, tt] = Array.from({ length: 4 }, () => new Float64Array(2 * m)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let k = 0; k < m; k++) {
    const row = branches[k]!;
    const [r, x] = [branch.r[row]!, branch.x[row]!];
    const z2 = r * r + x * x;
    const [gs, bs] = [r / z2, -x / z2];
    const tau = branch.ratio[row] === 0 ? 1 : branch.ratio[row]!;
    const phi = (branch.angle[row]! * Math.PI) / 180;
    const [c, s] = [Math.cos(phi) / tau, Math.sin(phi) / tau];
    const half = branch.b[row]! / 2;
    tt[2 * k] = gs;
    tt[2 * k + 1] = bs + half;
    ff[2 * k] = gs / (tau * tau);
    ff[2 * k + 1] = (bs + half) / (tau * tau);
    // 1/N* = e^{jφ}/τ, 1/N = e^{−jφ}/τ
    ft[2 * k] = -(gs * c - bs * s);
    ft[2 * k + 1] = -(gs * s + bs * c);
    tf[2 * k] = -(gs * c + bs * s);
    tf[2 * k + 1] = -(bs * c - gs * s);
  }
  return { ff, ft, tf, tt };
}

/** Ybus of an island: its branches, and the shunts of its buses. */
export function busAdmittance(grid: GridCase, island: Island, branches: BranchAdmittance): Admittance {
  const { bus, baseMva } = grid;
  const n = island.buses.length;
  const matrix = admittancePattern(island);
  for (let i = 0; i < n; i++) {
    const row = island.buses[i]!;
    matrix.g[matrix.diagonal[i]!]! += bus.Gs[row]! / baseMva;
    matrix.b[matrix.diagonal[i]!]! += bus.Bs[row]! / baseMva;
  }
  for (let k = 0; k < island.branches.length; k++) {
    const [f, t] = [island.from[k]!, island.to[k]!];
    add(matrix, matrix.diagonal[f]!, branches.ff, k);
    add(matrix, matrix.diagonal[t]!, branches.tt, k);
    add(matrix, entryAt(matrix, f, t), branches.ft, k);
    add(matrix, entryAt(matrix, t, f), branches.tf, k);
  }
  return matrix;
}

function add({ g, b }: Admittance, entry: number, y: Float64Array, k: number): void {
  g[entry]! += y[2 * k]!;
  b[entry]! += y[2 * k + 1]!;
}

/** Where an island's matrix has entries, all of them 0. */
export function admittancePattern({ buses, from, to }: Island): Admittance {
  const n = buses.length;
  const neighbours: Set<number>[] = Array.from({ length: n }, (_, i) => new Set([i]));
  for (let k = 0; k < from.length; k++) {
    neighbours[from[k]!]!.add(to[k]!);
    neighbours[to[k]!]!.add(from[k]!);
  }
  const rowStart = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) rowStart[i + 1] = rowStart[i]! + neighbours[i]!.size;
  const column = new Int32Array(rowStart[n]!);
  const diagonal = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const sorted = Int32Array.from(neighbours[i]!).sort();
    column.set(sorted, rowStart[i]);
    diagonal[i] = rowStart[i]! + sorted.indexOf(i);
  }
  return { n, rowStart, column, diagonal, g: new Float64Array(column.length), b: new Float64Array(column.length) };
}

/** The entry of row i and column j, which must be in the pattern. */
export function entryAt({ rowStart, column }: Admittance, i: number, j: number): number {
  let [low, high] = [rowStart[i]!, rowStart[i + 1]! - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! < j) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Powers that flow from each bus into the network, `S_i = V_i (Σ_j Y_ij V_j)*`: [n] p.u. @param vm @param va [n] p.u., rad */
export function injections(
  { n, rowStart, column, g, b }: Admittance,
  vm: Float64Array,
  va: Float64Array,
): { readonly p: Float64Array; readonly q: Float64Array } {
  const re = vm.map((v, i) => v * Math.cos(va[i]!));
  const im = vm.map((v, i) => v * Math.sin(va[i]!));
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    let [cr, ci] = [0, 0];
    for (let k = rowStart[i]!; k < rowStart[i + 1]!; k++) {
      const j = column[k]!;
      cr += g[k]! * re[j]! - b[k]! * im[j]!;
      ci += g[k]! * im[j]! + b[k]! * re[j]!;
    }
    p[i] = re[i]! * cr + im[i]! * ci;
    q[i] = im[i]! * cr - re[i]! * ci;
  }
  return { p, q };
}
