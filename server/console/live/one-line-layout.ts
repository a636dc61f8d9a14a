import type { GridTopology } from '../../../core/telemetry.ts';

/** Where a bus stands: columns from the reference, rows of the tree. */
export interface BusPlace {
  readonly bus: number;
  readonly column: number;
  readonly row: number;
}

export interface OneLine {
  readonly buses: readonly BusPlace[];
  /** Positions in `buses` of the ends of each branch; those that close loops last. */
  readonly branches: readonly (readonly [from: number, to: number])[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * A one-line diagram of a network: a tree from the reference, breadth first, whose longest way goes on in its row while the others
 * branch off into rows of their own below. What closes loops is drawn across. Buses that nothing reaches are left out.
 */
export function oneLine({ buses, branches, reference }: GridTopology): OneLine {
  const near = new Map<number, number[]>(buses.map((bus) => [bus, []]));
  for (const [from, to] of branches) {
    near.get(from)?.push(to);
    near.get(to)?.push(from);
  }
  const column = new Map<number, number>([[reference, 0]]);
  const parent = new Map<number, number>();
  const order = [reference];
  for (const here of order) {
    for (const next of near.get(here) ?? []) {
      if (column.has(next)) continue;
      column.set(next, column.get(here)! + 1);
      parent.set(next, here);
      order.push(next);
    }
  }
  // How far the farthest leaf is, from the leaves up.
  const reach = new Map<number, number>();
  for (const bus of order.toReversed()) {
    const up = parent.get(bus);
    if (up !== undefined) reach.set(up, Math.max(reach.get(up) ?? 0, (reach.get(bus) ?? 0) + 1));
  }
  const children = new Map<number, number[]>();
  for (const bus of order.slice(1)) children.set(parent.get(bus)!, [...(children.get(parent.get(bus)!) ?? []), bus]);
  const row = new Map<number, number>();
  // The first column that is taken in each row: a branch goes into the first row below in which it ends before that.
  const taken: number[] = [];
  const heads = [reference];
  for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
    const start = column.get(head)!;
    const end = start + (reach.get(head) ?? 0);
    const above = head === reference ? -1 : row.get(parent.get(head)!)!;
    let at = above + 1;
    while ((taken[at] ?? Infinity) <= end + 1) at++;
    // Rows fill from the right: what branches off last stands nearest. The way down passes those between in the column before.
    for (let between = above + 1; between < at; between++) taken[between] = Math.min(taken[between]!, start - 1);
    taken[at] = start;
    const sides: number[] = [];
    for (let bus: number | undefined = head; bus !== undefined;) {
      row.set(bus, at);
      const [on, ...others]: number[] = (children.get(bus) ?? []).toSorted(
        (a, b) => (reach.get(b) ?? 0) - (reach.get(a) ?? 0),
      );
      sides.push(...others);
      bus = on;
    }
    heads.push(...sides);
  }
  const place = new Map(order.map((bus, k) => [bus, k]));
  const drawn = branches.filter(([from, to]) => place.has(from) && place.has(to));
  const isTree = ([from, to]: readonly [number, number]): boolean => parent.get(to) === from || parent.get(from) === to;
  return {
    buses: order.map((bus) => ({ bus, column: column.get(bus)!, row: row.get(bus)! })),
    branches: [...drawn.filter(isTree), ...drawn.filter((branch) => !isTree(branch))].map(
      ([from, to]) => [place.get(from)!, place.get(to)!] as const,
    ),
    columns: 1 + Math.max(...column.values()),
    rows: 1 + Math.max(...row.values()),
  };
}
