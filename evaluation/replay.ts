import type { RunResult } from '../core/run.ts';
import type { RecordedTelemetry } from './report/telemetry-file.ts';

/** Where what was recorded and what came of running it again are not the same. */
export interface Difference {
  /** JSON pointer into the result. */
  readonly path: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/** A channel of telemetry that is not the same to the bit. */
export interface ChannelDifference {
  readonly channel: string;
  /** Steps that differ, and the first of them. */
  readonly steps: number;
  readonly first: number;
  /** Largest |recorded − replayed|, in the channel's unit; NaN where one of them is no number. */
  readonly largest: number;
}

/** What may differ between equal results: how long it took, on what, and by which code. */
const ofTheMachine: readonly RegExp[] = [
  /^\/timing\//,
  /^\/versions\//,
  /^\/hashes\/code$/,
  /^\/lanes\/\d+\/cost\/seconds$/,
];

/** All differences of two results, leaf by leaf, in the order of the recorded one. */
export function resultDifferences(recorded: RunResult, replayed: RunResult): Difference[] {
  const found: Difference[] = [];
  // What was read from a file has been through JSON: −0 and undefined do not survive it.
  walk('', recorded, JSON.parse(JSON.stringify(replayed)), found);
  return found;
}

function walk(path: string, recorded: unknown, replayed: unknown, found: Difference[]): void {
  if (Object.is(recorded, replayed) || ofTheMachine.some((one) => one.test(path))) return;
  if (branches(recorded) && branches(replayed) && Array.isArray(recorded) === Array.isArray(replayed)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
      walk(`${path}/${step}`, own(recorded, key), own(replayed, key), found);
    }
  } else found.push({ path, recorded, replayed });
}

function branches(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Channels of which a step differs; one that only one side has differs everywhere. */
export function telemetryDifferences(recorded: RecordedTelemetry, replayed: RecordedTelemetry): ChannelDifference[] {
  const there = columnsOf(recorded);
  const here = columnsOf(replayed);
  return [...new Set([...there.keys(), ...here.keys()])].flatMap((channel) => {
    const a = there.get(channel) ?? new Float32Array();
    const b = here.get(channel) ?? new Float32Array();
    let steps = 0;
    let first = -1;
    let largest = 0;
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      if (Object.is(a[at], b[at])) continue;
      if (steps++ === 0) first = at;
      largest = Math.max(largest, Math.abs((a[at] ?? Number.NaN) - (b[at] ?? Number.NaN)));
    }
    return steps === 0 ? [] : [{ channel, steps, first, largest }];
  });
}

function columnsOf({ schema, frames }: RecordedTelemetry): Map<string, Float32Array> {
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const columns = new Map(schema.channels.map(({ name }) => [name, new Float32Array(rows)]));
  let row = 0;
  for (const frame of frames) {
    [...columns.values()].forEach((column, c) =>
      column.set(frame.values.subarray(c * frame.rows, (c + 1) * frame.rows), row),
    );
    row += frame.rows;
  }
  return columns;
}
