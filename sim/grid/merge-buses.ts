import { withColumns } from './grid-case.ts';
import type { GridCase, GridTable } from './grid-case.ts';
import { busRows, tinyImpedance } from './check-case.ts';
import type { PowerFlowSolution } from './solution.ts';

/** A network with some of its buses put together, and the way back to all of them. */
export interface MergedGrid {
  readonly grid: GridCase;
  /** Rows of the branches that were taken as none. */
  readonly merged: readonly number[];
  /** The solution in the rows of the network as it was. */
  expand(solution: PowerFlowSolution): PowerFlowSolution;
}

/**
 * Puts the ends of branches in service without an impedance worth it (below 1e-7 p.u., no tap, no shift) together: loads, shunts, charging and generators add up at one bus. What flows through such a branch afterwards
 * is what its side of the group takes, by Kirchhoff's law along a tree of each group; what closes a loop of them carries 0.
 * @returns null where there is none. Source: specs/grid.md 1.6
 */
export function mergeBuses(grid: GridCase): MergedGrid | null {
  const { bus, branch, gen, baseMva } = grid;
  const rowOf = busRows(grid);
  const end = (of: 'from' | 'to', r: number): number => rowOf.get(branch[of][r]!)!;
  const groups = Int32Array.from({ length: bus.rows }, (_, r) => r);
  const root = (r: number): number => (groups[r] === r ? r : (groups[r] = root(groups[r]!)));
  const plain = (r: number): boolean =>
    (branch.ratio[r] === 0 || branch.ratio[r] === 1) && branch.angle[r] === 0 && branch.status[r]! > 0;
  const merged: number[] = [];
  /** Those of them that join, in their order. */
  const tree: number[] = [];
  for (let r = 0; r < branch.rows; r++) {
    const [f, t] = [end('from', r), end('to', r)];
    if (!plain(r) || Math.hypot(branch.r[r]!, branch.x[r]!) >= tinyImpedance || bus.type[f] === 4 || bus.type[t] === 4)
      continue;
    merged.push(r);
    const [a, b] = [root(f), root(t)];
    if (a === b) continue;
    tree.push(r);
    // A bus that is held stays the one that is named.
    const [keep, drop] = bus.type[a]! >= bus.type[b]! ? [a, b] : [b, a];
    groups[drop] = keep;
  }
  if (merged.length === 0) return null;
  const inside = new Set(merged);
  // A line between two buses that are one now has its charging left.
  for (let r = 0; r < branch.rows; r++) if (plain(r) && root(end('from', r)) === root(end('to', r))) inside.add(r);

  const kept = [...bus.bus.keys()].filter((r) => root(r) === r);
  const position = new Int32Array(bus.rows).fill(-1);
  kept.forEach((r, k) => (position[r] = k));
  const summed = { Pd: bus.Pd.slice(), Qd: bus.Qd.slice(), Gs: bus.Gs.slice(), Bs: bus.Bs.slice() };
  for (let r = 0; r < bus.rows; r++)
    if (root(r) !== r) for (const column of Object.values(summed)) column[root(r)]! += column[r]!;
  for (const r of inside) summed.Bs[root(end('from', r))]! += branch.b[r]! * baseMva;
  // A generator that holds nothing goes on giving what it gives, beside others that do.
  const given = new Set<number>();
  gen.bus.forEach((id, g) => {
    const r = rowOf.get(id)!;
    if (!(gen.status[g]! > 0) || bus.type[r] !== 1 || bus.type[root(r)] === 1) return;
    given.add(g);
    summed.Pd[root(r)]! -= gen.Pg[g]!;
    summed.Qd[root(r)]! -= gen.Qg[g]!;
  });
  const number = (of: 'from' | 'to'): Float64Array =>
    Float64Array.from(branch[of], (_, r) => bus.bus[root(end(of, r))]!);
  const outside = [...branch.status.keys()].filter((r) => !inside.has(r));
  const whole = withColumns(grid, {
    bus: summed,
    gen: {
      bus: gen.bus.map((id) => bus.bus[root(rowOf.get(id)!)]!),
      status: gen.status.map((status, g) => (given.has(g) ? 0 : status)),
    },
    branch: { from: number('from'), to: number('to') },
  });
  const small: GridCase = { ...whole, bus: rowsOf(whole.bus, kept), branch: rowsOf(whole.branch, outside) };
  return { grid: small, merged, expand };

  function expand(solution: PowerFlowSolution): PowerFlowSolution {
    const at = Int32Array.from({ length: bus.rows }, (_, r) => position[root(r)]!);
    const vm = Float64Array.from(at, (k) => solution.vm[k]!);
    const va = Float64Array.from(at, (k) => solution.va[k]!);
    const flows = {
      pFrom: new Float64Array(branch.rows),
      qFrom: new Float64Array(branch.rows),
      pTo: new Float64Array(branch.rows),
      qTo: new Float64Array(branch.rows),
    };
    outside.forEach((r, k) => {
      for (const name of ['pFrom', 'qFrom', 'pTo', 'qTo'] as const) flows[name][r] = solution[name][k]!;
    });
    for (const r of inside) {
      const charging = (branch.b[r]! / 2) * baseMva * vm[end('from', r)]! ** 2;
      flows.qFrom[r] = flows.qTo[r] = -charging || 0;
    }
    const pGen = solution.pGen.map((p, g) => (given.has(g) ? gen.Pg[g]! : p));
    const qGen = solution.qGen.map((q, g) => (given.has(g) ? gen.Qg[g]! : q));
    throughTrees(vm, pGen, qGen, flows);
    const [p, q] = [sum(flows.pFrom, flows.pTo), sum(flows.qFrom, flows.qTo)];
    const rows = (of: Int32Array): Int32Array => {
      const wanted = new Set(Array.from(of, (k) => kept[k]!));
      return Int32Array.from([...bus.bus.keys()].filter((r) => wanted.has(root(r))));
    };
    const islands = solution.islands.map((island) => {
      const members = rows(island.buses);
      const roleOf = new Map(Array.from(island.buses, (k, i) => [kept[k]!, island.roles[i]!] as const));
      const changed = Int32Array.from(island.changed, (k) => kept[k]!);
      return { ...island, buses: members, changed, roles: Uint8Array.from(members, (r) => roleOf.get(root(r))!) };
    });
    return { ...solution, vm, va, ...flows, pGen, qGen, lossMw: p, lossMvar: q, islands };
  }

  /** From the leaves of each tree on, a branch brings what its side takes. */
  function throughTrees(
    vm: Float64Array,
    pGen: Float64Array,
    qGen: Float64Array,
    flows: Record<'pFrom' | 'qFrom' | 'pTo' | 'qTo', Float64Array>,
  ): void {
    const takes = [
      { need: bus.Pd.map((p, r) => p + bus.Gs[r]! * vm[r]! ** 2), given: pGen, from: flows.pFrom, to: flows.pTo },
      { need: bus.Qd.map((q, r) => q - bus.Bs[r]! * vm[r]! ** 2), given: qGen, from: flows.qFrom, to: flows.qTo },
    ];
    const open = new Set(tree);
    const degree = new Int32Array(bus.rows);
    for (const r of tree) for (const of of ['from', 'to'] as const) degree[end(of, r)]!++;
    for (const { need, given, from, to } of takes) {
      gen.bus.forEach((id, g) => (need[rowOf.get(id)!]! -= given[g]!));
      for (let r = 0; r < branch.rows; r++) {
        need[end('from', r)]! += from[r]!;
        need[end('to', r)]! += to[r]!;
      }
    }
    const leaves = [...degree.keys()].filter((r) => degree[r] === 1);
    for (let leaf = leaves.pop(); leaf !== undefined; leaf = leaves.pop()) {
      const here = leaf;
      const r = [...open].find((each) => end('from', each) === here || end('to', each) === here);
      if (r === undefined) continue;
      open.delete(r);
      const leafIsTo = end('to', r) === here;
      const other = end(leafIsTo ? 'from' : 'to', r);
      for (const { need, from, to } of takes) {
        const through = leafIsTo ? need[here]! : -need[here]!;
        from[r]! += through;
        to[r]! -= through;
        need[other]! += need[here]!;
      }
      if (--degree[other]! === 1) leaves.push(other);
    }
  }
}

function rowsOf<Column extends string>(table: GridTable<Column>, rows: readonly number[]): GridTable<Column> {
  const wanted = new Set(rows);
  const { rows: _, ...columns } = table as GridTable<string>;
  const left = Object.entries(columns).map(([name, values]) => [
    name,
    (values as Float64Array).filter((__, r) => wanted.has(r)),
  ]);
  return { ...Object.fromEntries(left), rows: rows.length } as GridTable<Column>;
}

function sum(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, x, r) => total + x + b[r]!, 0);
}
