import { ConfigError } from '../../../core/errors.ts';
import { admittancePattern, branchAdmittance, entryAt } from '../admittance.ts';
import type { Admittance, BranchAdmittance } from '../admittance.ts';
import type { GridCase } from '../grid-case.ts';
import { networkOf, role } from '../network.ts';
import type { Island } from '../network.ts';
import { NewtonPowerFlow } from '../newton.ts';
import { startOf } from '../power-flow.ts';

/** What hangs at a substation that can be split: an end of a branch, the load, or a generator. */
export interface Element {
  readonly kind: 'from' | 'to' | 'load' | 'generator';
  /** Row of the branch or generator; of a load its bus's. */
  readonly row: number;
}

/** A substation with two busbars, which its elements are shared among. */
export interface Substation {
  /** Number in the case. */
  readonly bus: number;
  readonly elements: readonly Element[];
  /** Place of its first element in an assignment of all substations' elements. */
  readonly first: number;
}

/** Between two busbars that are one: no current flows to a busbar without elements, so that its size does not matter. p.u. */
const coupler = 10;

/**
 * A network some of whose substations have two busbars, solved by Newton's method for any assignment of their elements and any branches in service. The pattern has an entry
 * for whatever could be connected, and is ordered once; a solve starts from the case's own voltages and allocates nothing. Generators hold their voltages without limits of reactive power.
 */
export class Switchyard {
  readonly grid: GridCase;
  readonly substations: readonly Substation[];
  /** Elements of all substations. */
  readonly elements: number;
  /** [branches] of the last solve: MVA, the larger of both ends; 0 where out of service */
  readonly mva: Float64Array;
  /** MW of the last solve from the reference's generators. */
  slackMw = 0;
  private readonly island: Island;
  private readonly y: Admittance;
  private readonly branches: BranchAdmittance;
  private readonly newton: NewtonPowerFlow;
  private readonly start: { readonly vm: Float64Array; readonly va: Float64Array };
  private readonly p: Float64Array;
  private readonly q: Float64Array;
  private readonly n: number;
  /** [branches] node of each end as things stand; [buses], [gens] of loads and generators */
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  private readonly loadNode: Int32Array;
  private readonly genNode: Int32Array;
  private readonly reached: Uint8Array;
  private readonly queue: Int32Array;
  private readonly busy: Uint8Array;
  /** Node of each bus's second busbar, −1: it has none. */
  private readonly second: Int32Array;

  /** @throws {ConfigError} for a case that is not one island, and for substations that are not there or hold the reference. */
  constructor(grid: GridCase, split: readonly number[]) {
    const [island, ...others] = networkOf(grid).islands;
    if (island === undefined || others.length > 0 || island.buses.length !== grid.bus.rows)
      throw new ConfigError(`${grid.name} is not one island`);
    this.grid = grid;
    this.island = island;
    const { branch, gen, bus } = grid;
    const many = bus.rows;
    this.n = many + split.length;
    this.second = new Int32Array(many).fill(-1);
    let elements = 0;
    this.substations = split.map((number, s): Substation => {
      const row = bus.bus.indexOf(number);
      if (row < 0) throw new ConfigError(`${grid.name} has no bus ${number}`);
      if (island.roles[row] === role.ref) throw new ConfigError(`bus ${number} is the reference, and is not split`);
      this.second[row] = many + s;
      const own: Element[] = [];
      island.branches.forEach((r, k) => {
        if (island.from[k] === row) own.push({ kind: 'from', row: r });
        if (island.to[k] === row) own.push({ kind: 'to', row: r });
      });
      if (bus.Pd[row] !== 0 || bus.Qd[row] !== 0) own.push({ kind: 'load', row });
      island.gens.forEach((r, g) => {
        if (island.genBus[g] === row) own.push({ kind: 'generator', row: r });
      });
      const first = elements;
      elements += own.length;
      return { bus: number, elements: own, first };
    });
    this.elements = elements;

    const both = (node: number): number[] => (this.second[node]! < 0 ? [node] : [node, this.second[node]!]);
    const pairs: [number, number][] = [];
    for (let k = 0; k < island.branches.length; k++)
      for (const f of both(island.from[k]!)) for (const t of both(island.to[k]!)) pairs.push([f, t]);
    this.second.forEach((node, row) => node >= 0 && pairs.push([row, node]));
    const roles = new Uint8Array(this.n).fill(role.pq);
    roles.set(island.roles);
    this.y = admittancePattern({
      ...island,
      buses: Int32Array.from({ length: this.n }, (_, i) => i),
      roles,
      from: Int32Array.from(pairs, ([f]) => f),
      to: Int32Array.from(pairs, ([, t]) => t),
    });
    this.branches = branchAdmittance(grid, island);
    this.newton = new NewtonPowerFlow(this.y, roles);
    const { vm, va } = startOf(grid, island, 'case');
    const spread = (of: Float64Array): Float64Array =>
      Float64Array.from({ length: this.n }, (_, i) => of[i < many ? i : this.second.indexOf(i)]!);
    this.start = { vm: spread(vm), va: spread(va) };
    [this.p, this.q] = [new Float64Array(this.n), new Float64Array(this.n)];
    this.mva = new Float64Array(branch.rows);
    this.from = new Int32Array(island.branches.length);
    this.to = new Int32Array(island.branches.length);
    this.loadNode = new Int32Array(many);
    this.genNode = new Int32Array(gen.rows);
    this.reached = new Uint8Array(this.n);
    this.busy = new Uint8Array(this.n);
    this.queue = new Int32Array(this.n);
  }

  /**
   * Solves the network as it stands. @param busbar [elements] 0 or 1  @param status [branches] 0: out of service  @param pd @param qd [buses] MW, MVAr  @param pg [gens] MW, the reference's not read
   * @returns false: a load or a generator is cut off, or there is no solution
   */
  solve(
    busbar: ArrayLike<number>,
    status: ArrayLike<number>,
    pd: Float64Array,
    qd: Float64Array,
    pg: Float64Array,
  ): boolean {
    this.place(busbar);
    if (!this.connected(status, pd, qd)) return false;
    this.fill(status);
    const { newton, p, q, loadNode, genNode, island } = this;
    const { baseMva } = this.grid;
    p.fill(0);
    q.fill(0);
    for (let row = 0; row < loadNode.length; row++) {
      p[loadNode[row]!]! -= pd[row]! / baseMva;
      q[loadNode[row]!]! -= qd[row]! / baseMva;
    }
    for (let i = 0; i < newton.roles.length; i++) newton.roles[i] = role.pq;
    newton.vm.set(this.start.vm);
    newton.va.set(this.start.va);
    for (let g = 0; g < island.gens.length; g++) {
      const row = island.gens[g]!;
      const node = genNode[row]!;
      newton.roles[node] = island.roles[island.genBus[g]!] === role.ref ? role.ref : role.pv;
      newton.vm[node] = this.grid.gen.Vg[row]!;
      p[node]! += pg[row]! / baseMva;
    }
    if (newton.solve(p, q) !== 'converged') return false;
    this.measure(status);
    const reference = island.roles.indexOf(role.ref);
    this.slackMw = newton.p[reference]! * baseMva + pd[reference]!;
    return true;
  }

  /** Nodes of everything under an assignment. */
  private place(busbar: ArrayLike<number>): void {
    const { island, from, to, loadNode, genNode, second } = this;
    from.set(island.from);
    to.set(island.to);
    for (let row = 0; row < loadNode.length; row++) loadNode[row] = row;
    for (let g = 0; g < island.gens.length; g++) genNode[island.gens[g]!] = island.genBus[g]!;
    for (let s = 0; s < this.substations.length; s++) {
      const { elements, first } = this.substations[s]!;
      for (let e = 0; e < elements.length; e++) {
        if (busbar[first + e] !== 1) continue;
        const { kind, row } = elements[e]!;
        if (kind === 'load') loadNode[row] = second[row]!;
        else if (kind === 'generator') genNode[row] = second[genNode[row]!]!;
        else {
          const k = island.branches.indexOf(row);
          const ends = kind === 'from' ? from : to;
          ends[k] = second[ends[k]!]!;
        }
      }
    }
  }

  /** Whether all loads and generators are with the reference. */
  private connected(status: ArrayLike<number>, pd: Float64Array, qd: Float64Array): boolean {
    const { reached, queue, busy, island, from, to, loadNode, genNode } = this;
    reached.fill(0);
    busy.fill(0);
    const reference = island.roles.indexOf(role.ref);
    queue[0] = reference;
    reached[reference] = 1;
    let count = 1;
    for (let i = 0; i < count; i++)
      for (let k = 0; k < from.length; k++) {
        if (status[island.branches[k]!] === 0) continue;
        busy[from[k]!] = 1;
        busy[to[k]!] = 1;
        const other = from[k] === queue[i] ? to[k]! : to[k] === queue[i] ? from[k]! : -1;
        if (other < 0 || reached[other] === 1) continue;
        reached[other] = 1;
        queue[count++] = other;
      }
    for (let row = 0; row < loadNode.length; row++) {
      if ((pd[row] !== 0 || qd[row] !== 0) && reached[loadNode[row]!] === 0) return false;
      // A bus that nothing hangs at is a part of the network all the same: without any branch there is no voltage to solve for.
      if (this.second[row]! < 0 && reached[row] === 0) return false;
    }
    for (let g = 0; g < island.gens.length; g++) if (reached[genNode[island.gens[g]!]!] === 0) return false;
    for (let node = 0; node < this.n; node++) if (busy[node] === 1 && reached[node] === 0) return false;
    return true;
  }

  private fill(status: ArrayLike<number>): void {
    const { y, branches, island, from, to, reached } = this;
    const { bus, baseMva } = this.grid;
    y.g.fill(0);
    y.b.fill(0);
    for (let row = 0; row < bus.rows; row++) {
      // A shunt stands at the first busbar.
      y.g[y.diagonal[row]!]! += bus.Gs[row]! / baseMva;
      y.b[y.diagonal[row]!]! += bus.Bs[row]! / baseMva;
      const other = this.second[row]!;
      if (other < 0 || (reached[row] === 1 && reached[other] === 1)) continue;
      y.b[y.diagonal[row]!]! -= coupler;
      y.b[y.diagonal[other]!]! -= coupler;
      y.b[entryAt(y, row, other)]! += coupler;
      y.b[entryAt(y, other, row)]! += coupler;
    }
    for (let k = 0; k < from.length; k++) {
      if (status[island.branches[k]!] === 0) continue;
      const [f, t] = [from[k]!, to[k]!];
      add(y, y.diagonal[f]!, branches.ff, k);
      add(y, y.diagonal[t]!, branches.tt, k);
      add(y, entryAt(y, f, t), branches.ft, k);
      add(y, entryAt(y, t, f), branches.tf, k);
    }
  }

  private measure(status: ArrayLike<number>): void {
    const { mva, island, from, to, branches } = this;
    mva.fill(0);
    for (let k = 0; k < from.length; k++) {
      const row = island.branches[k]!;
      if (status[row] === 0) continue;
      const { vm, va } = this.newton;
      const [f, t] = [from[k]!, to[k]!];
      const turn = va[f]! - va[t]!;
      const here = apparent(branches.ff, branches.ft, k, vm[f]!, vm[t]!, turn);
      const there = apparent(branches.tt, branches.tf, k, vm[t]!, vm[f]!, -turn);
      mva[row] = Math.max(here, there) * this.grid.baseMva;
    }
  }
}

function add({ g, b }: Admittance, entry: number, y: Float64Array, k: number): void {
  g[entry]! += y[2 * k]!;
  b[entry]! += y[2 * k + 1]!;
}

/** `|V (Y_own V + Y_other V')*|` with V at an angle of 0 and V' at −turn. */
function apparent(own: Float64Array, other: Float64Array, k: number, v: number, w: number, turn: number): number {
  const [re, im] = [w * Math.cos(turn), -w * Math.sin(turn)];
  const ir = own[2 * k]! * v + other[2 * k]! * re - other[2 * k + 1]! * im;
  const ii = own[2 * k + 1]! * v + other[2 * k]! * im + other[2 * k + 1]! * re;
  return v * Math.hypot(ir, ii);
}
