import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { decodeFrame, encodeFrame } from '../core/frame-codec.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import type { Notes } from './catalogue.ts';
import { confinedDuckDb, sqlName as quoted, sqlText } from './duckdb.ts';
import type { FrameLog, Head } from './frame-log.ts';
import { appendFrames, breath, frameColumns } from './frame-table.ts';
import { StoreError } from './store-error.ts';

/** Count, mean and spread of a channel over the steps where it has a value. */
export interface ChannelStatistics {
  readonly channel: string;
  readonly count: number;
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly p05: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
}

/**
 * Telemetry of ended runs, one Parquet file each under `<store>/runs/<id>/`, and questions to it, answered by an in-memory DuckDB
 * that can reach no other folder. A file is there whole or not at all.
 */
export class Warehouse implements AsyncDisposable {
  readonly #folder: string;
  #instance: Promise<DuckDBInstance> | undefined;
  /** One thing at a time: a table in memory each. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: string) {
    this.#folder = join(resolve(store), 'runs');
  }

  /** Where a run's telemetry is or would be. */
  fileOf(id: string): string {
    if (!/^[\w-]{1,64}$/.test(id)) throw new StoreError(`'${id.slice(0, 80)}' is no run id`);
    return join(this.#folder, id, 'telemetry.parquet');
  }

  has(id: string): boolean {
    return existsSync(this.fileOf(id));
  }

  /** Runs that have a file. */
  ids(): readonly string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).filter((name) => /^[\w-]{1,64}$/.test(name) && this.has(name));
  }

  /** What stands beside a run's file. @throws when it is damaged */
  manifest(id: string): (Notes & { readonly head: Head }) | undefined {
    if (!this.has(id)) return undefined;
    return JSON.parse(readFileSync(join(this.fileOf(id), '..', 'run.json'), 'utf8')) as Notes & { head: Head };
  }

  remove(id: string): void {
    rmSync(join(this.fileOf(id), '..'), { recursive: true, force: true });
  }

  /** Writes a run's frames, and the manifest from which its row in the catalogue can be made anew. */
  compact(id: string, log: FrameLog, schema: TelemetrySchema): Promise<void> {
    return this.#next(async (connection) => {
      const file = this.fileOf(id);
      mkdirSync(join(file, '..'), { recursive: true });
      const names = schema.channels.map(({ name }) => name);
      await connection.run(`create or replace temp table telemetry(${frameColumns(names)})`);
      await appendFrames(connection, 'telemetry', names.length, allFrames(log));
      const partial = `${file}.tmp`;
      await connection.run(
        `copy telemetry to ${sqlText(partial)} (format parquet, compression zstd, parquet_version v2, row_group_size 100000)`,
      );
      await connection.run('drop table telemetry');
      const { run, start, outcome } = log.notes();
      const manifest = { format: 'faultline-run', version: 1, run, start, outcome, head: log.head() };
      writeWhole(join(file, '..', 'run.json'), JSON.stringify(manifest));
      settle(partial);
      renameSync(partial, file);
      settle(join(file, '..'));
    });
  }

  /** Fills a frame log with the frames as they were written, to the bit. */
  restore(id: string, log: FrameLog, schema: TelemetrySchema): Promise<void> {
    return this.#next(async (connection) => {
      const result = await connection.stream(
        `select * from read_parquet(${sqlText(this.fileOf(id))}) order by "_frame", "step"`,
      );
      const frames = frameMaker(schema, log);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        const columns = chunk.getColumns() as (readonly number[])[];
        for (let row = 0; row < chunk.rowCount; row++) frames.push(columns, row);
        await breath();
      }
      frames.end();
    });
  }

  /** @param channels known to be of the run */
  statistics(id: string, channels: readonly string[], from: number, to: number): Promise<readonly ChannelStatistics[]> {
    return this.#next(async (connection) => {
      const figures = channels.map((name) => {
        const c = `(case when isnan(${quoted(name)}) then null else ${quoted(name)}::double end)`;
        return `count(${c}), avg(${c}), stddev_samp(${c}), min(${c}), max(${c}), quantile_cont(${c}, [0.05, 0.5, 0.95])::double[]`;
      });
      const answer = await connection.runAndReadAll(
        `select ${figures.join(', ')} from read_parquet(${sqlText(this.fileOf(id))}) where "step" between $1 and $2`,
        [from, Math.min(to, 0x7fff_ffff)],
      );
      const row = answer.getRowsJson()[0]!;
      return channels.map((channel, at) => {
        const [count, mean, std, min, max, quantiles] = row.slice(6 * at, 6 * at + 6);
        const [p05 = null, p50 = null, p95 = null] = (quantiles ?? []) as (number | null)[];
        return { channel, count: Number(count), mean, std, min, max, p05, p50, p95 } as ChannelStatistics;
      });
    });
  }

  /**
   * Means of each of `count` equal parts of a run's steps, by channel; null where a part has no value.
   * @param channels known to be of the run
   */
  buckets(id: string, channels: readonly string[], steps: number, count: number): Promise<(number | null)[][]> {
    return this.#next(async (connection) => {
      const parts = Math.min(count, steps);
      const means = channels.map((name) => {
        const c = `(case when isnan(${quoted(name)}) then null else ${quoted(name)}::double end)`;
        return `avg(${c})`;
      });
      const answer = await connection.runAndReadAll(
        `select ("step"::bigint * ${parts}) // ${steps} as part, ${means.join(', ')} from read_parquet(${sqlText(this.fileOf(id))})
         where "step" < ${steps} group by part`,
      );
      const columns = channels.map(() => Array<number | null>(parts).fill(null));
      for (const [part, ...row] of answer.getRowsJson())
        row.forEach((value, at) => (columns[at]![Number(part)] = value as number | null));
      return columns;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn.catch(() => {});
    (await this.#instance?.catch(() => undefined))?.closeSync();
  }

  #next<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const mine = this.#turn
      .catch(() => {})
      .then(async () => {
        this.#instance ??= confinedDuckDb(this.#folder, { threads: '2', memory_limit: '1GB' });
        const connection = await (await this.#instance).connect();
        try {
          return await work(connection);
        } catch (cause) {
          if (cause instanceof StoreError) throw cause;
          throw new StoreError(cause instanceof Error ? cause.message : String(cause), { cause });
        } finally {
          connection.closeSync();
        }
      });
    this.#turn = mine;
    return mine;
  }
}

/** Every frame of a log, whose writer has gone. */
function* allFrames(log: FrameLog): Generator<TelemetryFrame> {
  for (let seq = 0; ;) {
    const [stored] = log.read(seq, 1);
    if (stored === undefined) return;
    yield decodeFrame(stored.body);
    seq = stored.seq + 1;
  }
}

/** Puts rows together to the frames that they were of. */
function frameMaker(
  { version, channels }: TelemetrySchema,
  log: FrameLog,
): { push(columns: readonly (readonly number[])[], row: number): void; end(): void } {
  const cols = channels.length;
  let seq = -1;
  let step0 = 0;
  let wallTime = 0;
  let rows: Float32Array[] = [];
  const end = (): void => {
    if (rows.length === 0) return;
    const values = new Float32Array(cols * rows.length);
    rows.forEach((row, r) => row.forEach((value, c) => (values[c * rows.length + r] = value)));
    const frame: TelemetryFrame = { schema: version, seq, step0, rows: rows.length, cols, values, wallTime };
    log.append({ seq, step0, rows: rows.length, body: encodeFrame(frame) });
    rows = [];
  };
  return {
    push(columns, row) {
      if (columns[1]![row] !== seq) {
        end();
        [step0, seq, wallTime] = [columns[0]![row]!, columns[1]![row]!, columns[2]![row]!];
      }
      rows.push(Float32Array.from({ length: cols }, (_, c) => columns[3 + c]![row]!));
    },
    end,
  };
}

/** Writes a small file so that it is there whole or not at all. */
function writeWhole(file: string, content: string): void {
  writeFileSync(`${file}.tmp`, content);
  settle(`${file}.tmp`);
  renameSync(`${file}.tmp`, file);
}

/** Waits until a file, or a folder's list of names, is on the disk. */
function settle(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
