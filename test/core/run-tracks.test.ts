import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CascadeResult, RunResult } from '../../core/run.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import { Columns } from '../../server/console/live/columns.ts';
import { branchKey, relayPicture } from '../../server/console/live/relays.ts';
import { isTracked, laneTracks, networkTracks } from '../../core/run-tracks.ts';
import { Track } from '../../core/track.ts';

describe('a track', () => {
  it('of rows that are known has each as a span of its own, in order and once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 20 }), fc.nat({ max: 30 }), (rows, at) => {
        const track = Track.of('id', 'label', rows).scan(40);
        const own = [...new Set(rows)].toSorted((a, b) => a - b);
        expect([track.spans.map(({ from }) => from), track.count]).toEqual([own, own.length]);
        expect(track.spans.every(({ from, to }) => to === from + 1)).toBe(true);
        expect(track.beside(at, 1)?.from).toBe(own.find((row) => row > at));
        expect(track.beside(at, -1)?.from).toBe(own.findLast((row) => row < at));
      }),
    );
  });

  it('has the rows on which its condition holds, however they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.array(fc.nat({ max: 60 })),
        fc.nat({ max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (flags, cuts, at, least) => {
          // What is shorter than the least is not held.
          const runs =
            flags
              .map(String)
              .join('')
              .match(/(true)+|false/g) ?? [];
          const lengths = runs.map((run) => (run === 'false' ? 0 : run.length / 'true'.length));
          const held = lengths.flatMap((length) =>
            length === 0 ? [false] : Array<boolean>(length).fill(length >= least),
          );
          const track = new Track('id', 'label', (row) => flags[row]!, least);
          for (const cut of [...cuts.filter((one) => one <= held.length).sort((a, b) => a - b), held.length])
            track.scan(cut);
          const rows = track.spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, k) => from + k));
          expect(rows).toEqual(held.flatMap((yes, row) => (yes ? [row] : [])));
          expect(track.count).toBe(rows.length);
          for (let k = 1; k < track.spans.length; k++)
            expect(track.spans[k]!.from).toBeGreaterThan(track.spans[k - 1]!.to);
          expect(track.within(at, at + 7)).toEqual(track.spans.filter(({ from, to }) => from < at + 7 && to > at));
          expect(track.beside(at, 1)).toEqual(track.spans.find(({ from }) => from > at));
          expect(track.beside(at, -1)).toEqual(track.spans.findLast(({ to }) => to <= at));
        },
      ),
    );
  });
});

const lane = { name: 'B/pgd', building: 'B', attack: 'pgd' };
const signals: Readonly<Record<string, readonly number[]>> = {
  'B/pgd/linf': [0, 0.1, 0.1, 0],
  'B/pgd/action_change': [0, 0, 0, 0.5],
  'B/pgd/score.watch': [1, 3, 1, 3],
  'B/pgd/score.other': [1, 3, 1, 3],
  'B/pgd/soc': [0, 0.5, 1, 1],
  'grid/pgd/vmin': [0.96, 0.94, 0.96, Number.NaN],
  'grid/pgd/vmax': [1, 1, 1.06, Number.NaN],
  'grid/pgd/max_loading': [0.5, 1, 1.2, Number.NaN],
};
const schema: TelemetrySchema = {
  version: 1,
  dt: 3600,
  grid: {
    name: 'three',
    buses: [1, 2, 3],
    branches: [
      [1, 2],
      [2, 3],
    ],
    reference: 1,
    band: [0.95, 1.05],
  },
  channels: Object.keys(signals).map((name) => ({
    name,
    unit: '',
    lane: name.slice(0, name.lastIndexOf('/')),
    signal: name.slice(name.lastIndexOf('/') + 1),
    ...(name.endsWith('watch') ? { limit: 2 } : {}),
  })),
};
const cascade: CascadeResult = {
  step: 2,
  ended: 'stable',
  rounds: 1,
  islands: 2,
  linesTripped: 1,
  demandMw: 2,
  servedMw: 1,
  servedFraction: 0.5,
  unservedMwh: 1,
  trippedAt: [null, 1.5],
  servedAt: [0, 1, 0],
  parts: [[1, 2], [3]],
  events: [
    { t: 1.5, what: 'line-trip', why: 'instant', branch: [2, 3], index: 1, buses: [], value: 1.2, mwLost: 0 },
    { t: 1.5, what: 'load-loss', why: 'dead', branch: null, index: null, buses: [3], value: null, mwLost: 1 },
  ],
};

describe('the tracks of a lane', () => {
  const columns = new Columns();
  columns.adopt(schema);
  const values = Float32Array.from(Object.values(signals).flat());
  columns.append({ schema: 1, seq: 0, step0: 0, rows: 4, cols: 8, values, wallTime: 0 });
  const found = (result: unknown) =>
    Object.fromEntries(
      [
        ...laneTracks(schema, columns, lane, result as RunResult | null),
        ...networkTracks(schema, columns, lane.attack, result as RunResult | null),
      ].map((track) => [track.label, track.scan(4).spans]),
    );

  it('are what is recorded of it: attacked steps, alarms, voltages, batteries at their ends', () => {
    expect(found(null)).toEqual({
      'attack: pgd': [{ from: 1, to: 4 }],
      'alarm: watch': [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
      'voltage outside its band': [{ from: 1, to: 3 }],
      'network without a solution': [{ from: 3, to: 4 }],
      'branches overloaded': [{ from: 2, to: 3 }],
      'battery empty': [{ from: 0, to: 1 }],
      'battery full': [{ from: 2, to: 4 }],
    });
  });

  it('say nothing of rows that were left out of the stream', () => {
    const gappy = new Columns();
    gappy.adopt(schema);
    const some = new Float32Array(8).fill(1);
    gappy.leaveOut({ from: 0, to: 1, buckets: [{ step0: 0, rows: 4, least: some, greatest: some }] });
    const tracks = [...laneTracks(schema, gappy, lane, null), ...networkTracks(schema, gappy, lane.attack, null)];
    expect(tracks.length).toBeGreaterThan(5);
    for (const track of tracks) expect(track.scan(4).spans).toEqual([]);
  });

  it('and in the end what the result knows: relays, thresholds of runs whose schema does not tell them', () => {
    const result = {
      lanes: [{ lane: 'B/pgd', detection: { watch: { threshold: 9 }, other: { threshold: 0 } } }],
      grid: { networks: [{ lane: 'grid/pgd', cascade }] },
    };
    const all = found(result);
    expect(all['relays trip']).toEqual([{ from: 2, to: 3 }]);
    const blackout = found({
      lanes: [],
      grid: { networks: [{ lane: 'grid/pgd', cascade: { ...cascade, ended: 'blackout' } }] },
    });
    expect(blackout['relays trip, to a blackout']).toEqual([{ from: 2, to: 3 }]);
    expect(all['alarm: watch']).toHaveLength(2);
    expect(all['alarm: other']).toEqual([{ from: 0, to: 4 }]);
  });

  it('differences of lanes are made as rows come', () => {
    const grown = new Columns();
    grown.adopt(schema);
    const minus = { channel: 'B/pgd/linf', minus: 'B/pgd/soc' };
    for (let k = 0; k < 500; k++) {
      grown.append({ schema: 1, seq: k, step0: 4 * k, rows: 4, cols: 8, values, wallTime: 0 });
      if (k % 100 === 0) expect(grown.series(minus)![4 * k + 1]).toBeCloseTo(-0.4, 6);
    }
    expect([...grown.series(minus)!.subarray(1996, 2000)].map((value) => Number(value.toFixed(3)))).toEqual([
      0, -0.4, -0.9, -1,
    ]);
    expect(grown.of(minus, 1998)).toBeCloseTo(-0.9, 6);
    expect(grown.series({ channel: 'B/pgd/linf', minus: 'none' })).toBeUndefined();
  });
});

/** Tracks of a lane of a control task that records some signals. */
function taskTracks(
  signals: Readonly<Record<string, readonly number[]>>,
  ranges: Readonly<Record<string, readonly [number, number]>>,
) {
  const channels = Object.keys(signals).map((signal) => {
    const range = ranges[signal];
    return { name: `e/x/${signal}`, unit: '', lane: 'e/x', signal, ...(range === undefined ? {} : { range }) };
  });
  const rows = Object.values(signals)[0]!.length;
  const value = (name: string, row: number): number => signals[name.slice('e/x/'.length)]![row]!;
  const tracks = laneTracks(
    { version: 1, dt: 1, channels },
    { value },
    { name: 'e/x', building: 'e', attack: 'x' },
    null,
  );
  return Object.fromEntries(
    tracks.map((track) => [track.id, track.scan(rows).spans.map(({ from, to }) => [from, to])]),
  );
}

describe('an action at its bound', () => {
  const range = [-2, 2] as const;

  it('is one from three rows on, at either end, and stays it until it is well away', () => {
    // At the bound, near it, away; then two rows that are too few; then the other end, and beyond it.
    const action = [0, 2, 1.95, 2, 1.93, 1.5, 2, 2, 0, -2, -2.5, -1.999, 0, 1.97, 1.97, 1.97];
    expect(taskTracks({ action }, { action: range })).toEqual({
      saturated: [
        [1, 5],
        [9, 12],
      ],
    });
  });

  it('has a track for each of a few, one for all of many, and none for a choice', () => {
    const at = [2, 2, 2, 0];
    const never = [0, 0, 0, 0];
    expect(
      taskTracks({ 'action.p': at, 'action.q': never, 'action.tap': at }, { 'action.p': range, 'action.q': range }),
    ).toEqual({
      'saturated.p': [[0, 3]],
      'saturated.q': [],
    });
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `action.${name}`);
    const many = Object.fromEntries(names.map((name, k) => [name, k === 3 ? at : never]));
    expect(taskTracks(many, Object.fromEntries(names.map((name) => [name, range])))).toEqual({ saturated: [[0, 3]] });
  });
});

it('a control task has what it counts, and its blackout', () => {
  expect(taskTracks({ survival: [1, 1, 0, 0], trips: [0, 2, 0, 0], illegal: [1, 0, 0, 0] }, {})).toEqual({
    trips: [[1, 2]],
    illegal: [[0, 1]],
    blackout: [[2, 4]],
  });
});

it('tracks look at no channel but those that are said to be theirs', () => {
  const looked = new Set<string>();
  const values = { value: (name: string) => Number(looked.add(name).size > 0) };
  const channels = [
    ...schema.channels,
    ...['action', 'survival', 'trips', 'net'].map((signal) => ({
      name: `B/pgd/${signal}`,
      unit: '',
      lane: 'B/pgd',
      signal,
      range: [0, 1] as const,
    })),
  ];
  const all = { ...schema, channels };
  for (const track of [...laneTracks(all, values, lane, null), ...networkTracks(all, values, 'pgd', null)])
    track.scan(1);
  // The attack's second sign is asked only where the first is none.
  expect(new Set([...looked, 'B/pgd/action_change', 'B/pgd/score.other'])).toEqual(
    new Set(channels.filter(isTracked).map(({ name }) => name)),
  );
});

describe('relays in a diagram', () => {
  it('are the branches that tripped and stayed open, and the buses behind them', () => {
    const picture = relayPicture(cascade, schema.grid!);
    expect([...picture.tripped]).toEqual([[branchKey(2, 3), 1.5]]);
    expect([...picture.dark]).toEqual([3]);
    expect(picture.summary).toBe('relays: 1 branch tripped, 1 bus dark, 1.00 of 2.00 MW served');
    // A part that is served goes on alone; the source is never called dark.
    const alone = relayPicture({ ...cascade, servedAt: [0, 0, 1] }, schema.grid!);
    expect([...alone.dark]).toEqual([2]);
    const still = { ...cascade, trippedAt: [null, null], servedAt: [0, 1, 1], parts: [[1, 2, 3]], events: [] };
    const quiet = relayPicture(still, schema.grid!);
    expect([quiet.tripped.size, quiet.dark.size, quiet.summary]).toEqual([0, 0, 'relays: nothing tripped']);
  });
});
