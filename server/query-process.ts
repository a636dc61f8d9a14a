import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResultReader } from '@duckdb/node-api';
import type { Numbered } from './asked-thread.ts';
import { confinedDuckDb, sqlText } from './duckdb.ts';
import { logFrames } from './frame-log.ts';
import { appendFrames, frameColumns } from './frame-table.ts';
import type { QueryColumn, QueryLog, QueryOutcome, QueryTask } from './worker-messages.ts';

/*
 * Answers questions in SQL in a process of its own: DuckDB is confined to the runs' files and can be interrupted, but not in the middle of every function
 * (`levenshtein` of two texts of a million letters takes hours), and what it might do to its process it must not do to the server's. Arguments: the runs' folder.
 */

const folder = process.argv[2]!;
/** Resident memory after which the process ends itself; the next question starts another. */
const maxResident = 1.5 * 2 ** 30;
/** Bytes of values after which rows end. */
const maxBytes = 8 * 2 ** 20;

const opened = open();

async function open(): Promise<DuckDBConnection> {
  const instance = await confinedDuckDb(folder, { threads: '1', memory_limit: '512MB' });
  return instance.connect();
}

async function answer({ sql, limit, timeoutMs, tables, logs }: QueryTask): Promise<QueryOutcome> {
  const connection = await opened;
  let late = false;
  let statement: DuckDBPreparedStatement | undefined;
  const timer = setTimeout(() => {
    late = true;
    connection.interrupt();
  }, timeoutMs);
  try {
    for (const { name, columns, rows } of tables) {
      const shape = JSON.stringify([columns]);
      await connection.run(
        `create or replace table ${name} as select unnest(from_json($1, ${sqlText(shape)}), recursive := true)`,
        [rows],
      );
    }
    const other = await otherThanSelect(connection, sql);
    if (other !== undefined) return { type: 'refused', reason: other, place: null };
    await tellTelemetry(connection, logs, () => late);
    const statements = await connection.extractStatements(sql);
    if (statements.count !== 1)
      return { type: 'refused', reason: `${statements.count} statements, expected one`, place: null };
    const { StatementType } = await import('@duckdb/node-api');
    statement = await statements.prepare(0);
    if (statement.statementType !== StatementType.SELECT) {
      const kind = StatementType[statement.statementType];
      return {
        type: 'refused',
        reason: `a statement of the kind ${kind}, expected SELECT: only questions are answered`,
        place: null,
      };
    }
    const reader = await statement.streamAndReadUntil(limit + 1);
    return { type: 'done', ...rowsOf(reader, limit) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // The operating system gave no more, which is not DuckDB's own limit: what else failed of it is not known.
    if (/^Out of Memory Error: .*(?:bad allocation|Allocation failure)/.test(said)) end();
    if (late) return { type: 'late' };
    return { type: 'refused', ...explained(said) };
  } finally {
    clearTimeout(timer);
    statement?.destroySync(); // what it holds of DuckDB's memory would else be lacking the next question, until JavaScript is collected
  }
}

/**
 * Why a text is no question; undefined for a SELECT, and for what is no SQL at all. DuckDB's parser says so without binding anything: to bind a statement can have effects
 * already (EXPORT DATABASE makes its folder).
 */
async function otherThanSelect(connection: DuckDBConnection, sql: string): Promise<string | undefined> {
  const fields = `['$.error', '$.error_type']`;
  const parsed = await connection.runAndReadAll(
    `select json_extract_string(json_serialize_sql($1::varchar), ${fields})`,
    [sql],
  );
  const [failed, type] = parsed.getRowsJson()[0]![0] as readonly (string | null)[];
  if (failed !== 'true' || type === 'parser') return undefined;
  const begins = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*(\w+)/.exec(sql)?.[1]?.slice(0, 20).toUpperCase();
  const what = begins === undefined || begins === 'SELECT' ? 'something other' : `${begins} …`;
  return `${what} where one SELECT is expected: only questions are answered`;
}

/** Frames that were read of logs, by run; they are kept for the next question, which only wants those that came since. */
const kept = new Map<string, { readonly table: string; frames: number }>();
let tablesMade = 0;

/** Makes `telemetry('<run id>')` mean the runs' files, and what their logs have for those that have no file yet. */
async function tellTelemetry(
  connection: DuckDBConnection,
  logs: readonly QueryLog[],
  late: () => boolean,
): Promise<void> {
  for (const [id, { table }] of kept) {
    if (logs.some((log) => log.id === id)) continue;
    kept.delete(id);
    await connection.run(`drop table if exists ${table}`);
  }
  const cases: string[] = [];
  for (const { id, file, frames, channels } of logs) {
    const known = kept.get(id) ?? { table: `log_${tablesMade++}`, frames: 0 };
    if (known.frames === 0) await connection.run(`create table ${known.table}(${frameColumns(channels)})`);
    kept.set(id, { ...known, frames });
    try {
      await appendFrames(
        connection,
        known.table,
        channels.length,
        whileInTime(logFrames(file, known.frames, frames), late),
      );
    } catch (error) {
      kept.delete(id);
      await connection.run(`drop table ${known.table}`);
      throw error;
    }
    cases.push(`when ${sqlText(id)} then 'from ${known.table}'`);
  }
  const [before, after] = [`from read_parquet(${sqlText(`${folder}/`).slice(0, -1)}`, `/telemetry.parquet')`].map(
    sqlText,
  );
  const file = `${before} || replace(id, '''', '''''') || ${after}`;
  const source = cases.length === 0 ? file : `case id ${cases.join(' ')} else ${file} end`;
  await connection.run(`create or replace macro telemetry(id) as table from query(${source})`);
}

function* whileInTime<T>(source: Iterable<T>, late: () => boolean): Generator<T> {
  for (const one of source) {
    if (late()) throw new Error('late');
    yield one;
  }
}

function rowsOf(
  reader: DuckDBResultReader,
  limit: number,
): { readonly columns: readonly QueryColumn[]; readonly rows: readonly unknown[][]; readonly truncated: boolean } {
  const names = reader.deduplicatedColumnNames();
  const types = reader.columnTypes().map(String);
  const rows: unknown[][] = [];
  let bytes = 0;
  const all = reader.getRowsJson();
  for (const row of all) {
    bytes += JSON.stringify(row).length;
    if (rows.length === limit || bytes > maxBytes) break;
    rows.push(row.map((value, c) => (whole.test(types[c]!) ? numberOf(value) : value)));
  }
  return { columns: names.map((name, c) => ({ name, type: types[c]! })), rows, truncated: rows.length < all.length };
}

/** Whole numbers come as texts, because some of them no float64 holds. */
const whole = /^U?(BIGINT|HUGEINT)$/;

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** DuckDB's message without its drawing of the place, and the place: line, and column where the line is shown whole. */
function explained(said: string): {
  readonly reason: string;
  readonly place: { line: number; column: number | null } | null;
} {
  const shown = /\n\nLINE (\d+): (.*)\n( *)\^/.exec(said);
  const reason = (shown === null ? said : said.slice(0, shown.index))
    .replace(/^Failed to extract statements: /, '')
    .replaceAll(folder, '<store>/runs');
  if (shown === null)
    return { reason: reason === 'Error in native callback' ? 'there is no statement in it' : reason, place: null };
  const [, line, text, blanks] = shown as unknown as [string, string, string, string];
  const column = blanks.length - `LINE ${line}: `.length + 1;
  return { reason, place: { line: Number(line), column: text.startsWith('...') ? null : column } };
}

process.on('message', ({ id, value }: Numbered<QueryTask>) => {
  void answer(value).then((value) => process.send!({ id, value } satisfies Numbered<QueryOutcome>));
});
process.on('disconnect', end);
setInterval(() => {
  if (process.memoryUsage.rss() > maxResident) end();
}, 100);

/** At once: `process.exit()` waits for DuckDB's threads, and what they do may take, and grow, for as long as it likes. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
