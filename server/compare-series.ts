import { StateError, UnknownNameError } from '../core/errors.ts';
import type { LaneResult } from '../core/run.ts';
import { comparedLanes, keyOf } from './comparison.ts';
import type { GroupKey } from './comparison.ts';
import type { RunDetail } from './events.ts';
import { spreadOf } from '../evaluation/spread.ts';
import type { Store } from './store.ts';

/** A signal over the steps of several lanes, by group; columns with a value for each bucket of steps. */
export interface CompareSeries {
  readonly signal: string;
  readonly unit: string;
  /** Signals that any of the runs has. */
  readonly signals: readonly string[];
  /** First step of each bucket. */
  readonly step: readonly number[];
  readonly groups: readonly {
    readonly key: Readonly<Record<string, string>>;
    /** Lanes that have it. */
    readonly lanes: number;
    readonly mean: readonly (number | null)[];
    readonly std: readonly (number | null)[];
    readonly min: readonly (number | null)[];
    readonly max: readonly (number | null)[];
    readonly lines: readonly {
      readonly runId: string;
      readonly seed: number;
      readonly values: readonly (number | null)[];
    }[];
  }[];
}

/**
 * Means of a signal over equal buckets of steps in every lane that has it, and over the lanes of each group their mean, standard deviation and extremes;
 * every step counts.
 * @throws {UnknownNameError} when none of the runs records the signal  @throws {StateError} when none is over
 */
export async function compareSeries(
  store: Store,
  runs: readonly RunDetail[],
  keys: readonly GroupKey[],
  wanted: string | undefined,
  points: number,
): Promise<CompareSeries> {
  const over = runs.filter((run) => run.result !== null && run.schema !== null && run.headSeq > 0);
  if (over.length === 0) throw new StateError('none of these runs is done with telemetry of its own');
  const units = new Map(
    over.flatMap((run) => run.schema!.channels.map(({ signal, unit }) => [signal ?? '', unit] as const)),
  );
  units.delete('');
  const signal = wanted ?? (units.has('net') ? 'net' : [...units.keys()][0]!);
  const unit = units.get(signal);
  if (unit === undefined) throw new UnknownNameError('signal', signal.slice(0, 100), [...units.keys()].slice(0, 40));
  const size = Math.max(1, Math.ceil(Math.max(...over.map((run) => run.headStep)) / points));
  const groups = new Map<
    string,
    { readonly key: Record<string, string>; readonly lines: CompareSeries['groups'][number]['lines'][number][] }
  >();
  let parts = 0;
  const compared = new Map<RunDetail, LaneResult[]>();
  for (const { run, lane } of comparedLanes(over)) compared.set(run, [...(compared.get(run) ?? []), lane]);
  for (const [run, ofRun] of compared) {
    const lanes = ofRun.flatMap((lane) => {
      const channel = run.schema!.channels.find((one) => one.lane === lane.lane && one.signal === signal);
      return channel === undefined ? [] : [{ lane, channel: channel.name }];
    });
    if (lanes.length === 0) continue;
    await store.compact(run.id);
    const own = Math.ceil(run.headStep / size);
    parts = Math.max(parts, own);
    const columns = await store.warehouse.buckets(
      run.id,
      lanes.map(({ channel }) => channel),
      own * size,
      own,
    );
    lanes.forEach(({ lane }, at) => {
      const key = Object.fromEntries(keys.map((name) => [name, keyOf(run, lane, name)]));
      const text = JSON.stringify(key);
      const group = groups.get(text) ?? { key, lines: [] };
      group.lines.push({ runId: run.id, seed: run.seed, values: columns[at]! });
      groups.set(text, group);
    });
  }
  return {
    signal,
    unit,
    signals: [...units.keys()],
    step: Array.from({ length: parts }, (_, part) => part * size),
    groups: [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { key, lines }]) => {
        const spreads = Array.from({ length: parts }, (_, part) =>
          spreadOf(lines.map(({ values }) => values[part] ?? null)),
        );
        return {
          key,
          lanes: lines.length,
          mean: spreads.map(({ mean }) => mean),
          std: spreads.map(({ std }) => std),
          min: spreads.map(({ min }) => min),
          max: spreads.map(({ max }) => max),
          lines,
        };
      }),
  };
}
