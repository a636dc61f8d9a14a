import { branchColumns, busColumns, genColumns, gridTable, nameOfFile } from './grid-case.ts';
import type { GridCase } from './grid-case.ts';
import { GridCaseError } from './grid-fault.ts';
import { arithmetic, columnsOf, tableName } from './matpower-arithmetic.ts';
import type { Rows, TableName } from './matpower-arithmetic.ts';
import { TokenCursor } from './matpower-cursor.ts';
import { matpowerTokens } from './matpower-tokens.ts';
import type { Token } from './matpower-tokens.ts';

/** Tables of a case file that tell nothing of a power flow. */
const ignored = new Set(['gencost', 'gentype', 'genfuel', 'areas', 'userfcn', 'reserves', 'iflims', 'softlims', 'if']);

const narrowest = { bus: busColumns.length, gen: genColumns.length, branch: 11 } as const;

/**
 * Reads a MATPOWER case file, version 2: its tables, and the statements behind them by which 23 of MATPOWER's 76 files convert units
 * (`mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3`). Nothing else of the language is obeyed: a statement of any other form is refused.
 * @throws {GridCaseError} E_FORMAT with file and line. Source: specs/grid.md 1.5
 */
export function parseMatpower(text: string, file: string): GridCase {
  return new CaseReader(new TokenCursor(matpowerTokens(text, file), file), file).read();
}

class CaseReader {
  private readonly cursor: TokenCursor;
  private readonly file: string;
  private name = '';
  readonly tables: Partial<Record<TableName, Rows>> = {};
  readonly scalars = new Map<string, number>();
  private busNames: readonly string[] | undefined;

  constructor(cursor: TokenCursor, file: string) {
    this.cursor = cursor;
    this.file = file;
  }

  read(): GridCase {
    while (this.cursor.peek() !== undefined) this.statement();
    const { bus, gen, branch } = this.tables;
    for (const [table, rows] of Object.entries({ bus, gen, branch }))
      if (rows === undefined) throw this.cursor.wrong(`has no mpc.${table}`);
    const baseMva = this.scalars.get('mpc.baseMVA');
    if (baseMva === undefined) throw this.cursor.wrong('has no mpc.baseMVA');
    // Files of ten columns have no limits of angles; nothing here reads them.
    for (const row of branch!.rows) while (row.length < branchColumns.length) row.push(row.length === 11 ? -360 : 360);
    return {
      name: this.name === '' ? nameOfFile(this.file) : this.name,
      file: this.file,
      baseMva,
      bus: gridTable(busColumns, bus!.rows, bus!.lines),
      gen: gridTable(genColumns, gen!.rows, gen!.lines),
      branch: gridTable(branchColumns, branch!.rows, branch!.lines),
      ...(this.busNames === undefined ? {} : { busNames: this.busNames }),
    };
  }

  private statement(): void {
    const token = this.cursor.peek();
    if (token === undefined) return;
    if (token.kind === 'end') {
      this.cursor.at++;
      return;
    }
    if (token.text === 'function') this.functionLine();
    else if (token.text === 'return' || token.text === 'end' || token.text === 'define_constants') this.cursor.at++;
    else if (token.text === 'if') this.skippedBlock();
    else if (token.text === '[') this.constantsLine();
    else if (token.kind === 'name') this.assignment();
    else throw this.cursor.wrong(`'${token.text}' begins no statement that a case file has`, token);
    const end = this.cursor.peek();
    if (end !== undefined && end.kind !== 'end')
      throw this.cursor.wrong(`'${end.text}' where a statement should have ended`, end);
  }

  /** `function mpc = name`, or `[mpc]` */
  private functionLine(): void {
    this.cursor.at++;
    const listed = this.cursor.peek()?.text === '[' && this.cursor.peek(2)?.text === ']';
    if (listed) this.cursor.at++;
    const result = this.cursor.take();
    if (result.text !== 'mpc')
      throw this.cursor.wrong(
        'is no case of version 2: expected `function mpc = NAME`. Files of version 1 are not read; MATPOWER saves them as version 2',
        result,
      );
    if (listed) this.cursor.expect(']');
    this.cursor.expect('=');
    this.name = this.cursor.take('name').text;
    if (this.cursor.peek()?.text !== '(') return;
    this.cursor.at++;
    this.cursor.expect(')');
  }

  /** `[PQ, PV, REF, ...] = idx_bus;` names the constants that are known here anyway. */
  private constantsLine(): void {
    const start = this.cursor.peek()!;
    while (this.cursor.peek()?.text !== ']') this.cursor.take();
    this.cursor.at++;
    this.cursor.expect('=');
    const source = this.cursor.take('name');
    if (!['idx_bus', 'idx_brch', 'idx_gen', 'idx_cost', 'idx_dcline'].includes(source.text))
      throw this.cursor.wrong(`'${source.text}' gives no constants, expected idx_bus, idx_brch or idx_gen`, start);
  }

  /** `if NAME … end` with a variable that is 0. */
  private skippedBlock(): void {
    const start = this.cursor.take();
    const condition = this.cursor.take('name');
    const value = this.scalars.get(condition.text);
    if (value !== 0)
      throw this.cursor.wrong(
        `a block that depends on '${condition.text}', which is not known to be 0, is not obeyed`,
        start,
      );
    let brackets = 0; // in which `end` is an index
    for (let depth = 1; depth > 0;) {
      const token = this.cursor.take();
      if (token.kind === 'sign' && '([{'.includes(token.text)) brackets++;
      if (token.kind === 'sign' && ')]}'.includes(token.text)) brackets--;
      if (brackets > 0) continue;
      if (token.kind === 'name' && ['if', 'for', 'while', 'switch'].includes(token.text)) depth++;
      if (token.kind === 'name' && token.text === 'end') depth--;
    }
  }

  private assignment(): void {
    const target = this.cursor.take('name');
    const table = tableName(target.text);
    if (this.cursor.peek()?.text === '(') {
      if (table === undefined)
        throw this.cursor.wrong(`'${target.text}' has no columns that could be converted`, target);
      this.conversion(table, target);
      return;
    }
    this.cursor.expect('=');
    const next = this.cursor.peek();
    if (next?.text === '[') {
      const rows = this.matrix();
      if (table !== undefined) this.tables[table] = this.widthChecked(table, rows);
      else if (target.text === 'mpc.dcline' && rows.rows.some((row) => row[2] !== 0))
        throw this.cursor.wrong('has DC lines (mpc.dcline), which are not simulated', target);
    } else if (next?.text === '{') {
      const texts = this.cells();
      if (target.text === 'mpc.bus_name') this.busNames = texts;
    } else if (target.text === 'mpc.version' && next?.kind !== 'end') this.version(this.cursor.take());
    else if (next?.kind === 'text') this.cursor.at++;
    else if (!ignored.has(target.text.replace(/^mpc\.(\w+).*$/, '$1')))
      this.scalars.set(target.text, arithmetic(this.cursor, this));
    else this.cursor.skipStatement();
  }

  private version(value: Token): void {
    const version = value.kind === 'number' ? String(value.value) : value.text;
    if (version !== '2') throw this.cursor.wrong(`is version '${version}' of the case format, expected '2'`, value);
  }

  /** `mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3`: columns by columns of the same table, each times the same arithmetic. */
  private conversion(table: TableName, target: Token): void {
    const columns = columnsOf(this.cursor, target);
    this.cursor.expect('=');
    const rows = this.tables[table];
    if (rows === undefined) throw this.cursor.wrong(`mpc.${table} is converted before it is there`, target);
    const start = this.cursor.at;
    // Every column is taken before one is written: they may depend on each other.
    const converted = columns.map((_, index) =>
      rows.rows.map((_row, row) => {
        this.cursor.at = start;
        return arithmetic(this.cursor, this, { row, index });
      }),
    );
    if (rows.rows.length === 0) this.cursor.skipStatement();
    converted.forEach((values, index) => {
      values.forEach((value, row) => {
        rows.rows[row]![columns[index]!] = value;
      });
    });
  }

  /** `[1 2 3; 4, 5, 6]` of numbers with a sign each. */
  private matrix(): Rows {
    const open = this.cursor.take();
    const rows: number[][] = [];
    const lines: number[] = [];
    let row: number[] = [];
    let line = open.line;
    let before = open;
    const close = (): void => {
      if (row.length === 0) return;
      rows.push(row);
      lines.push(line);
      row = [];
    };
    for (;;) {
      const token = this.cursor.take();
      if (token.text === ']') break;
      if (token.kind === 'newline' || token.text === ';') close();
      else if (token.text !== ',') {
        if (row.length === 0) ({ line } = token);
        // `100-5` is one number of MATLAB's, and `1.2.3` none.
        if (before.kind === 'number' && !token.spaced)
          throw this.cursor.wrong(`'${token.text}' right behind ${before.text} in a table`, token);
        row.push(this.signed(token));
      }
      before = this.cursor.peek(-1)!;
    }
    close();
    return { rows, lines };
  }

  private signed(token: Token): number {
    if (token.kind === 'number') return token.value;
    const sign = token.text === '-' ? -1 : token.text === '+' ? 1 : 0;
    const next = this.cursor.peek();
    if (sign === 0 || next?.kind !== 'number' || next.spaced)
      throw this.cursor.wrong(`'${token.text}' in a table, expected a number`, token);
    return sign * this.cursor.take().value;
  }

  /** `{'a'; 'b'}` */
  private cells(): string[] {
    this.cursor.at++;
    const texts: string[] = [];
    for (let token = this.cursor.take(); token.text !== '}' || token.kind === 'text'; token = this.cursor.take())
      if (token.kind === 'text') texts.push(token.text);
      else if (token.kind === 'number') texts.push(token.text);
      else if (token.kind === 'name') throw this.cursor.wrong(`'${token.text}' in a list of texts`, token);
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
}
