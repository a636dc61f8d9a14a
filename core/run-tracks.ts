import type { RunResult } from './run.ts';
import { networkLane, signalsOf } from './lane.ts';
import type { Lane } from './lane.ts';
import type { Channel, TelemetrySchema } from './telemetry.ts';
import { Track } from './track.ts';

/** Values by channel and row; NaN where there is none. */
export interface RowValues {
  value(channel: string, row: number): number;
  /** Whether a row came; absent: every one did. */
  has?(row: number): boolean;
}

/** A charge this near to empty or full is at its end. */
const nearlyEmpty = 0.001;

/**
 * An action is at its bound from within this share of its range on, until it is farther away than the other, and for so many rows: a controller that jumps to its
 * bounds and back is no event at each jump.
 */
const atBound = { enters: 0.001, leaves: 0.02, rows: 3 };
/** Of more actions than this, one track says that one of them is at its bound. */
const mostActionTracks = 4;

/** Measures of control tasks that count what should not be, and what a row of them that is not 0 is called. */
const taskEvents: Readonly<Record<string, string>> = {
  voltage_violation: 'voltage outside its band',
  overloads: 'branches overloaded',
  trips: 'branches tripped',
  unserved: 'load not served',
  illegal: 'action refused',
};

/** What of a result the tracks need: thresholds of runs whose schema does not tell them, and what relays did. */
export type TrackResult = Pick<RunResult, 'lanes' | 'grid'>;

/**
 * What happens to a lane of a building or an episode, in tracks: steps that are attacked, alarms of each detector, actions at their bounds, what a control task counts, batteries that are
 * empty or full. A track for which nothing is recorded is left out.
 */
export function laneTracks(
  schema: TelemetrySchema,
  values: RowValues,
  lane: Lane,
  result: TrackResult | null,
): readonly Track[] {
  const signals = signalsOf(schema, lane.name);
  const value = (signal: string, row: number): number => values.value(`${lane.name}/${signal}`, row);
  const tracks = signals.has('linf') ? [attackTrack(values, lane)] : [];
  for (const { lane: whose, signal = '', limit } of schema.channels) {
    if (whose !== lane.name || !signal.startsWith('score.')) continue;
    const label = signal.slice('score.'.length);
    // Runs of before limits were told have them in their result.
    const above = limit ?? result?.lanes.find((one) => one.lane === lane.name)?.detection?.[label]?.threshold;
    if (above !== undefined) tracks.push(new Track(signal, `alarm: ${label}`, (row) => value(signal, row) > above));
  }
  tracks.push(...saturationTracks(schema, values, lane));
  for (const [signal, label] of Object.entries(taskEvents))
    if (signals.has(signal)) tracks.push(new Track(signal, label, (row) => value(signal, row) > 0));
  if (signals.has('survival')) tracks.push(new Track('blackout', 'blackout', (row) => value('survival', row) < 1));
  if (signals.has('soc')) {
    tracks.push(new Track('empty', 'battery empty', (row) => value('soc', row) <= nearlyEmpty));
    tracks.push(new Track('full', 'battery full', (row) => value('soc', row) >= 1 - nearlyEmpty));
  }
  return tracks;
}

/** The steps on which an attack moved what the controller sees or does. */
export function attackTrack(values: RowValues, lane: Lane): Track {
  const value = (signal: string, row: number): number => values.value(`${lane.name}/${signal}`, row);
  return new Track('attack', `attack: ${spoken(lane.attack)}`, (row) => {
    return value('linf', row) > 0 || value('action_change', row) > 0;
  });
}

/** Whether a channel is one that tracks look at. */
export function isTracked({ signal = '', lane }: Channel): boolean {
  return lane !== undefined && (tracked.has(signal) || signal.startsWith('score.') || isAction(signal));
}

const tracked: ReadonlySet<string> = new Set([
  'linf',
  'action_change',
  'soc',
  'survival',
  'vmin',
  'vmax',
  'max_loading',
  ...Object.keys(taskEvents),
]);

function isAction(signal: string): boolean {
  return signal === 'action' || signal.startsWith('action.');
}

function saturationTracks(schema: TelemetrySchema, values: RowValues, lane: Lane): Track[] {
  const bounded = schema.channels.filter(
    ({ lane: whose, signal = '', range }) => whose === lane.name && isAction(signal) && range !== undefined,
  );
  const conditions = bounded.map((channel) => saturation(channel, values));
  if (conditions.length <= mostActionTracks)
    return conditions.map((holds, k) => {
      const name = bounded[k]!.signal!.slice('action.'.length);
      const [id, label] = name === '' ? ['saturated', 'action'] : [`saturated.${name}`, spoken(name)];
      return new Track(id, `at its bound: ${label}`, holds, atBound.rows);
    });
  // Each is asked at every row: what it says depends on the rows before.
  const some = (row: number): boolean => conditions.reduce((any, holds) => holds(row) || any, false);
  return [new Track('saturated', 'at its bound: some action', some, atBound.rows)];
}

/** Whether an action is at its bound, with hysteresis; to be asked at each row once, in order. */
function saturation({ name, range }: Channel, values: RowValues): (row: number) => boolean {
  const [low, high] = range!;
  let inside = false;
  return (row) => {
    const value = values.value(name, row);
    const away = Math.min(value - low, high - value) / (high - low);
    inside = away <= (inside ? atBound.leaves : atBound.enters);
    return inside;
  };
}

/** What happens to the network with the lanes of one attack, or the clean twins, on it: voltages outside their band, branches that are overloaded, blackouts, relays. */
export function networkTracks(
  schema: TelemetrySchema,
  values: RowValues,
  attack: string,
  result: TrackResult | null,
): readonly Track[] {
  const network = networkLane(attack);
  const of = (signal: string, row: number): number => values.value(`${network}/${signal}`, row);
  const signals = signalsOf(schema, network);
  const tracks: Track[] = [];
  const { grid } = schema;
  if (grid !== undefined && signals.has('vmin')) {
    const [low, high] = grid.band;
    const outside = (row: number): boolean => of('vmin', row) < low || of('vmax', row) > high;
    tracks.push(new Track('voltage', 'voltage outside its band', outside));
    // What the network asks for is more than it can carry.
    tracks.push(
      new Track(
        'blackout',
        'network without a solution',
        (row) => values.has?.(row) !== false && Number.isNaN(of('vmin', row)),
      ),
    );
  }
  if (signals.has('max_loading'))
    tracks.push(new Track('overloads', 'branches overloaded', (row) => of('max_loading', row) > 1));
  const cascade = result?.grid?.networks.find(({ lane: name }) => name === network)?.cascade;
  if (cascade !== undefined && cascade !== null && cascade.events.length > 0)
    tracks.push(
      new Track('relays', cascade.ended === 'blackout' ? 'relays trip, to a blackout' : 'relays trip', (row) => {
        return row === cascade.step;
      }),
    );
  return tracks;
}

function spoken(name: string): string {
  return name.replaceAll(/[_-]+/g, ' ').trim().toLowerCase();
}
