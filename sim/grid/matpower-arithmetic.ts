import type { TokenCursor } from './matpower-cursor.ts';
import type { Token } from './matpower-tokens.ts';

export type TableName = 'bus' | 'gen' | 'branch';

/** A table while its file is read: rows as wide as they stand there. */
export interface Rows {
  readonly rows: number[][];
  readonly lines: number[];
}

/** Columns by MATPOWER's constants (idx_bus, idx_brch), 0-based: those that conversions of units name. */
const constants: Readonly<Record<string, number>> = {
  PD: 2,
  QD: 3,
  GS: 4,
  BS: 5,
  VM: 7,
  VA: 8,
  BASE_KV: 9,
  BR_R: 2,
  BR_X: 3,
  BR_B: 4,
  RATE_A: 5,
  RATE_B: 6,
  RATE_C: 7,
};

const functions: Readonly<Record<string, (x: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sqrt: Math.sqrt,
};

/** What a case file has said so far. */
export interface CaseValues {
  readonly tables: Partial<Record<TableName, Rows>>;
  readonly scalars: Map<string, number>;
}

/** The cell that a column on the right of a conversion stands for: its row, and which of the columns. */
interface Cell {
  readonly row: number;
  readonly index: number;
}

/** `(:, [PD, QD])` or `(:, 3)`, as 0-based columns. */
export function columnsOf(cursor: TokenCursor, target: Token): number[] {
  cursor.expect('(');
  cursor.expect(':');
  cursor.expect(',');
  const columns: number[] = [];
  if (cursor.peek()?.text === '[') {
    cursor.at++;
    while (cursor.peek()?.text !== ']') {
      if (cursor.peek()?.text === ',') cursor.at++;
      else columns.push(column(cursor));
    }
    cursor.at++;
  } else columns.push(column(cursor));
  cursor.expect(')');
  if (columns.length === 0) throw cursor.wrong('converts no column', target);
  return columns;
}

function column(cursor: TokenCursor): number {
  const token = cursor.take();
  const column = token.kind === 'number' ? token.value - 1 : constants[token.text];
  if (column === undefined || !Number.isInteger(column) || column < 0)
    throw cursor.wrong(`'${token.text}' is no column whose units are converted`, token);
  return column;
}

/** Arithmetic: sums of products of powers. @param cell whose row and which of the columns a column on the right stands for */
export function arithmetic(cursor: TokenCursor, values: CaseValues, cell?: Cell, depth = 0): number {
  if (depth > 32) throw cursor.wrong('an expression as deep as no case file has', cursor.peek());
  const product = (): number => {
    let value = power();
    for (let sign = cursor.peek()?.text; sign === '*' || sign === '/'; sign = cursor.peek()?.text) {
      cursor.at++;
      const by = power();
      value = sign === '*' ? value * by : value / by;
    }
    return value;
  };
  const power = (): number => {
    const base = atom();
    if (cursor.peek()?.text !== '^') return base;
    cursor.at++;
    return base ** atom();
  };
  const atom = (): number => {
    const token = cursor.take();
    if (token.kind === 'number') return token.value;
    if (token.text === '-') return -power();
    if (token.text === '+') return power();
    if (token.text === '(') {
      const value = arithmetic(cursor, values, cell, depth + 1);
      cursor.expect(')');
      return value;
    }
    if (token.kind === 'name' && Object.hasOwn(functions, token.text) && cursor.peek()?.text === '(') {
      cursor.at++;
      const value = arithmetic(cursor, values, cell, depth + 1);
      cursor.expect(')');
      return functions[token.text]!(value);
    }
    const table = tableName(token.text);
    if (table !== undefined && cursor.peek()?.text === '(') return element(cursor, values, table, token, cell);
    const known = token.kind === 'name' ? values.scalars.get(token.text) : undefined;
    if (known === undefined) throw cursor.wrong(`'${token.text}' is not known here: only arithmetic is obeyed`, token);
    return known;
  };
  let value = product();
  for (let sign = cursor.peek()?.text; sign === '+' || sign === '-'; sign = cursor.peek()?.text) {
    cursor.at++;
    value += sign === '+' ? product() : -product();
  }
  return value;
}

/** `mpc.bus(1, BASE_KV)`, or the cell of a column `mpc.bus(:, PD)` that is being converted. */
function element(
  cursor: TokenCursor,
  values: CaseValues,
  table: TableName,
  token: Token,
  cell: Cell | undefined,
): number {
  const rows = values.tables[table];
  if (rows === undefined) throw cursor.wrong(`mpc.${table} is read before it is there`, token);
  let value: number | undefined;
  if (cursor.peek(1)?.text === ':') {
    const columns = columnsOf(cursor, token);
    if (cell === undefined) throw cursor.wrong(`the columns mpc.${table}(:, …) are no number`, token);
    value = rows.rows[cell.row]![columns.length === 1 ? columns[0]! : (columns[cell.index] ?? -1)];
  } else {
    cursor.expect('(');
    const row = cursor.take('number').value - 1;
    cursor.expect(',');
    const at = column(cursor);
    cursor.expect(')');
    value = rows.rows[row]?.[at];
  }
  if (value === undefined) throw cursor.wrong(`reads a cell that mpc.${table} does not have`, token);
  return value;
}

/** The table that a name like `mpc.bus` is. */
export function tableName(name: string): TableName | undefined {
  return name === 'mpc.bus' ? 'bus' : name === 'mpc.gen' ? 'gen' : name === 'mpc.branch' ? 'branch' : undefined;
}
