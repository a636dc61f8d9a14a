import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StateError } from '../core/errors.ts';
import { decodeFrame } from '../core/frame-codec.ts';
import type { TelemetryFrame } from '../core/telemetry.ts';
import { openSqlite } from './sqlite.ts';
import type { Row, Sqlite } from './sqlite.ts';
import { StoreError } from './store-error.ts';

/** A frame as it is stored: core/frame-codec bytes with what is needed to find it. */
export interface StoredFrame {
  readonly seq: number;
  readonly step0: number;
  readonly rows: number;
  readonly body: Uint8Array;
}

/** How far a run got: sequence numbers 0 … seq−1 are there and hold `step` steps. */
export interface Head {
  readonly seq: number;
  readonly step: number;
}

/** Of a run without frames. */
export const nothing: Head = { seq: 0, step: 0 };

/** Frames of one run by sequence number, in a file of their own. Every call throws a {@link StoreError} when it is damaged. */
export interface FrameLog extends Disposable {
  /** Commits a frame; when this returns it survives a kill. @throws {StateError} when it is not the next one. */
  append(frame: StoredFrame): void;
  /** Up to `limit` frames from `from` on. */
  read(from: number, limit: number): readonly Pick<StoredFrame, 'seq' | 'body'>[];
  head(): Head;
  /** The head up to which there is no hole. */
  scan(): Head;
  /** Sequence number of the frame that holds a step (of the last one before it). */
  seqOf(step: number): number;
  /** Facts of the run kept beside its frames, so that a lost catalogue can be made anew. */
  note(key: string, value: unknown): void;
  notes(): Readonly<Record<string, unknown>>;
}

/** Opens the frame log of a run under `<store>/live`; undefined when there is none and `create` is not set. */
export function openFrameLog(store: string, run: string, create: boolean): FrameLog | undefined {
  const file = frameLogFile(store, run);
  if (!create && !existsSync(file)) return undefined;
  mkdirSync(join(store, 'live'), { recursive: true });
  const database = openSqlite(file);
  try {
    return frameLog(database, run);
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

/** Newest frames, and their bytes, that are kept in memory: hundreds of viewers at the head ask for the same one. */
const maxRecent = 64;
const maxRecentBytes = 1 << 20;

function frameLog(database: Sqlite, run: string): FrameLog {
  database.exec(`
    create table if not exists frame(
      seq integer primary key, step0 integer not null, rows integer not null, body blob not null) strict;
    create table if not exists note(key text primary key, value text not null) strict;`);
  const insert = database.prepare('insert into frame(seq, step0, rows, body) values (?, ?, ?, ?)');
  const select = database.prepare('select seq, body from frame where seq >= ? order by seq limit ?');
  const last = database.prepare('select seq, step0 + rows as step from frame order by seq desc limit 1');
  const beforeHole = database.prepare(
    'select seq, step0 + rows as step from frame where seq + 1 not in (select seq from frame) order by seq limit 1',
  );
  const holding = database.prepare('select seq from frame where step0 <= ? order by seq desc limit 1');
  const upsert = database.prepare('insert or replace into note(key, value) values (?, ?)');
  const noted = database.prepare('select key, value from note');
  let next: number | undefined;
  const recent: Pick<StoredFrame, 'seq' | 'body'>[] = [];
  let recentBytes = 0;
  return {
    append({ seq, step0, rows, body }) {
      next ??= headOf(last.get()).seq;
      if (seq !== next) throw new StateError(`run '${run}': frame ${seq} came, expected ${next}`);
      insert.run(seq, step0, rows, body);
      next++;
      recent.push({ seq, body: bytesOf(body) });
      for (recentBytes += body.byteLength; recent.length > maxRecent || recentBytes > maxRecentBytes;)
        recentBytes -= recent.shift()!.body.byteLength;
    },
    read(from, limit) {
      const first = recent[0]?.seq;
      if (first !== undefined && from >= first) return recent.slice(from - first, from - first + limit);
      return select.all(from, limit).map((row) => ({ seq: Number(row['seq']), body: bytesOf(row['body']) }));
    },
    head: () => headOf(last.get()),
    scan() {
      const [first] = select.all(0, 1);
      if (first !== undefined && first['seq'] !== 0) throw new StoreError(`run '${run}': its first frame is missing`);
      return headOf(beforeHole.get());
    },
    seqOf: (step) => Number(holding.get(step)?.['seq'] ?? 0),
    note: (key, value) => void upsert.run(key, JSON.stringify(value)),
    notes: () =>
      Object.fromEntries(noted.all().map((row) => [row['key'], JSON.parse(String(row['value'])) as unknown])),
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

/** Frames `from` … `to`−1 of a log's file, whoever is writing to it: each is whole, and they are consecutive. @throws {StoreError} where one is missing */
export function* logFrames(file: string, from: number, to: number): Generator<TelemetryFrame> {
  using database = openSqlite(file, { readonly: true });
  const select = database.prepare('select seq, body from frame where seq >= ? and seq < ? order by seq limit 16');
  for (let next = from; next < to;) {
    const rows = select.all(next, to);
    if (rows.length === 0) throw new StoreError(`frame ${next} is missing`, { place: { file } });
    for (const row of rows) {
      const frame = decodeFrame(bytesOf(row['body']));
      if (frame.seq !== next++) throw new StoreError(`frame ${next - 1} is missing`, { place: { file } });
      yield frame;
    }
  }
}

/** Runs that have a frame log. */
export function frameLogs(store: string): readonly string[] {
  const folder = join(store, 'live');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /^([\w-]{1,64})\.db$/.exec(name)?.[1] ?? []);
}

/** Removes a run's frames. */
export function removeFrameLog(store: string, run: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(frameLogFile(store, run) + suffix, { force: true });
}

/** A run id becomes a file name only when it can be nothing else. */
export function frameLogFile(store: string, run: string): string {
  if (!/^[\w-]{1,64}$/.test(run)) throw new StoreError(`'${run.slice(0, 80)}' is no run id`);
  return join(store, 'live', `${run}.db`);
}

function headOf(row: Row | undefined): Head {
  return row === undefined ? { seq: 0, step: 0 } : { seq: Number(row['seq']) + 1, step: Number(row['step']) };
}

/** A Buffer, because socket.io's msgpack would wrap any other view. */
function bytesOf(blob: unknown): Buffer {
  if (blob instanceof ArrayBuffer) return Buffer.from(blob);
  const { buffer, byteOffset, byteLength } = blob as Uint8Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
}
