import type { GridCase } from './grid-case.ts';
import { admittancePattern, entryAt } from './admittance.ts';
import { checkCase } from './check-case.ts';
import { eliminate } from './elimination.ts';
import { GridCaseError } from './grid-fault.ts';
import type { GridFinding } from './grid-fault.ts';
import { networkOf, role } from './network.ts';
import type { Island } from './network.ts';
import { ScalarLu } from './scalar-lu.ts';

/** A DC power flow, in the rows of its case; NaN where there is no source. */
export interface DcFlow {
  /** [buses] degrees */
  readonly va: Float64Array;
  /** [branches] MW from `from` to `to` */
  readonly pFrom: Float64Array;
  /** [generators] MW */
  readonly pGen: Float64Array;
  readonly unservedMw: number;
  readonly findings: readonly GridFinding[];
}

/** The susceptance matrix of an island, factored: what all of the DC power flow comes from. */
export class DcIsland {
  readonly island: Island;
  /** [branches of the island] 1/(x τ), p.u., and the phase shift, rad */
  readonly susceptance: Float64Array;
  readonly shift: Float64Array;
  private readonly lu: ScalarLu;

  /** @throws {GridCaseError} of a branch without a reactance, which the AC model allows */
  constructor({ branch, file }: GridCase, island: Island) {
    this.island = island;
    const pattern = admittancePattern(island);
    const { branches, from, to } = island;
    const without = branches.find((row) => branch.x[row] === 0);
    if (without !== undefined)
      throw new GridCaseError(
        'E_ZERO_IMPEDANCE',
        `branch ${without + 1} (${branch.from[without]}–${branch.to[without]}) has x = 0: the DC power flow knows reactances alone`,
        {
          ...(file === undefined ? {} : { file }),
          ...(branch.lines === undefined ? { path: `/branch/${without}` } : { line: branch.lines[without]! }),
        },
      );
    this.susceptance = Float64Array.from(
      branches,
      (row) => 1 / (branch.x[row]! * (branch.ratio[row] === 0 ? 1 : branch.ratio[row]!)),
    );
    this.shift = Float64Array.from(branches, (row) => (branch.angle[row]! * Math.PI) / 180);
    for (let k = 0; k < branches.length; k++) {
      const b = this.susceptance[k]!;
      pattern.b[pattern.diagonal[from[k]!]!]! += b;
      pattern.b[pattern.diagonal[to[k]!]!]! += b;
      pattern.b[entryAt(pattern, from[k]!, to[k]!)]! -= b;
      pattern.b[entryAt(pattern, to[k]!, from[k]!)]! -= b;
    }
    const plan = eliminate(
      pattern.rowStart,
      pattern.column,
      Uint8Array.from(island.roles, (each) => (each === role.ref ? 0 : 1)),
    );
    this.lu = new ScalarLu(plan, pattern.rowStart, pattern.column, pattern.b);
  }

  /** Angles in place. @param x [n] injections in p.u. with the reference at an angle of 0, then angles in rad */
  angles(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) if (this.island.roles[i] === role.ref) x[i] = 0;
    this.lu.solve(x);
  }

  /** Flow in a branch at angles, p.u. */
  flow(k: number, va: Float64Array): number {
    return this.susceptance[k]! * (va[this.island.from[k]!]! - va[this.island.to[k]!]! - this.shift[k]!);
  }
}

/**
 * The DC power flow of every island: `P_f = (θ_f − θ_t − φ)/(x τ)`, |V| = 1; resistances, charging and reactive power do not count. The first
 * generator of the reference takes what the others leave. @throws {GridCaseError} Source: MATPOWER User's Manual, 3.7; specs/grid.md 2.6
 */
export function dcPowerFlow(grid: GridCase): DcFlow {
  const remarks = checkCase(grid, 'last');
  const { islands, dead, findings } = networkOf(grid);
  const { bus, gen, branch, baseMva } = grid;
  const va = new Float64Array(bus.rows).fill(Number.NaN);
  const pFrom = new Float64Array(branch.rows);
  const pGen = new Float64Array(gen.rows);
  for (const island of islands) {
    const dc = new DcIsland(grid, island);
    const x = Float64Array.from(island.buses, (row) => -(bus.Pd[row]! + bus.Gs[row]!) / baseMva);
    island.gens.forEach((row, g) => {
      pGen[row] = gen.Pg[row]!;
      x[island.genBus[g]!]! += gen.Pg[row]! / baseMva;
    });
    for (let k = 0; k < island.branches.length; k++) {
      const shifted = dc.susceptance[k]! * dc.shift[k]!;
      x[island.from[k]!]! += shifted;
      x[island.to[k]!]! -= shifted;
    }
    const reference = island.roles.indexOf(role.ref);
    dc.angles(x);
    const turn = (bus.Va[island.buses[reference]!]! * Math.PI) / 180;
    let slack = -(bus.Pd[island.buses[reference]!]! + bus.Gs[island.buses[reference]!]!);
    for (let k = 0; k < island.branches.length; k++) {
      const p = dc.flow(k, x) * baseMva;
      pFrom[island.branches[k]!] = p;
      if (island.from[k] === reference) slack -= p;
      if (island.to[k] === reference) slack += p;
    }
    const atReference = [...island.gens].filter((_, g) => island.genBus[g] === reference);
    pGen[atReference[0]!] = -slack - atReference.slice(1).reduce((sum, row) => sum + gen.Pg[row]!, 0);
    island.buses.forEach((row, i) => (va[row] = ((x[i]! + turn) * 180) / Math.PI));
  }
  return {
    va,
    pFrom,
    pGen,
    unservedMw: dead.reduce((sum, part) => sum + part.unserved, 0),
    findings: [...remarks, ...findings],
  };
}

/**
 * Power transfer distribution factors of an island, [branches, n]: the change of a branch's flow for 1 p.u. more at a bus, taken out at the reference.
 * Source: Wood and Wollenberg, 3rd ed., 7.2
 */
export function ptdf(dc: DcIsland): Float64Array[] {
  const n = dc.island.buses.length;
  const { from, to } = dc.island;
  const factors = Array.from({ length: from.length }, () => new Float64Array(n));
  const x = new Float64Array(n);
  for (let bus = 0; bus < n; bus++) {
    if (dc.island.roles[bus] === role.ref) continue;
    x.fill(0);
    x[bus] = 1;
    dc.angles(x);
    for (let k = 0; k < from.length; k++) factors[k]![bus] = dc.susceptance[k]! * (x[from[k]!]! - x[to[k]!]!);
  }
  return factors;
}

/**
 * Line outage distribution factors, [branches, branches]: which part of the flow of an outaged branch (column) a branch (row) takes over,
 * `H_lk/(1 − H_kk)` with H the transfer from one end of k to the other; −1 on the diagonal. NaN in the column of a bridge, whose outage splits the island.
 */
export function lodf(dc: DcIsland): Float64Array[] {
  const { from, to } = dc.island;
  const factors = ptdf(dc);
  return factors.map((own, l) =>
    Float64Array.from(from, (f, k) => {
      if (l === k) return -1;
      const kept = 1 - (factors[k]![f]! - factors[k]![to[k]!]!);
      return Math.abs(kept) < 1e-9 ? Number.NaN : (own[f]! - own[to[k]!]!) / kept;
    }),
  );
}
