import { csvRow, csvRows, decimalNumber, parseNumbers } from '../../core/csv.ts';
import type { NumberTable } from '../../core/csv.ts';
import { DataError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { FolderReader } from './dataset.ts';

/** A table whose cells may be names and lists. */
export interface TextTable {
  readonly file: string;
  readonly head: readonly string[];
  /** [rows][columns] */
  readonly cells: readonly (readonly string[])[];
}

/** The folder's files: each is read and parsed once, and all that was read is hashed. */
export class FolderFiles {
  readonly #reader: FolderReader;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #tables = new Map<string, NumberTable>();
  /** What was made of a file's columns: buildings share weather, prices and carbon. */
  readonly #made = new Map<string, Map<(table: NumberTable) => unknown, unknown>>();

  constructor(reader: FolderReader) {
    this.#reader = reader;
  }

  get label(): string {
    return this.#reader.label;
  }

  /** What a person would call a file. */
  name(file: string): string {
    return `${this.#reader.label}/${file}`;
  }

  async bytes(file: string): Promise<Uint8Array> {
    const known = this.#bytes.get(file);
    if (known !== undefined) return known;
    const bytes = await this.#reader.read(file);
    if (bytes === undefined) throw new DataError('there is no such file', { place: { file: this.name(file) } });
    this.#bytes.set(file, bytes);
    return bytes;
  }

  async text(file: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(file));
  }

  /** @param rows that it must have at least */
  async columns<Columns>(file: string, rows: number, read: (table: NumberTable) => Columns): Promise<Columns> {
    let table = this.#tables.get(file);
    if (table === undefined) {
      table = parseNumbers(await this.text(file), this.name(file));
      this.#tables.set(file, table);
    }
    const made = this.#made.get(file) ?? new Map<(table: NumberTable) => unknown, unknown>();
    this.#made.set(file, made);
    // First: a file without its head is a row short as well.
    const columns = (made.get(read) as Columns | undefined) ?? read(table);
    made.set(read, columns);
    this.#enough(file, table.rows, rows);
    return columns;
  }

  /** @throws {DataError} for a ragged or short table. */
  async cells(file: string, rows: number): Promise<TextTable> {
    const lines = csvRows(await this.text(file));
    const name = this.name(file);
    if (lines.length === 0)
      throw new DataError('is empty, expected a line of column names', { place: { file: name, line: 1 } });
    const head = csvRow(lines[0]!);
    const cells = lines.slice(1).map((line, row) => {
      const cells = csvRow(line);
      if (cells.length !== head.length)
        throw new DataError(`${cells.length} cells, expected ${head.length}`, { place: { file: name, line: row + 2 } });
      return cells;
    });
    this.#enough(file, cells.length, rows);
    return { file: name, head, cells };
  }

  #enough(file: string, got: number, rows: number): void {
    if (got < rows)
      throw new DataError(`${got} rows, expected ${rows} as simulation_end_time_step says`, {
        place: { file: this.name(file), line: got + 1 },
      });
  }

  hash(): string {
    const names = [...this.#bytes.keys()].sort();
    return sha256Hex(
      new TextEncoder().encode(names.map((name) => `${name} ${sha256Hex(this.#bytes.get(name)!)}\n`).join('')),
    );
  }
}

/** A cell's number; NaN where it is blank. @throws {DataError} with its place. */
export function numberCell(
  { file, cells, head }: TextTable,
  row: number,
  column: number,
  low: number,
  high: number,
): number {
  const text = cells[row]![column]!;
  if (isBlank(text)) return Number.NaN;
  const value = decimalNumber(text);
  if (value !== null && value >= low && value <= high) return value;
  const fault = value === null ? 'is not a number' : `is not in [${low}, ${high}]`;
  throw new DataError(`'${text.slice(0, 40)}' ${fault} (column '${head[column]}')`, {
    place: { file, line: row + 2, column: column + 1 },
  });
}

export function isBlank(text: string): boolean {
  return text === '' || /^nan$/i.test(text);
}
