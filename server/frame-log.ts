import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrame } from '../core/frame-codec.ts';
import { openSqlite } from './sqlite.ts';
import type { Sqlite, Statement } from './sqlite.ts';

/** Frames of one run, by sequence number, in a file of their own: one writer, any number of readers. */
export interface FrameLog extends Disposable {
  /** Commits a frame; when this returns the frame survives a kill. */
  append(seq: number, step0: number, rows: number, body: Uint8Array): void;
  /** Up to `limit` frames from `seq` on, without a hole. */
  read(from: number, limit: number): readonly { readonly seq: number; readonly body: Uint8Array }[];
  /** One more than the last sequence number, and the number of steps they hold. */
  head(): { readonly seq: number; readonly step: number };
}

/** Opens the frame log of a run under `<store>/live`; creates it when `create` is set, else answers undefined if there is none. */
export function openFrameLog(store: string, run: string, create: boolean): FrameLog | undefined {
  const file = fileOf(store, run);
  if (!create && !existsSync(file)) return undefined;
  mkdirSync(join(store, 'live'), { recursive: true });
  const database: Sqlite = openSqlite(file);
  database.exec(
    'create table if not exists frame(seq integer primary key, step0 integer not null, rows integer not null, body blob not null) strict',
  );
  const insert: Statement = database.prepare('insert into frame(seq, step0, rows, body) values (?, ?, ?, ?)');
  const select: Statement = database.prepare('select seq, body from frame where seq >= ? order by seq limit ?');
  const last: Statement = database.prepare('select seq, step0 + rows as step from frame order by seq desc limit 1');
  return {
    append: (seq, step0, rows, body) => void insert.run(seq, step0, rows, body),
    read: (from, limit) =>
      select.all(from, limit).map((row) => ({ seq: Number(row['seq']), body: bytesOf(row['body']) })),
    head() {
      const row = last.get();
      return row === undefined ? { seq: 0, step: 0 } : { seq: Number(row['seq']) + 1, step: Number(row['step']) };
    },
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

/** Removes a run's frames. */
export function removeFrameLog(store: string, run: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(fileOf(store, run) + suffix, { force: true });
}

/** Decodes frames for an answer; a damaged one is a CodecError, never a guess. */
export const decodeFrames = (frames: readonly { readonly body: Uint8Array }[]) =>
  frames.map((frame) => decodeFrame(frame.body));

function fileOf(store: string, run: string): string {
  return join(store, 'live', `${run}.db`);
}

function bytesOf(blob: unknown): Uint8Array {
  return blob instanceof ArrayBuffer ? new Uint8Array(blob) : (blob as Uint8Array);
}
