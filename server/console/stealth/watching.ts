import { daysFor } from '../../../core/detector-days.ts';
import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Columns } from '../live/columns.ts';
import type { Pair } from '../live/panels.ts';
import { attackTrack } from '../../../core/run-tracks.ts';
import { roc } from './roc.ts';
import type { Roc } from './roc.ts';

const scorePrefix = 'score.';
const dayS = 86_400;

/** A detector at an attacked lane and its twin. */
export interface Post {
  readonly label: string;
  /** Above it is an alarm; undefined: not known before the run is over. */
  readonly threshold: number | undefined;
  readonly clean: string;
  readonly attacked: string;
}

/** What a detector came to so far. Shares are NaN where there is nothing to count. */
export interface Watching extends Post {
  /** Share of the attacked steps whose score is no alarm. */
  readonly stealth: number;
  /** Share of the twin's steps, on days that it has not learnt from, whose score is one. */
  readonly falseAlarms: number;
  /** Steps from the first attacked one to the first alarm from then on; null: none so far. */
  readonly delay: number | null;
  readonly steps: Roc;
  /** Of the days' greatest scores: an alarm is a day. */
  readonly days: Roc;
}

/** The detectors on duty at a lane. */
export function postsOf(schema: TelemetrySchema, { attacked, clean }: Pair, result: RunResult | null): readonly Post[] {
  if (attacked === undefined || clean === undefined) return [];
  return schema.channels.flatMap(({ name, lane, signal = '', limit }) => {
    if (lane !== attacked.name || !signal.startsWith(scorePrefix)) return [];
    const label = signal.slice(scorePrefix.length);
    const threshold = limit ?? result?.lanes.find((one) => one.lane === lane)?.detection?.[label]?.threshold;
    return [{ label, threshold, attacked: name, clean: `${clean.name}/${signal}` }];
  });
}

/** Counts what each detector saw. Clean steps are those of days held out from its learning, unless no such day has come yet. */
export function watchingOf(
  posts: readonly Post[],
  columns: Columns,
  { attacked }: Pair,
  schema: TelemetrySchema,
  totalSteps: number,
): readonly Watching[] {
  const { rows } = columns;
  if (attacked === undefined) return [];
  const perDay = Math.max(1, Math.round(dayS / schema.dt));
  const heldOut = heldOutRows(rows, perDay, totalSteps);
  const struck = rowsOf(attackTrack(columns, attacked).scan(rows).spans);
  return posts.map((post) => {
    const [twin, own] = [columns.column(post.clean), columns.column(post.attacked)];
    const at = (values: Float32Array | undefined, chosen: readonly number[]): number[] =>
      chosen.map((row) => values?.[row] ?? Number.NaN);
    const above = post.threshold ?? Number.NaN;
    const share = (scores: readonly number[]): number =>
      scores.filter((score) => score > above).length / (Number.isNaN(above) ? 0 : scores.length);
    const alarm = struck.length === 0 ? -1 : firstAbove(own, above, struck[0]!, rows);
    const days = [...new Set(heldOut.map((row) => Math.floor(row / perDay)))];
    const struckDays = new Set(struck.map((row) => Math.floor(row / perDay)));
    const peaks = (values: Float32Array | undefined, of: readonly number[]): number[] =>
      of.map((day) => greatest(values, day * perDay, Math.min(rows, (day + 1) * perDay)));
    return {
      ...post,
      stealth: 1 - share(at(own, struck)),
      falseAlarms: share(at(twin, heldOut)),
      delay: alarm < 0 ? null : alarm - struck[0]!,
      steps: roc(at(twin, heldOut), at(own, struck)),
      days: roc(
        peaks(twin, days),
        peaks(
          own,
          days.filter((day) => struckDays.has(day)),
        ),
      ),
    };
  });
}

function heldOutRows(rows: number, perDay: number, totalSteps: number): readonly number[] {
  const held = daysFor('test', Math.floor(totalSteps / perDay)).flatMap((day) =>
    Array.from({ length: perDay }, (_, k) => day * perDay + k).filter((row) => row < rows),
  );
  return held.length > 0 ? held : Array.from({ length: rows }, (_, row) => row);
}

function rowsOf(spans: readonly { readonly from: number; readonly to: number }[]): readonly number[] {
  return spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, k) => from + k));
}

function firstAbove(values: Float32Array | undefined, above: number, from: number, to: number): number {
  for (let row = from; row < to; row++) if (values !== undefined && values[row]! > above) return row;
  return -1;
}

function greatest(values: Float32Array | undefined, from: number, to: number): number {
  let most = Number.NaN;
  for (let row = from; row < to; row++) {
    const value = values?.[row] ?? Number.NaN;
    if (!(value <= most)) most = Number.isNaN(value) ? most : value;
  }
  return most;
}
