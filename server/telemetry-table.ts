import { csvText } from '../core/csv.ts';
import { ConfigError, UnknownNameError } from '../core/errors.ts';
import { decodeFrame } from '../core/frame-codec.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';

/** Columns of a run's telemetry: steps, and the asked channels' values (NaN where there is none). */
export interface TelemetryTable {
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly step: readonly number[];
  readonly values: readonly (readonly number[])[];
  /** Rows there are between `from` and `to`, before decimation. */
  readonly of: number;
}

export interface TelemetryQuery {
  /** Names; all of them when absent. */
  readonly channels?: readonly string[] | undefined;
  /** First and last step. */
  readonly from: number;
  readonly to: number;
  /**
   * At most so many rows: two a bucket of steps, its first and last, with each channel's least and greatest value in the order
   * in which they came, so that no peak of any channel is lost.
   */
  readonly points?: number | undefined;
}

/** Frames read at once. */
const batch = 16;
/** Values of one JSON answer; more is a matter for CSV, which is streamed, or for `points`. */
const maxValues = 4_000_000;

type Source = Pick<Store, 'frames' | 'seqOf' | 'summary'>;

/** @throws {UnknownNameError} for a channel that the run does not record, {ConfigError} when it would be too much at once. */
export function telemetryTable(
  store: Source,
  id: string,
  schema: TelemetrySchema,
  query: TelemetryQuery,
): TelemetryTable {
  const picked = pick(schema, query.channels);
  const { headStep } = store.summary(id);
  const of = Math.max(0, Math.min(query.to + 1, headStep) - query.from);
  const kept = Math.min(of, query.points ?? of);
  if (picked.length * kept > maxValues) {
    throw new ConfigError(
      `${picked.length} channels × ${kept} rows are more than ${maxValues} values: name channels, or ask for fewer points, or for text/csv`,
    );
  }
  const columns = picked.map(() => new Float32Array(of).fill(Number.NaN));
  for (const { frame, first, last } of between(store, id, query.from, query.to)) {
    const at = frame.step0 + first - query.from;
    picked.forEach((channel, c) =>
      columns[c]!.set(frame.values.subarray(channel * frame.rows + first, channel * frame.rows + last), at),
    );
  }
  const step = Array.from({ length: of }, (_, row) => query.from + row);
  const channels = picked.map((at) => ({ name: schema.channels[at]!.name, unit: schema.channels[at]!.unit }));
  if (kept === of) return { channels, step, values: columns.map((column) => [...column]), of };
  const bounds = bucketBounds(of, Math.max(1, Math.floor(kept / 2)));
  return {
    channels,
    step: bounds.flatMap(([from, to]) => [step[from]!, step[to - 1]!]),
    values: columns.map((column) => bounds.flatMap(([from, to]) => extremes(column, from, to))),
    of,
  };
}

/** Some of a run's channels over all steps, as one frame of a schema of their own; names that are not recorded are left out. */
export async function recordedChannels(
  store: Source,
  id: string,
  schema: TelemetrySchema,
  names: readonly string[],
): Promise<{ readonly schema: TelemetrySchema; readonly frames: readonly TelemetryFrame[] }> {
  const picked = schema.channels.flatMap(({ name }, at) => (names.includes(name) ? [at] : []));
  const rows = store.summary(id).headStep;
  const values = new Float32Array(picked.length * rows).fill(Number.NaN);
  let read = 0;
  for (const { frame } of between(store, id, 0, rows - 1)) {
    picked.forEach((channel, c) =>
      values.set(frame.values.subarray(channel * frame.rows, (channel + 1) * frame.rows), c * rows + frame.step0),
    );
    if (++read % batch === 0) await new Promise((resolve) => setImmediate(resolve)); // others have the event loop
  }
  const cols = picked.length;
  return {
    schema: { ...schema, channels: picked.map((at) => schema.channels[at]!) },
    frames: rows === 0 ? [] : [{ schema: schema.version, seq: 0, step0: 0, rows, cols, values, wallTime: 0 }],
  };
}

/** A run's telemetry as CSV in pieces, one of them for each few frames. */
export function* telemetryCsv(
  store: Source,
  id: string,
  schema: TelemetrySchema,
  query: TelemetryQuery,
): Generator<string> {
  const picked = pick(schema, query.channels);
  const names = ['step', ...picked.map((at) => schema.channels[at]!.name)];
  const head = csvText(names, 0, () => null);
  yield head;
  for (const { frame, first, last } of between(store, id, query.from, query.to)) {
    const rows = csvText(names, last - first, (row, column) =>
      column === 0 ? frame.step0 + first + row : frame.values[picked[column - 1]! * frame.rows + first + row]!,
    );
    yield rows.slice(head.length);
  }
}

function pick(schema: TelemetrySchema, wanted: readonly string[] | undefined): number[] {
  const at = new Map(schema.channels.map((channel, index) => [channel.name, index]));
  return (wanted ?? [...at.keys()]).map((name) => {
    const index = at.get(name);
    if (index === undefined) throw new UnknownNameError('channel', name.slice(0, 100), [...at.keys()].slice(0, 40));
    return index;
  });
}

/** The frames that hold steps `from` … `to`, each with the rows of it that do. */
function* between(
  store: Source,
  id: string,
  from: number,
  to: number,
): Generator<{ readonly frame: TelemetryFrame; readonly first: number; readonly last: number }> {
  for (let seq = store.seqOf(id, from); ;) {
    const stored = store.frames(id, seq, batch);
    if (stored.length === 0) return;
    seq = stored.at(-1)!.seq + 1;
    for (const { seq: at, body } of stored) {
      const frame = decoded(id, at, body);
      if (frame.step0 > to) return;
      const first = Math.max(0, from - frame.step0);
      const last = Math.min(frame.rows, to + 1 - frame.step0);
      if (first < last) yield { frame, first, last };
    }
  }
}

function decoded(id: string, seq: number, body: Uint8Array): TelemetryFrame {
  try {
    return decodeFrame(body);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`frame ${seq} of run '${id}' is damaged: ${why}`, { cause });
  }
}

/** Bounds [from, to) of `count` buckets over `rows` rows, as even as whole numbers allow. */
function bucketBounds(rows: number, count: number): [number, number][] {
  return Array.from({ length: count }, (_, b) => [
    Math.floor((b * rows) / count),
    Math.floor(((b + 1) * rows) / count),
  ]);
}

/** Least and greatest value of a bucket in the order in which they came; NaN counts only when there is nothing else. */
function extremes(column: Float32Array, from: number, to: number): [number, number] {
  let least = from;
  let greatest = from;
  for (let row = from + 1; row < to; row++) {
    const value = column[row]!;
    if (!(value >= column[least]!) && !Number.isNaN(value)) least = row;
    if (!(value <= column[greatest]!) && !Number.isNaN(value)) greatest = row;
  }
  return [column[Math.min(least, greatest)]!, column[Math.max(least, greatest)]!];
}
