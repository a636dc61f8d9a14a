import { branchColumns, busColumns, genColumns, gridTable, nameOfFile } from './grid-case.ts';
import type { GridCase, GridTable } from './grid-case.ts';
import { GridCaseError } from './grid-fault.ts';

/** What a case as JSON calls the columns that must be there, and what stands in for those that need not. */
const defaults: Readonly<Record<string, number>> = {
  area: 1,
  zone: 1,
  rateB: 0,
  rateC: 0,
  angmin: -360,
  angmax: 360,
  Pmin: 0,
};

/** At and beyond this a number of a JSON case is infinite: JSON has no other way to say so. */
const infinite = 1e308;

/**
 * Reads a case as JSON: `baseMVA`, and for bus, gen and branch their rows and the names of their columns (`busColumns`, …), in any order.
 * @throws {GridCaseError} E_FORMAT with the pointer of what is wrong. Source: specs/grid.md 1.5
 */
export function parseGridJson(text: string, file: string): GridCase {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new GridCaseError('E_FORMAT', `is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      file,
    });
  }
  if (!isRecord(raw)) throw new GridCaseError('E_FORMAT', 'is no object', { file });
  const { baseMVA, name, busNames } = raw;
  if (typeof baseMVA !== 'number')
    throw new GridCaseError('E_FORMAT', `baseMVA is ${said(baseMVA)}, expected a number of MVA`, {
      file,
      path: '/baseMVA',
    });
  if (busNames !== undefined && !(Array.isArray(busNames) && busNames.every((each) => typeof each === 'string')))
    throw new GridCaseError('E_FORMAT', `busNames is ${said(busNames)}, expected texts`, { file, path: '/busNames' });
  return {
    name: typeof name === 'string' ? name : nameOfFile(file),
    file,
    baseMva: baseMVA,
    bus: readTable(raw, 'bus', busColumns, file),
    gen: readTable(raw, 'gen', genColumns, file),
    branch: readTable(raw, 'branch', branchColumns, file),
    ...(busNames === undefined ? {} : { busNames: busNames as string[] }),
  };
}

function readTable<Column extends string>(
  raw: Readonly<Record<string, unknown>>,
  table: string,
  columns: readonly Column[],
  file: string,
): GridTable<Column> {
  const names = raw[`${table}Columns`];
  const rows = raw[table];
  if (!Array.isArray(rows))
    throw new GridCaseError('E_FORMAT', `${table} is ${said(rows)}, expected rows`, { file, path: `/${table}` });
  if (!Array.isArray(names))
    throw new GridCaseError('E_FORMAT', `${table}Columns is ${said(names)}, expected names of columns`, {
      file,
      path: `/${table}Columns`,
    });
  const from = columns.map((column) => names.indexOf(column));
  const missing = columns.findIndex((column, c) => from[c] === -1 && !Object.hasOwn(defaults, column));
  if (missing >= 0)
    throw new GridCaseError('E_FORMAT', `has no column '${columns[missing]}'; it has ${names.map(String).join(', ')}`, {
      file,
      path: `/${table}Columns`,
    });
  const read = rows.map((row: unknown, r) => {
    const path = `/${table}/${r}`;
    if (!Array.isArray(row) || row.length !== names.length)
      throw new GridCaseError(
        'E_FORMAT',
        `${Array.isArray(row) ? `${row.length} numbers` : said(row)}, expected ${names.length} numbers`,
        { file, path },
      );
    return columns.map((column, c) => {
      if (from[c] === -1) return defaults[column]!;
      const value: unknown = row[from[c]!];
      if (value === null) return Number.NaN;
      if (typeof value !== 'number')
        throw new GridCaseError('E_FORMAT', `${said(value)}, expected a number`, { file, path: `${path}/${from[c]}` });
      return Math.abs(value) >= infinite ? Math.sign(value) * Infinity : value;
    });
  });
  return gridTable(columns, read);
}

/** The case as that JSON, to be read again to the same bits. */
export function writeGridJson(grid: GridCase): string {
  const rows = <Column extends string>(columns: readonly Column[], table: GridTable<Column>): string[] =>
    Array.from({ length: table.rows }, (_, r) =>
      JSON.stringify(
        columns.map((column) => {
          const value = table[column][r]!;
          return Number.isFinite(value) ? value : Number.isNaN(value) ? null : Math.sign(value) * infinite;
        }),
      ),
    );
  const part = (name: string, columns: readonly string[], lines: readonly string[]): string =>
    `"${name}Columns": ${JSON.stringify(columns)},\n"${name}": [\n${lines.join(',\n')}\n]`;
  return `{\n${[
    `"name": ${JSON.stringify(grid.name)}`,
    `"baseMVA": ${grid.baseMva}`,
    part('bus', busColumns, rows(busColumns, grid.bus)),
    part('gen', genColumns, rows(genColumns, grid.gen)),
    part('branch', branchColumns, rows(branchColumns, grid.branch)),
    ...(grid.busNames === undefined ? [] : [`"busNames": ${JSON.stringify(grid.busNames)}`]),
  ].join(',\n')}\n}\n`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function said(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
