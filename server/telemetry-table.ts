import { UnknownNameError } from '../core/errors.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import { decodeFrames } from './frame-log.ts';
import type { Store } from './store.ts';

/** Columns of a run's telemetry: steps, and the asked channels' values. */
export interface TelemetryTable {
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly step: readonly number[];
  readonly values: readonly (readonly number[])[];
  /** Rows there are between `from` and `to`, before decimation. */
  readonly of: number;
}

export interface TelemetryQuery {
  readonly channels?: readonly string[] | undefined;
  readonly from: number;
  readonly to: number;
  /** At most about this many rows: two a bucket, where the first channel is least and greatest, so that peaks survive. */
  readonly points?: number | undefined;
}

const batch = 64;

/** Reads a run's telemetry between two steps. @throws {UnknownNameError} for a channel that the run does not record. */
export function telemetryTable(
  store: Store,
  id: string,
  schema: TelemetrySchema,
  query: TelemetryQuery,
): TelemetryTable {
  const names = schema.channels.map((channel) => channel.name);
  const picked = (query.channels ?? names).map((name) => {
    const at = names.indexOf(name);
    if (at < 0) throw new UnknownNameError('channel', name, names);
    return at;
  });
  const step: number[] = [];
  const values: number[][] = picked.map(() => []);
  for (let seq = 0; ;) {
    const frames = store.frames(id, seq, batch);
    if (frames.length === 0) break;
    seq = frames.at(-1)!.seq + 1;
    for (const frame of decodeFrames(frames)) {
      for (let row = 0; row < frame.rows; row++) {
        const at = frame.step0 + row;
        if (at < query.from || at > query.to) continue;
        step.push(at);
        picked.forEach((channel, c) => values[c]!.push(frame.values[channel * frame.rows + row]!));
      }
    }
  }
  const rows =
    query.points === undefined || step.length <= query.points
      ? step.map((_, i) => i)
      : extremes(values[0] ?? [], query.points);
  return {
    channels: picked.map((at) => ({ name: names[at]!, unit: schema.channels[at]!.unit })),
    step: rows.map((row) => step[row]!),
    values: values.map((column) => rows.map((row) => column[row]!)),
    of: step.length,
  };
}

/** Row numbers of the least and the greatest value of each bucket, in order. */
function extremes(column: readonly number[], points: number): number[] {
  const buckets = Math.max(1, Math.floor(points / 2));
  const rows = new Set<number>();
  for (let b = 0; b < buckets; b++) {
    const from = Math.floor((b * column.length) / buckets);
    const to = Math.floor(((b + 1) * column.length) / buckets);
    let least = from;
    let greatest = from;
    for (let row = from + 1; row < to; row++) {
      if (column[row]! < column[least]!) least = row;
      if (column[row]! > column[greatest]!) greatest = row;
    }
    rows.add(Math.min(least, greatest)).add(Math.max(least, greatest));
  }
  return [...rows];
}
