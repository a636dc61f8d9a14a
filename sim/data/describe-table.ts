import { csvRow, csvRows, decimalNumber } from '../../core/csv.ts';
import { nearest } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { ColumnRule, FileKind } from './describe-columns.ts';
import { fileRules } from './describe-columns.ts';
import { stretchMeans } from './describe-trend.ts';
import type { Report } from './describe-problem.ts';
import { limited } from './describe-problem.ts';

export interface ColumnSummary {
  /** As the file has it. */
  readonly head: string;
  /** CityLearn's name since 2.2; the head itself where it is none of them. */
  readonly name: string;
  readonly unit: string;
  /** Cells that hold something that can be read. */
  readonly count: number;
  readonly blanks: number;
  /** Of numbers; null where there are none. */
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  /** Of text: all that is different. */
  readonly distinct?: readonly string[];
  /** Means of up to 60 stretches, whole days from a fortnight on; null where one has no number. Of text: the share that is there. */
  readonly trend: readonly (number | null)[];
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: number;
  readonly columns: readonly ColumnSummary[];
  /** Numbers by canonical name, [rows]; blank and damaged cells are NaN. */
  readonly values: ReadonlyMap<string, Float64Array>;
}

/** Reads what can be read of a table and reports what cannot: each kind of damage in each column, not the first one only. */
export function readTable(text: string, file: string, kind: FileKind, rowsPerDay: number, report: Report): Table {
  const faults = limited(file, report);
  const lines = csvRows(text);
  if (lines.length === 0) {
    faults.add('empty', { line: 1 }, 'is empty, expected a line of column names');
    return { head: [], rows: 0, columns: [], values: new Map() };
  }
  const head = csvRow(lines[0]!);
  const rules = rulesOf(kind, head, faults.add);
  const rows = lines.length - 1;
  const cells = head.map(() => Array.from({ length: rows }, () => ''));
  for (let row = 0; row < rows; row++) {
    const line = csvRow(lines[row + 1]!);
    if (line.length !== head.length)
      faults.add('ragged', { line: row + 2 }, `${line.length} cells, expected ${head.length}`);
    for (let column = 0; column < Math.min(line.length, head.length); column++) cells[column]![row] = line[column]!;
  }
  const values = new Map<string, Float64Array>();
  const columns = head.map((name, column): ColumnSummary => {
    const rule = rules[column] ?? { name, unit: '', blank: true };
    const base = { head: name, name: rule.name, unit: rule.unit };
    if (rule.text === true) return { ...base, ...textSummary(cells[column]!, rowsPerDay) };
    const numbers = numbersOf(cells[column]!, rule, column + 1, faults.add);
    values.set(rule.name, numbers);
    return { ...base, ...numberSummary(numbers, cells[column]!, rowsPerDay) };
  });
  faults.end();
  return { head, rows, columns, values };
}

type Add = (kind: string, place: Omit<Place, 'file'>, message: string) => void;

/** The rule of each column of the head; what is unknown has none. Reports what is missing, unknown or there twice. */
function rulesOf(kind: FileKind, head: readonly string[], add: Add): (ColumnRule | undefined)[] {
  const { byPosition, columns, needed } = fileRules(kind, head);
  const names = columns.map(({ name }) => name);
  const twice = head.flatMap((name, column) => (head.indexOf(name) === column ? [] : [column]));
  for (const column of twice)
    add(`twice ${head[column]!}`, { line: 1, column: column + 1 }, `column '${head[column]!}' stands there twice`);
  if (byPosition) {
    if (head.length < needed)
      add(
        'short',
        { line: 1 },
        `${head.length} columns, expected at least ${needed} (${names.slice(0, needed).join(', ')})`,
      );
    return head.map((_, position) => columns[position]);
  }
  for (const rule of columns) {
    if (rule.optional !== true && !head.includes(rule.name))
      add(`missing ${rule.name}`, { line: 1 }, `missing column '${rule.name}'`);
  }
  return head.map((name, column) => {
    if (twice.includes(column)) return undefined;
    const rule = columns.find((one) => one.name === name);
    if (rule === undefined) {
      const near = nearest(name, names);
      const hint = near === undefined ? '' : `; did you mean '${near}'?`;
      add(`unknown ${name}`, { line: 1, column: column + 1 }, `unknown column '${name}'${hint}`);
    }
    return rule;
  });
}

const isBlank = (text: string): boolean => text === '' || /^nan$/i.test(text);

/** Nothing in a district is beyond this in its unit. */
const largest = 1e9;

function numbersOf(cells: readonly string[], rule: ColumnRule, column: number, add: Add): Float64Array {
  const { name, low = -largest, high = largest, whole = false } = rule;
  const numbers = new Float64Array(cells.length).fill(Number.NaN);
  for (let row = 0; row < cells.length; row++) {
    const text = cells[row]!;
    if (isBlank(text)) {
      if (rule.blank !== true)
        add(`blank ${column}`, { line: row + 2, column }, `'${name}' is blank, expected ${expected(rule)}`);
      continue;
    }
    const value = decimalNumber(text);
    if (value === null || !Number.isFinite(value)) {
      const fault = value === null ? 'is not a number' : 'is not finite';
      add(`number ${column}`, { line: row + 2, column }, `'${text.slice(0, 40)}' ${fault} (column '${name}')`);
      continue;
    }
    numbers[row] = value;
    if (value < low || value > high || (whole && !Number.isInteger(value)))
      add(`range ${column}`, { line: row + 2, column }, `'${name}' is ${value}, expected ${expected(rule)}`);
  }
  return numbers;
}

function expected({ low, high, whole }: ColumnRule): string {
  const kind = whole === true ? 'a whole number' : 'a number';
  if (low !== undefined && high !== undefined) return `${kind} from ${low} to ${high}`;
  return low === undefined ? kind : `${kind} ≥ ${low}`;
}

type Summary = Omit<ColumnSummary, 'head' | 'name' | 'unit'>;

function numberSummary(numbers: Float64Array, cells: readonly string[], rowsPerDay: number): Summary {
  let count = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of numbers) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return {
    count,
    blanks: cells.filter(isBlank).length,
    min: count === 0 ? null : min,
    mean: count === 0 ? null : sum / count,
    max: count === 0 ? null : max,
    trend: stretchMeans(numbers, rowsPerDay),
  };
}

function textSummary(cells: readonly string[], rowsPerDay: number): Summary {
  const filled = cells.filter((text) => !isBlank(text));
  return {
    count: filled.length,
    blanks: cells.length - filled.length,
    min: null,
    mean: null,
    max: null,
    distinct: [...new Set(filled)],
    trend: stretchMeans(
      Float64Array.from(cells, (text) => (isBlank(text) ? 0 : 1)),
      rowsPerDay,
    ),
  };
}
