import { busRows } from './check-case.ts';
import type { GridCase } from './grid-case.ts';
import { GridCaseError } from './grid-fault.ts';
import type { GridFinding } from './grid-fault.ts';

/** What is held at a bus: P and Q, P and |V|, or |V| and the angle. */
export const role = { pq: 1, pv: 2, ref: 3 } as const;

/** A connected part of a network with a source. Buses are positions in `buses`; branches and generators rows of the case. */
export interface Island {
  /** Rows of the case, ascending. */
  readonly buses: Int32Array;
  /** [n] of `role` */
  readonly roles: Uint8Array;
  /** Rows of branches in service, and the positions of their ends. */
  readonly branches: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Rows of generators in service, and the position of their bus. */
  readonly gens: Int32Array;
  readonly genBus: Int32Array;
}

/** Buses without a source: no voltage, and their load is not served. */
export interface DeadPart {
  readonly buses: Int32Array;
  /** MW */
  readonly unserved: number;
}

export interface Network {
  readonly grid: GridCase;
  readonly islands: readonly Island[];
  readonly dead: readonly DeadPart[];
  readonly findings: readonly GridFinding[];
}

/**
 * Splits a case into its islands and settles what is held at each bus.
 * - A PV or reference bus without a generator in service is PQ.
 * - No reference anywhere: the first PV bus of the file is one. An island without one: the bus of the generator with the largest Pmax.
 * - Without a generator in service an island is dead.
 * @throws {GridCaseError} E_TWO_REFS unless `allowMultiRef`. Source: specs/grid.md 1.4, 2.9
 */
export function networkOf(grid: GridCase, options: { readonly allowMultiRef?: boolean } = {}): Network {
  const { bus, gen, branch } = grid;
  const rowOf = busRows(grid);
  const used = Uint8Array.from(bus.type, (type) => (type === 4 ? 0 : 1));
  const ends = (r: number): [number, number] => [rowOf.get(branch.from[r]!)!, rowOf.get(branch.to[r]!)!];
  const inService: number[] = [];
  const parts = new DisjointSets(bus.rows);
  for (let r = 0; r < branch.rows; r++) {
    const [f, t] = ends(r);
    if (!(branch.status[r]! > 0) || used[f] === 0 || used[t] === 0) continue;
    inService.push(r);
    parts.join(f, t);
  }
  const genRows = Array.from({ length: gen.rows }, (_, r) => r).filter(
    (r) => gen.status[r]! > 0 && used[rowOf.get(gen.bus[r]!)!] === 1,
  );
  const regulated = new Uint8Array(bus.rows);
  for (const r of genRows) regulated[rowOf.get(gen.bus[r]!)!] = 1;
  const roles = Uint8Array.from(bus.type, (type, r) => (regulated[r] === 1 && type !== 4 ? type : role.pq));

  const findings: GridFinding[] = [];
  if (!roles.includes(role.ref)) {
    const first = roles.indexOf(role.pv);
    if (first >= 0) promote(first, 'no reference bus is left');
  }
  function promote(row: number, why: string): void {
    roles[row] = role.ref;
    findings.push({
      code: 'W_REF_PROMOTED',
      message: `${why}: bus ${bus.bus[row]} is the reference`,
      buses: [bus.bus[row]!],
    });
  }

  const buses = [...used.keys()].filter((r) => used[r] === 1);
  const groups = grouped(buses, (r) => parts.root(r));
  const gensOf = grouped(genRows, (r) => parts.root(rowOf.get(gen.bus[r]!)!));
  const branchesOf = grouped(inService, (r) => parts.root(ends(r)[0]));
  const islands: Island[] = [];
  const dead: DeadPart[] = [];
  const position = new Int32Array(bus.rows);
  for (const rows of groups.values()) {
    const root = parts.root(rows[0]!);
    const gens = gensOf.get(root) ?? [];
    const load = rows.reduce((sum, r) => sum + Math.abs(bus.Pd[r]!) + Math.abs(bus.Qd[r]!), 0);
    const numbers = rows.map((r) => bus.bus[r]!);
    if (gens.length === 0) {
      const unserved = rows.reduce((sum, r) => sum + bus.Pd[r]!, 0);
      dead.push({ buses: Int32Array.from(rows), unserved });
      findings.push(
        load === 0
          ? { code: 'W_ISOLATED_BUS', message: 'without a source and without load: no voltage', buses: numbers }
          : {
              code: 'E_ISLAND_NO_SOURCE',
              message: `without a source: no voltage, ${unserved} MW not served`,
              buses: numbers,
            },
      );
      continue;
    }
    if (groups.size > 1 && load === 0)
      findings.push({ code: 'E_ISLAND_NO_LOAD', message: 'an island with a source and no load', buses: numbers });
    const refs = rows.filter((r) => roles[r] === role.ref);
    if (refs.length > 1 && options.allowMultiRef !== true)
      throw new GridCaseError(
        'E_TWO_REFS',
        `buses ${refs.map((r) => bus.bus[r]).join(', ')} of one island are all references`,
        grid.file === undefined ? undefined : { file: grid.file },
      );
    if (refs.length === 0) {
      const largest = gens.reduce((best, r) => (gen.Pmax[r]! > gen.Pmax[best]! ? r : best), gens[0]!);
      promote(rowOf.get(gen.bus[largest]!)!, 'an island has no reference bus');
    }
    rows.forEach((r, i) => (position[r] = i));
    const branches = branchesOf.get(root) ?? [];
    islands.push({
      buses: Int32Array.from(rows),
      roles: Uint8Array.from(rows, (r) => roles[r]!),
      branches: Int32Array.from(branches),
      from: Int32Array.from(branches, (r) => position[ends(r)[0]]!),
      to: Int32Array.from(branches, (r) => position[ends(r)[1]]!),
      gens: Int32Array.from(gens),
      genBus: Int32Array.from(gens, (r) => position[rowOf.get(gen.bus[r]!)!]!),
    });
  }
  return { grid, islands, dead, findings };
}

/** Buses of an island that hang together where only some of its branches are in service: positions, each part ascending, in the order of their first. */
export function connectedParts({ buses, from, to }: Island, isIn: (branch: number) => boolean): number[][] {
  const sets = new DisjointSets(buses.length);
  for (let k = 0; k < from.length; k++) if (isIn(k)) sets.join(from[k]!, to[k]!);
  return [...grouped([...buses.keys()], (i) => sets.root(i)).values()];
}

/** Rows by a key, in their order. */
function grouped(rows: readonly number[], key: (row: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const own = groups.get(key(row));
    if (own === undefined) groups.set(key(row), [row]);
    else own.push(row);
  }
  return groups;
}

/** Union-find with path halving. Source: Tarjan and van Leeuwen (1984) */
class DisjointSets {
  private readonly parent: Int32Array;

  constructor(n: number) {
    this.parent = Int32Array.from({ length: n }, (_, i) => i);
  }

  root(of: number): number {
    const { parent } = this;
    let i = of;
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!;
      i = parent[i]!;
    }
    return i;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.root(a), this.root(b)];
    // The smaller row is the root, so that islands come in the order of their first bus.
    this.parent[Math.max(x, y)] = Math.min(x, y);
  }
}
