import Libsql from 'libsql';
import { StoreError } from './store-error.ts';

/** A row as SQLite gives it. Blobs come as ArrayBuffer. */
export type Row = Readonly<Record<string, unknown>>;
type Value = string | number | null | Uint8Array;

interface Statement {
  run(...values: Value[]): { readonly changes: number };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): readonly Row[];
}

/** The one file that names the SQLite package, so that node:sqlite or better-sqlite3 can replace it. */
export interface Sqlite extends Disposable {
  exec(sql: string): void;
  /** Compiled once, however often it is asked for. */
  prepare(sql: string): Statement;
  /** All of it or, when it throws, nothing. */
  transaction(work: () => void): void;
  readonly userVersion: number;
}

/**
 * Opens a database in WAL mode: readers never wait, a killed writer loses nothing that was committed.
 * @param readonly of another process, perhaps, which goes on writing; there must be one
 * @throws {StoreError} naming the file, here and from every call, when it is damaged, full, locked or not ours to write.
 */
export function openSqlite(file: string, { readonly = false } = {}): Sqlite {
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new StoreError(cause instanceof Error ? cause.message : String(cause), { place: { file }, cause });
    }
  };
  const database = named(() => new Libsql(file, { readonly }));
  const statements = new Map<string, Statement>();
  const exec = (sql: string): void => named(() => void database.exec(sql));
  try {
    exec('pragma busy_timeout = 5000;');
    if (!readonly) exec('pragma journal_mode = wal; pragma synchronous = normal;');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    exec,
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const prepared = named(() => database.prepare(sql));
      const statement: Statement = {
        run: (...values) => named(() => prepared.run(...values)),
        get: (...values) => named(() => prepared.get(...values) as Row | undefined),
        all: (...values) => named(() => prepared.all(...values) as readonly Row[]),
      };
      statements.set(sql, statement);
      return statement;
    },
    transaction(work) {
      exec('begin immediate');
      try {
        work();
        exec('commit');
      } catch (error) {
        try {
          database.exec('rollback');
        } catch {
          // SQLite has rolled back by itself, as it does when the disk is full.
        }
        throw error;
      }
    },
    get userVersion() {
      return Number(named(() => database.prepare('pragma user_version').get() as Row)['user_version']);
    },
    [Symbol.dispose]() {
      // libsql closes the file only when the last statement is collected: until then it must at least be whole.
      try {
        if (!readonly) database.exec('pragma wal_checkpoint(truncate)');
      } catch {
        // What is damaged or locked stays as it is.
      }
      database.close();
    },
  };
}
