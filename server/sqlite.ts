import Libsql from 'libsql';

/** A row as SQLite gives it. Blobs come as ArrayBuffer. */
export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | null | Uint8Array;

export interface Statement {
  run(...values: Value[]): { readonly changes: number };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): readonly Row[];
}

/** The one file that names the SQLite package, so that node:sqlite or better-sqlite3 can replace it. */
export interface Sqlite extends Disposable {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  readonly userVersion: number;
}

/**
 * Opens a database in WAL mode: readers never wait, a killed writer loses nothing that was committed.
 * @param readonly opens an existing file without writing to it
 */
export function openSqlite(file: string, readonly = false): Sqlite {
  const database = new Libsql(file, { readonly, fileMustExist: readonly } as Libsql.Options);
  if (!readonly) database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;');
  return {
    exec: (sql) => void database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => statement.get(...values) as Row | undefined,
        all: (...values) => statement.all(...values) as readonly Row[],
      };
    },
    get userVersion() {
      return Number((database.prepare('pragma user_version').get() as Row)['user_version']);
    },
    [Symbol.dispose]: () => void database.close(),
  };
}
