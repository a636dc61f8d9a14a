import { assertLength } from '../../core/errors.ts';

/** Columns of a bus row, MATPOWER's: MW, MVAr (at 1 p.u. for shunts), p.u., degrees, kV. `type`: 1 PQ, 2 PV, 3 reference, 4 isolated. */
export const busColumns = [
  'bus',
  'type',
  'Pd',
  'Qd',
  'Gs',
  'Bs',
  'area',
  'Vm',
  'Va',
  'baseKV',
  'zone',
  'Vmax',
  'Vmin',
] as const;

/** Columns of a generator row: MW, MVAr, p.u., MVA. */
export const genColumns = ['bus', 'Pg', 'Qg', 'Qmax', 'Qmin', 'Vg', 'mBase', 'status', 'Pmax', 'Pmin'] as const;

/** Columns of a branch row: p.u., MVA (0: no limit), degrees. A ratio of 0 is a line's 1. */
export const branchColumns = [
  'from',
  'to',
  'r',
  'x',
  'b',
  'rateA',
  'rateB',
  'rateC',
  'ratio',
  'angle',
  'status',
  'angmin',
  'angmax',
] as const;

/** A table of numbers by column. Rows stay in the order of their file. */
export type GridTable<Column extends string> = Readonly<Record<Column, Float64Array>> & {
  readonly rows: number;
  /** 1-based line of each row in its file; absent where it came from none. */
  readonly lines?: Int32Array;
};

/**
 * A network as its file has it: external bus numbers, MW, degrees. Numbers of buses are any positive integers; inside, a bus is the
 * position of its row. Source: MATPOWER User's Manual, appendix B; specs/grid.md 1.1.
 */
export interface GridCase {
  readonly name: string;
  readonly file?: string;
  /** MVA */
  readonly baseMva: number;
  readonly bus: GridTable<(typeof busColumns)[number]>;
  readonly gen: GridTable<(typeof genColumns)[number]>;
  readonly branch: GridTable<(typeof branchColumns)[number]>;
  readonly busNames?: readonly string[];
}

/** A table of rows of numbers. @param rows each at least as long as `columns`; what they have beyond is left out */
export function gridTable<Column extends string>(
  columns: readonly Column[],
  rows: readonly ArrayLike<number>[],
  lines?: readonly number[],
): GridTable<Column> {
  const byColumn = Object.fromEntries(
    columns.map((name, c) => [name, Float64Array.from(rows, (row) => row[c]!)]),
  ) as Record<Column, Float64Array>;
  return { ...byColumn, rows: rows.length, ...(lines === undefined ? {} : { lines: Int32Array.from(lines) }) };
}

/** The same network with other numbers in some columns of its buses, generators and branches: a case is never changed in place. */
export function withColumns(
  grid: GridCase,
  changed: {
    readonly bus?: Partial<Record<(typeof busColumns)[number], Float64Array>>;
    readonly gen?: Partial<Record<(typeof genColumns)[number], Float64Array>>;
    readonly branch?: Partial<Record<(typeof branchColumns)[number], Float64Array>>;
  },
): GridCase {
  for (const table of ['bus', 'gen', 'branch'] as const)
    for (const [name, values] of Object.entries(changed[table] ?? {}))
      assertLength(values, grid[table].rows, `${table}.${name}`, 'withColumns');
  return {
    ...grid,
    bus: { ...grid.bus, ...changed.bus },
    gen: { ...grid.gen, ...changed.gen },
    branch: { ...grid.branch, ...changed.branch },
  };
}

/** What a case is called that does not say so itself: its file without folder and ending. */
export function nameOfFile(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.\w+$/, '');
}
