import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Columns } from './columns.ts';
import { words } from './format.ts';
import { networkLane, signalsOf } from './lanes.ts';
import type { Lane } from './lanes.ts';

/** Rows from … to−1 on which something held. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans of rows on which a condition holds, found as rows come; each row is looked at once. */
export class Track {
  readonly id: string;
  readonly label: string;
  readonly spans: Span[] = [];
  /** Rows of all spans. */
  count = 0;
  readonly #holds: (row: number) => boolean;
  #scanned = 0;

  constructor(id: string, label: string, holds: (row: number) => boolean) {
    this.id = id;
    this.label = label;
    this.#holds = holds;
  }

  /** Looks at the rows that have come since. */
  scan(rows: number): this {
    for (; this.#scanned < rows; this.#scanned++) {
      const row = this.#scanned;
      if (!this.#holds(row)) continue;
      this.count++;
      const last = this.spans.at(-1);
      if (last?.to === row) this.spans[this.spans.length - 1] = { from: last.from, to: row + 1 };
      else this.spans.push({ from: row, to: row + 1 });
    }
    return this;
  }

  /** Position in `spans` of the first that ends after a row. */
  at(row: number): number {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.spans[middle]!.to > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Spans that have a row in [from, to). */
  within(from: number, to: number): readonly Span[] {
    const first = this.at(from);
    let last = this.at(to - 1);
    if (last < this.spans.length && this.spans[last]!.from < to) last++;
    return this.spans.slice(first, last);
  }

  /** The span that begins after a row, or ends before it; undefined where there is none. */
  beside(row: number, direction: 1 | -1): Span | undefined {
    const at = this.at(row);
    if (direction === -1) return this.spans[at - 1];
    const here = this.spans[at];
    return here !== undefined && here.from <= row ? this.spans[at + 1] : here;
  }
}

/** A charge this near to empty or full is at its end. */
const nearlyEmpty = 0.001;

/** Measures of control tasks that count what should not be, and what a row of them that is not 0 is called. */
const taskEvents: Readonly<Record<string, string>> = {
  voltage_violation: 'voltage outside its band',
  overloads: 'branches overloaded',
  trips: 'branches tripped',
  unserved: 'load not served',
  illegal: 'action refused',
};

/**
 * What happens to an attacked lane, in tracks: steps that are attacked, alarms of each detector, voltages outside their band, what relays did,
 * batteries that are empty or full. A track for which nothing is recorded is left out.
 */
export function tracksOf(
  schema: TelemetrySchema,
  columns: Columns,
  lane: Lane | undefined,
  result: RunResult | null,
): readonly Track[] {
  if (lane === undefined) return [];
  const signals = signalsOf(schema, lane.name);
  const value = (signal: string, row: number): number => columns.value(`${lane.name}/${signal}`, row);
  const tracks = [attackTrack(columns, lane)];
  for (const { lane: whose, signal = '', limit } of schema.channels) {
    if (whose !== lane.name || !signal.startsWith('score.')) continue;
    const label = signal.slice('score.'.length);
    // Runs of before limits were told have them in their result.
    const above = limit ?? result?.lanes.find((one) => one.lane === lane.name)?.detection?.[label]?.threshold;
    if (above !== undefined) tracks.push(new Track(signal, `alarm: ${label}`, (row) => value(signal, row) > above));
  }
  const network = networkLane(lane.attack);
  const { grid } = schema;
  if (grid !== undefined && signalsOf(schema, network).has('vmin')) {
    const [low, high] = grid.band;
    const of = (signal: string, row: number): number => columns.value(`${network}/${signal}`, row);
    tracks.push(
      new Track('voltage', 'voltage outside its band', (row) => !(of('vmin', row) >= low && of('vmax', row) <= high)),
    );
  }
  const cascade = result?.grid?.networks.find(({ lane: name }) => name === network)?.cascade;
  if (cascade !== undefined && cascade !== null && cascade.events.length > 0)
    tracks.push(new Track('relays', 'relays trip', (row) => row === cascade.step));
  for (const [signal, label] of Object.entries(taskEvents))
    if (signals.has(signal)) tracks.push(new Track(signal, label, (row) => value(signal, row) > 0));
  if (signals.has('soc')) {
    tracks.push(new Track('empty', 'battery empty', (row) => value('soc', row) <= nearlyEmpty));
    tracks.push(new Track('full', 'battery full', (row) => value('soc', row) >= 1 - nearlyEmpty));
  }
  return tracks;
}

/** The steps on which an attack moved what the controller sees or does. */
export function attackTrack(columns: Columns, lane: Lane): Track {
  const value = (signal: string, row: number): number => columns.value(`${lane.name}/${signal}`, row);
  return new Track('attack', `attack: ${words(lane.attack).toLowerCase()}`, (row) => {
    return value('linf', row) > 0 || value('action_change', row) > 0;
  });
}
