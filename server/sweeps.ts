import { NotFoundError } from './problem.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** A sweep as it is kept: its cells' values, and the runs that were made of them. */
export interface SweepEntry {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly cells: readonly { readonly values: Readonly<Record<string, unknown>>; readonly runs: readonly string[] }[];
}

/** The sweeps of the catalogue. */
export class Sweeps {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  insert({ id, name, createdAt, cells }: SweepEntry): void {
    this.#database
      .prepare('insert into sweep(id, name, spec, created_at) values (?, ?, ?, ?)')
      .run(id, name, JSON.stringify(cells), createdAt);
  }

  /** @throws {NotFoundError} */
  get(id: string): SweepEntry {
    const row = this.#database.prepare('select * from sweep where id = ?').get(id);
    if (row === undefined) throw new NotFoundError(`there is no sweep '${id.slice(0, 80)}'`);
    return entryOf(row);
  }

  /** The newest first. */
  list(limit: number): readonly SweepEntry[] {
    return this.#database.prepare('select * from sweep order by created_at desc, id limit ?').all(limit).map(entryOf);
  }
}

function entryOf(row: Row): SweepEntry {
  return {
    id: String(row['id']),
    name: String(row['name']),
    createdAt: Number(row['created_at']),
    cells: JSON.parse(String(row['spec'])) as SweepEntry['cells'],
  };
}
