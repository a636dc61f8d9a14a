import type { BranchAdmittance } from './admittance.ts';
import type { Generation } from './generation.ts';
import type { GridCase } from './grid-case.ts';
import type { GridFinding } from './grid-fault.ts';
import type { Island, Network } from './network.ts';

/** A solved network, in the rows of its case. What is dead or isolated has NaN. */
export interface PowerFlowSolution {
  readonly ok: true;
  /** [buses] p.u., degrees */
  readonly vm: Float64Array;
  readonly va: Float64Array;
  /** [branches] MW, MVAr into the branch at each end; 0 where it is out of service */
  readonly pFrom: Float64Array;
  readonly qFrom: Float64Array;
  readonly pTo: Float64Array;
  readonly qTo: Float64Array;
  /** [generators] MW, MVAr; 0 where it is out of service */
  readonly pGen: Float64Array;
  readonly qGen: Float64Array;
  /** MW, MVAr: what goes into branches and does not come out */
  readonly lossMw: number;
  readonly lossMvar: number;
  readonly islands: readonly SolvedIsland[];
  /** MW of buses without a source */
  readonly unservedMw: number;
  readonly findings: readonly GridFinding[];
}

/** How an island was solved. */
export interface SolvedIsland {
  /** Rows */
  readonly buses: Int32Array;
  /** Of all rounds of limits. */
  readonly iterations: number;
  /** Before each step and at the end, of the last round: p.u. Empty where the algorithm has none. */
  readonly residuals: readonly number[];
  /** Steps that were shortened. */
  readonly shortened: number;
  /** Steps that were solved with pivoting, for want of pivots on the diagonal. */
  readonly fallbacks: number;
  /** Solves: 1, and one more for each time that limits of reactive power had to be enforced. */
  readonly rounds: number;
  /** Rows of buses that hold something else than the case says, and what each bus of the island holds. */
  readonly changed: Int32Array;
  readonly roles: Uint8Array;
}

/** Voltages of an island, p.u. and rad. */
export interface IslandState {
  readonly vm: Float64Array;
  readonly va: Float64Array;
}

/** Collects what islands come to. */
export class SolutionRows {
  private readonly grid: GridCase;
  private readonly network: Network;
  private readonly islands: SolvedIsland[] = [];
  private readonly bus: Record<'vm' | 'va', Float64Array>;
  private readonly branch: Record<'pFrom' | 'qFrom' | 'pTo' | 'qTo', Float64Array>;
  private readonly gen: Record<'pGen' | 'qGen', Float64Array>;

  constructor(network: Network) {
    const { bus, branch, gen } = network.grid;
    this.grid = network.grid;
    this.network = network;
    const dead = (): Float64Array => new Float64Array(bus.rows).fill(Number.NaN);
    const none = (): Float64Array => new Float64Array(branch.rows);
    this.bus = { vm: dead(), va: dead() };
    this.branch = { pFrom: none(), qFrom: none(), pTo: none(), qTo: none() };
    this.gen = { pGen: new Float64Array(gen.rows), qGen: new Float64Array(gen.rows) };
  }

  put(island: Island, state: IslandState, y: BranchAdmittance, generation: Generation, how: SolvedIsland): void {
    const { vm, va } = state;
    island.buses.forEach((row, i) => {
      this.bus.vm[row] = vm[i]!;
      this.bus.va[row] = (va[i]! * 180) / Math.PI;
    });
    island.gens.forEach((row, g) => {
      this.gen.pGen[row] = generation.p[g]!;
      this.gen.qGen[row] = generation.q[g]!;
    });
    const re = vm.map((v, i) => v * Math.cos(va[i]!));
    const im = vm.map((v, i) => v * Math.sin(va[i]!));
    const { pFrom, qFrom, pTo, qTo } = this.branch;
    for (let k = 0; k < island.branches.length; k++) {
      const [f, t, row] = [island.from[k]!, island.to[k]!, island.branches[k]!];
      branchPower(y.ff, y.ft, k, re[f]!, im[f]!, re[t]!, im[t]!, this.grid.baseMva, row, pFrom, qFrom);
      branchPower(y.tt, y.tf, k, re[t]!, im[t]!, re[f]!, im[f]!, this.grid.baseMva, row, pTo, qTo);
    }
    this.islands.push(how);
  }

  finish(findings: readonly GridFinding[]): PowerFlowSolution {
    let [p, q] = [0, 0];
    const { pFrom, pTo, qFrom, qTo } = this.branch;
    for (let k = 0; k < pFrom.length; k++) {
      p += pFrom[k]! + pTo[k]!;
      q += qFrom[k]! + qTo[k]!;
    }
    return {
      ok: true,
      ...this.bus,
      ...this.branch,
      ...this.gen,
      lossMw: p,
      lossMvar: q,
      islands: this.islands,
      unservedMw: this.network.dead.reduce((sum, part) => sum + part.unserved, 0),
      findings,
    };
  }
}

/** `S = V (Y_own V + Y_other V')*` into a branch at the end with V. */
export function branchPower(
  own: Float64Array,
  other: Float64Array,
  k: number,
  er: number,
  ei: number,
  or: number,
  oi: number,
  baseMva: number,
  row: number,
  p: Float64Array,
  q: Float64Array,
): void {
  const cr = own[2 * k]! * er - own[2 * k + 1]! * ei + other[2 * k]! * or - other[2 * k + 1]! * oi;
  const ci = own[2 * k]! * ei + own[2 * k + 1]! * er + other[2 * k]! * oi + other[2 * k + 1]! * or;
  p[row] = (er * cr + ei * ci) * baseMva;
  q[row] = (ei * cr - er * ci) * baseMva;
}
