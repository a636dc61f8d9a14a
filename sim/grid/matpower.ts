import { branchColumns, busColumns, genColumns, gridTable } from './grid-case.ts';
import type { GridCase } from './grid-case.ts';
import { GridCaseError } from './grid-fault.ts';
import { matpowerTokens } from './matpower-tokens.ts';
import type { Token } from './matpower-tokens.ts';

type TableName = 'bus' | 'gen' | 'branch';

/** A table while its file is read: rows as wide as they stand there. */
interface Rows {
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

/** Tables of a case file that tell nothing of a power flow. */
const ignored = new Set(['gencost', 'gentype', 'genfuel', 'areas', 'userfcn', 'reserves', 'iflims', 'softlims', 'if']);

const narrowest = { bus: busColumns.length, gen: genColumns.length, branch: 11 } as const;

/**
 * Reads a MATPOWER case file, version 2: its tables, and the statements behind them by which 23 of MATPOWER's 76 files convert units
 * (`mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3`). Nothing else of the language is obeyed: a statement of any other form is refused.
 * @throws {GridCaseError} E_FORMAT with file and line. Source: specs/grid.md 1.5
 */
export function parseMatpower(text: string, file: string): GridCase {
  return new CaseReader(matpowerTokens(text, file), file).read();
}

class CaseReader {
  private readonly tokens: readonly Token[];
  private readonly file: string;
  private at = 0;
  private name = '';
  private readonly tables: Partial<Record<TableName, Rows>> = {};
  private readonly scalars = new Map<string, number>();
  private busNames: readonly string[] | undefined;

  constructor(tokens: readonly Token[], file: string) {
    this.tokens = tokens;
    this.file = file;
  }

  read(): GridCase {
    while (this.at < this.tokens.length) this.statement();
    const { bus, gen, branch } = this.tables;
    for (const [table, rows] of Object.entries({ bus, gen, branch }))
      if (rows === undefined) throw this.wrong(`has no mpc.${table}`, this.tokens.at(-1));
    const baseMva = this.scalars.get('mpc.baseMVA');
    if (baseMva === undefined) throw this.wrong('has no mpc.baseMVA', this.tokens.at(-1));
    // Files of ten columns have no limits of angles; nothing here reads them.
    for (const row of branch!.rows) while (row.length < branchColumns.length) row.push(row.length === 11 ? -360 : 360);
    return {
      name: this.name,
      file: this.file,
      baseMva,
      bus: gridTable(busColumns, bus!.rows, bus!.lines),
      gen: gridTable(genColumns, gen!.rows, gen!.lines),
      branch: gridTable(branchColumns, branch!.rows, branch!.lines),
      ...(this.busNames === undefined ? {} : { busNames: this.busNames }),
    };
  }

  private statement(): void {
    const token = this.peek();
    if (token === undefined) return;
    if (token.kind === 'end') {
      this.at++;
      return;
    }
    if (token.text === 'function') this.functionLine();
    else if (token.text === 'return' || token.text === 'end' || token.text === 'define_constants') this.at++;
    else if (token.text === 'if') this.skippedBlock();
    else if (token.text === '[') this.constantsLine();
    else if (token.kind === 'name') this.assignment();
    else throw this.wrong(`'${token.text}' begins no statement that a case file has`, token);
    const end = this.peek();
    if (end !== undefined && end.kind !== 'end')
      throw this.wrong(`'${end.text}' where a statement should have ended`, end);
  }

  /** `function mpc = name` */
  private functionLine(): void {
    this.at++;
    const result = this.take();
    if (result.text !== 'mpc')
      throw this.wrong(
        'is no case of version 2: expected `function mpc = NAME`. Files of version 1 are not read; MATPOWER saves them as version 2',
        result,
      );
    this.expect('=');
    this.name = this.take('name').text;
  }

  /** `[PQ, PV, REF, ...] = idx_bus;` names the constants that are known here anyway. */
  private constantsLine(): void {
    const start = this.peek()!;
    while (this.peek()?.text !== ']') this.take();
    this.at++;
    this.expect('=');
    const source = this.take('name');
    if (!['idx_bus', 'idx_brch', 'idx_gen', 'idx_cost', 'idx_dcline'].includes(source.text))
      throw this.wrong(`'${source.text}' gives no constants, expected idx_bus, idx_brch or idx_gen`, start);
  }

  /** `if NAME … end` with a variable that is 0. */
  private skippedBlock(): void {
    const start = this.take();
    const condition = this.take('name');
    const value = this.scalars.get(condition.text);
    if (value !== 0)
      throw this.wrong(`a block that depends on '${condition.text}', which is not known to be 0, is not obeyed`, start);
    for (let depth = 1; depth > 0;) {
      const token = this.take();
      if (token.kind === 'name' && ['if', 'for', 'while', 'switch'].includes(token.text)) depth++;
      if (token.kind === 'name' && token.text === 'end') depth--;
    }
  }

  private assignment(): void {
    const target = this.take('name');
    const table = tableName(target.text);
    if (this.peek()?.text === '(') {
      if (table === undefined) throw this.wrong(`'${target.text}' has no columns that could be converted`, target);
      this.conversion(table, target);
      return;
    }
    this.expect('=');
    const next = this.peek();
    if (next?.text === '[') {
      const rows = this.matrix();
      if (table !== undefined) this.tables[table] = this.widthChecked(table, rows);
      else if (target.text === 'mpc.dcline' && rows.rows.length > 0)
        throw this.wrong('has DC lines (mpc.dcline), which are not simulated', target);
    } else if (next?.text === '{') {
      const texts = this.cells();
      if (target.text === 'mpc.bus_name') this.busNames = texts;
    } else if (next?.kind === 'text') this.version(target, this.take());
    else if (!ignored.has(target.text.replace(/^mpc\.(\w+).*$/, '$1')))
      this.scalars.set(target.text, this.sum(undefined, 0));
    else while (this.peek() !== undefined && this.peek()!.kind !== 'end') this.at++;
  }

  private version(target: Token, value: Token): void {
    if (target.text === 'mpc.version' && value.text !== '2')
      throw this.wrong(`is version '${value.text}' of the case format, expected '2'`, value);
  }

  /** `mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3`: columns by columns of the same table, each times the same arithmetic. */
  private conversion(table: TableName, target: Token): void {
    const columns = this.columnsOf(target);
    this.expect('=');
    const rows = this.tables[table];
    if (rows === undefined) throw this.wrong(`mpc.${table} is converted before it is there`, target);
    const start = this.at;
    // Every column is taken before one is written: they may depend on each other.
    const converted = columns.map((_, index) =>
      rows.rows.map((_row, row) => {
        this.at = start;
        return this.sum({ row, index }, 0);
      }),
    );
    if (rows.rows.length === 0) while (this.peek()?.kind !== 'end') this.at++;
    converted.forEach((values, index) => {
      values.forEach((value, row) => {
        rows.rows[row]![columns[index]!] = value;
      });
    });
  }

  /** `(:, [PD, QD])` or `(:, 3)`, as 0-based columns. */
  private columnsOf(target: Token): number[] {
    this.expect('(');
    this.expect(':');
    this.expect(',');
    const columns: number[] = [];
    if (this.peek()?.text === '[') {
      this.at++;
      while (this.peek()?.text !== ']') {
        if (this.peek()?.text === ',') this.at++;
        else columns.push(this.column());
      }
      this.at++;
    } else columns.push(this.column());
    this.expect(')');
    if (columns.length === 0) throw this.wrong('converts no column', target);
    return columns;
  }

  private column(): number {
    const token = this.take();
    const column = token.kind === 'number' ? token.value - 1 : constants[token.text];
    if (column === undefined || !Number.isInteger(column) || column < 0)
      throw this.wrong(`'${token.text}' is no column whose units are converted`, token);
    return column;
  }

  /** Arithmetic: sums of products of powers. @param cell whose row and which of the columns a column on the right stands for */
  private sum(cell: { readonly row: number; readonly index: number } | undefined, depth: number): number {
    if (depth > 32) throw this.wrong('an expression as deep as no case file has', this.peek());
    const product = (): number => {
      let value = power();
      for (let sign = this.peek()?.text; sign === '*' || sign === '/'; sign = this.peek()?.text) {
        this.at++;
        const by = power();
        value = sign === '*' ? value * by : value / by;
      }
      return value;
    };
    const power = (): number => {
      const base = atom();
      if (this.peek()?.text !== '^') return base;
      this.at++;
      return base ** atom();
    };
    const atom = (): number => {
      const token = this.take();
      if (token.kind === 'number') return token.value;
      if (token.text === '-') return -power();
      if (token.text === '+') return power();
      if (token.text === '(') {
        const value = this.sum(cell, depth + 1);
        this.expect(')');
        return value;
      }
      if (token.kind === 'name' && Object.hasOwn(functions, token.text) && this.peek()?.text === '(') {
        this.at++;
        const value = this.sum(cell, depth + 1);
        this.expect(')');
        return functions[token.text]!(value);
      }
      const table = tableName(token.text);
      if (table !== undefined && this.peek()?.text === '(') return this.element(table, token, cell);
      const known = token.kind === 'name' ? this.scalars.get(token.text) : undefined;
      if (known === undefined) throw this.wrong(`'${token.text}' is not known here: only arithmetic is obeyed`, token);
      return known;
    };
    let value = product();
    for (let sign = this.peek()?.text; sign === '+' || sign === '-'; sign = this.peek()?.text) {
      this.at++;
      value += sign === '+' ? product() : -product();
    }
    return value;
  }

  /** `mpc.bus(1, BASE_KV)`, or the cell of a column `mpc.bus(:, PD)` that is being converted. */
  private element(table: TableName, token: Token, cell: { readonly row: number; readonly index: number } | undefined) {
    const rows = this.tables[table];
    if (rows === undefined) throw this.wrong(`mpc.${table} is read before it is there`, token);
    let value: number | undefined;
    if (this.tokens[this.at + 1]?.text === ':') {
      const columns = this.columnsOf(token);
      if (cell === undefined) throw this.wrong(`the columns mpc.${table}(:, …) are no number`, token);
      value = rows.rows[cell.row]![columns.length === 1 ? columns[0]! : (columns[cell.index] ?? -1)];
    } else {
      this.expect('(');
      const row = this.take('number').value - 1;
      this.expect(',');
      const column = this.column();
      this.expect(')');
      value = rows.rows[row]?.[column];
    }
    if (value === undefined) throw this.wrong(`reads a cell that mpc.${table} does not have`, token);
    return value;
  }

  /** `[1 2 3; 4, 5, 6]` of numbers with a sign each. */
  private matrix(): Rows {
    const open = this.take();
    const rows: number[][] = [];
    const lines: number[] = [];
    let row: number[] = [];
    let line = open.line;
    const close = (): void => {
      if (row.length === 0) return;
      rows.push(row);
      lines.push(line);
      row = [];
    };
    for (;;) {
      const token = this.take();
      if (token.text === ']') break;
      if (token.kind === 'newline' || token.text === ';') close();
      else if (token.text !== ',') {
        if (row.length === 0) ({ line } = token);
        row.push(this.signed(token));
      }
    }
    close();
    return { rows, lines };
  }

  private signed(token: Token): number {
    if (token.kind === 'number') return token.value;
    const sign = token.text === '-' ? -1 : token.text === '+' ? 1 : 0;
    const next = this.peek();
    if (sign === 0 || next?.kind !== 'number' || next.spaced)
      throw this.wrong(`'${token.text}' in a table, expected a number`, token);
    return sign * this.take().value;
  }

  /** `{'a'; 'b'}` */
  private cells(): string[] {
    this.at++;
    const texts: string[] = [];
    for (let token = this.take(); token.text !== '}' || token.kind === 'text'; token = this.take())
      if (token.kind === 'text') texts.push(token.text);
      else if (token.kind === 'number') texts.push(token.text);
      else if (token.kind === 'name') throw this.wrong(`'${token.text}' in a list of texts`, token);
    return texts;
  }

  private widthChecked(table: TableName, { rows, lines }: Rows): Rows {
    const ragged = rows.findIndex((row) => row.length !== rows[0]!.length || row.length < narrowest[table]);
    if (ragged >= 0)
      throw new GridCaseError(
        'E_FORMAT',
        `mpc.${table} has ${rows[ragged]!.length} columns in this row, expected ${
          rows[0]!.length < narrowest[table] ? `at least ${narrowest[table]}` : `${rows[0]!.length} as in its first`
        }`,
        { file: this.file, line: lines[ragged]! },
      );
    return { rows, lines };
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private take(kind?: Token['kind']): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw this.wrong('ends in the middle of a statement', this.tokens.at(-1));
    if (kind !== undefined && token.kind !== kind)
      throw this.wrong(`'${token.kind === 'end' ? 'end of line' : token.text}', expected a ${kind}`, token);
    this.at++;
    return token;
  }

  private expect(text: string): void {
    const token = this.take();
    if (token.text !== text)
      throw this.wrong(`'${token.text === '\n' ? 'end of line' : token.text}', expected '${text}'`, token);
  }

  private wrong(message: string, token: Token | undefined): GridCaseError {
    return new GridCaseError('E_FORMAT', message, { file: this.file, line: token?.line ?? 1 });
  }
}

function tableName(name: string): TableName | undefined {
  return name === 'mpc.bus' ? 'bus' : name === 'mpc.gen' ? 'gen' : name === 'mpc.branch' ? 'branch' : undefined;
}
