import { DataError } from './errors.ts';

/** A table of numbers: a head and its columns, all of one length. Blank cells are NaN. */
export interface NumberTable {
  readonly file: string;
  readonly head: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly rows: number;
}

/**
 * Parses a CSV text of numbers with one head line. Names and numbers may be quoted as in RFC 4180, but a cell is one line.
 * @throws {DataError} with file, line and column of the first thing that is damaged: no head, a column twice, a ragged row, a
 *   cell that is no number.
 */
export function parseNumbers(text: string, file: string): NumberTable {
  const lines = csvRows(text);
  if (lines.length === 0)
    throw new DataError('is empty, expected a line of column names', { place: { file, line: 1 } });
  const head = csvRow(lines[0]!);
  const twice = head.findIndex((name, index) => head.indexOf(name) !== index);
  if (twice >= 0)
    throw new DataError(`column '${head[twice]}' stands there twice`, { place: { file, line: 1, column: twice + 1 } });
  const rows = lines.length - 1;
  const columns = head.map(() => new Float64Array(rows));
  for (let row = 0; row < rows; row++) {
    const cells = cellsOf(lines[row + 1]!);
    if (cells.length !== head.length) {
      throw new DataError(`${cells.length} cells, expected ${head.length}`, { place: { file, line: row + 2 } });
    }
    for (let c = 0; c < cells.length; c++) columns[c]![row] = number(cells[c]!, head[c]!, file, row + 2, c + 1);
  }
  return { file, head, columns, rows };
}

/** The lines of a CSV text, empty ones at its end left out; none when its first one is empty. */
export function csvRows(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  return lines.length > 0 && lines[0]!.trim() === '' ? [] : lines;
}

/** The cells of a line as text, without the quotes and blanks around them. */
export function csvRow(line: string): string[] {
  return cellsOf(line).map(unquoted);
}

function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  let start = 0;
  let inside = false;
  for (let at = 0; at <= line.length; at++) {
    if (line[at] === '"') inside = !inside;
    else if (at === line.length || (line[at] === ',' && !inside)) {
      cells.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return cells;
}

function unquoted(cell: string): string {
  const text = cell.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Decimal notation only: JavaScript would also read `0x10` and ` ` as numbers. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A decimal number, perhaps infinite by overflow; null for any other text. */
export function decimalNumber(text: string): number | null {
  return decimal.test(text) ? Number(text) : null;
}

function number(cell: string, name: string, file: string, line: number, column: number): number {
  const text = unquoted(cell);
  if (text === '' || /^nan$/i.test(text)) return Number.NaN;
  const value = decimalNumber(text);
  if (value !== null && Number.isFinite(value)) return value;
  const fault = value !== null || /^[+-]?inf(inity)?$/i.test(text) ? 'is not finite' : 'is not a number';
  throw new DataError(`'${text.slice(0, 40)}' ${fault} (column '${name}')`, { place: { file, line, column } });
}

/**
 * The CSV text of a table of rows. A finite number is printed so that it parses back to the same float64, null and NaN as blanks;
 * text that would read differently bare is quoted (RFC 4180).
 */
export function csvText(
  head: readonly string[],
  rows: number,
  cell: (row: number, column: number) => number | string | null,
): string {
  const lines = [head.map(quoted).join(',')];
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let column = 0; column < head.length; column++)
      line += `${column === 0 ? '' : ','}${printed(cell(row, column))}`;
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

function printed(value: number | string | null): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || Number.isNaN(value)) return '';
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * The shortest decimal that `Math.fround(Number(text))` gives back, as NumPy and Java print a float32; of several, the nearest,
 * and of two that are as near the even one. NaN is a blank. A value that is no float32 is rounded to one.
 */
export function float32Text(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return '';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  const size = Math.abs(single);
  // Among whole numbers below 2^24 each is alone in its interval; ±∞ has no digits to count.
  if (size === Infinity || (size < 16777216 && Number.isInteger(single))) return String(single);
  // A decimal of up to six digits that reads as a normal float32 is that number's nearest one of six digits.
  for (let digits = size < smallestNormal ? 1 : 6; digits < 9; digits++) {
    const near = Number(single.toPrecision(digits));
    if (Math.fround(near) === single) return String(evenOfTie(near, single, digits));
    // Below a power of two float32 numbers lie twice as dense: the decimal above may read as it although the nearer one below does not.
    if (Math.log2(size) % 1 !== 0) continue;
    const above = Math.sign(single) * decimalAbove(size, digits);
    if (Math.fround(above) === single) return String(above);
  }
  return String(Number(single.toPrecision(9)));
}

/** JavaScript rounds a tie away from zero, NumPy to the even digit: 1703448.25 is 1703448.2. */
function evenOfTie(near: number, value: number, digits: number): number {
  // A value that lies between two decimals of at most eight digits has nine, and so at most twelve binary places.
  if (near === value || !Number.isInteger(value * 4096)) return near;
  const exact = value.toExponential(digits);
  if (Number(exact) !== value || !/[02468]5e/.test(exact)) return near;
  return Number(exact.replace('5e', 'e'));
}

/** The least decimal of so many digits that is above a number whose nearest one is below it. */
function decimalAbove(size: number, digits: number): number {
  const [mantissa, exponent] = size.toExponential(digits - 1).split('e') as [string, string];
  return Number(`${Number(mantissa.replace('.', '')) + 1}e${Number(exponent) - digits + 1}`);
}

/** 2⁻¹²⁶: below it, float32 numbers have fewer digits than six. */
const smallestNormal = 1.1754943508222875e-38;

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
