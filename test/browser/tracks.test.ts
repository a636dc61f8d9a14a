import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CascadeResult, RunResult } from '../../core/run.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import { Columns } from '../../server/console/live/columns.ts';
import { branchKey, relayPicture } from '../../server/console/live/relays.ts';
import { Track, tracksOf } from '../../server/console/live/tracks.ts';

describe('a track', () => {
  it('has the rows on which its condition holds, however they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.array(fc.nat({ max: 60 })),
        fc.nat({ max: 60 }),
        (held, cuts, at) => {
          const track = new Track('id', 'label', (row) => held[row]!);
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
  columns.append({ schema: 1, seq: 0, step0: 0, rows: 4, cols: 7, values, wallTime: 0 });
  const found = (result: unknown) =>
    Object.fromEntries(
      tracksOf(schema, columns, lane, result as RunResult | null).map((track) => [track.label, track.scan(4).spans]),
    );

  it('are what is recorded of it: attacked steps, alarms, voltages, batteries at their ends', () => {
    expect(found(null)).toEqual({
      'attack: pgd': [{ from: 1, to: 4 }],
      'alarm: watch': [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
      'voltage outside its band': [{ from: 1, to: 4 }],
      'battery empty': [{ from: 0, to: 1 }],
      'battery full': [{ from: 2, to: 4 }],
    });
  });

  it('and in the end what the result knows: relays, thresholds of runs whose schema does not tell them', () => {
    const result = {
      lanes: [{ lane: 'B/pgd', detection: { watch: { threshold: 9 }, other: { threshold: 0 } } }],
      grid: { networks: [{ lane: 'grid/pgd', cascade }] },
    };
    const all = found(result);
    expect(all['relays trip']).toEqual([{ from: 2, to: 3 }]);
    expect(all['alarm: watch']).toHaveLength(2);
    expect(all['alarm: other']).toEqual([{ from: 0, to: 4 }]);
  });

  it('differences of lanes are made as rows come', () => {
    const grown = new Columns();
    grown.adopt(schema);
    const minus = { channel: 'B/pgd/linf', minus: 'B/pgd/soc' };
    for (let k = 0; k < 500; k++) {
      grown.append({ schema: 1, seq: k, step0: 4 * k, rows: 4, cols: 7, values, wallTime: 0 });
      if (k % 100 === 0) expect(grown.series(minus)![4 * k + 1]).toBeCloseTo(-0.4, 6);
    }
    expect([...grown.series(minus)!.subarray(1996, 2000)].map((value) => Number(value.toFixed(3)))).toEqual([
      0, -0.4, -0.9, -1,
    ]);
    expect(grown.of(minus, 1998)).toBeCloseTo(-0.9, 6);
    expect(grown.series({ channel: 'B/pgd/linf', minus: 'none' })).toBeUndefined();
  });
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
