import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { Columns } from '../../server/console/live/columns.ts';

const schema = (names: readonly string[], version = 1): TelemetrySchema => ({
  version,
  channels: names.map((name) => ({ name, unit: '' })),
  dt: 3600,
});

/** A frame whose value at (row, channel c) is row + c/10. */
function frame(seq: number, step0: number, rows: number, cols: number): TelemetryFrame {
  const values = Float32Array.from({ length: rows * cols }, (_, i) => step0 + (i % rows) + Math.floor(i / rows) / 10);
  return { schema: 1, seq, step0, rows, cols, values, wallTime: 0 };
}

describe('columns', () => {
  it('hold every row of every channel, whatever the frames and the expected length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 3000 }),
        (sizes, expected) => {
          const columns = new Columns();
          columns.adopt(schema(['a', 'b']));
          columns.expect(expected);
          let rows = 0;
          for (const [seq, size] of sizes.entries()) {
            expect(columns.append(frame(seq, rows, size, 2))).toBe(true);
            rows += size;
          }
          expect(columns.rows).toBe(rows);
          for (let row = 0; row < rows; row++)
            expect([columns.value('a', row), columns.value('b', row)]).toEqual([row, Math.fround(row + 0.1)]);
          expect(columns.value('a', rows)).toBeNaN();
        },
      ),
    );
  });

  it('refuse a frame that leaves a hole, repeats rows, or is of another schema', () => {
    const columns = new Columns();
    expect(columns.append(frame(0, 0, 4, 2))).toBe(false);
    columns.adopt(schema(['a', 'b']));
    expect(columns.append(frame(0, 0, 4, 2))).toBe(true);
    expect(columns.append(frame(2, 5, 4, 2))).toBe(false);
    expect(columns.append(frame(1, 3, 4, 2))).toBe(false);
    expect(columns.append(frame(1, 4, 4, 3))).toBe(false);
    expect(columns.append({ ...frame(1, 4, 4, 2), schema: 2 })).toBe(false);
    expect(columns.rows).toBe(4);
  });

  it('know of rows that were left out their extremes, by bucket, and nothing else', () => {
    const bucket = (step0: number, rows: number, least: number[], greatest: number[]) => ({
      step0,
      rows,
      least: Float32Array.from(least),
      greatest: Float32Array.from(greatest),
    });
    const columns = new Columns();
    columns.adopt(schema(['a', 'b']));
    const buckets = [bucket(0, 3, [-1, Number.NaN], [4, Number.NaN]), bucket(3, 2000, [0, 7], [9, 8])];
    expect(columns.leaveOut({ from: 0, to: 9, buckets: [bucket(1, 2, [0, 0], [0, 0])] })).toBe(false);
    expect(columns.leaveOut({ from: 0, to: 9, buckets: [bucket(0, 2, [0], [0])] })).toBe(false);
    expect(columns.leaveOut({ from: 0, to: 9, buckets })).toBe(true);
    expect(columns.append(frame(9, 2003, 4, 2))).toBe(true);
    expect([columns.rows, columns.first]).toEqual([2007, 2003]);
    expect([columns.has(2002), columns.has(2003), columns.has(2007)]).toEqual([false, true, false]);
    expect([columns.value('a', 2), columns.value('a', 2003)]).toEqual([Number.NaN, 2003]);
    expect(columns.leftOut(2003, 2007)).toEqual([]);
    expect(columns.leftOut(2, 4)).toEqual(buckets);
    expect(columns.extremes({ channel: 'a' }, buckets[0]!)).toEqual([-1, 4]);
    expect(columns.extremes({ channel: 'b' }, buckets[0]!)).toBeUndefined(); // it held no number
    expect(columns.extremes({ channel: 'a', minus: 'b' }, buckets[1]!)).toBeUndefined(); // of a difference they are not known
  });

  it('average what is there', () => {
    const columns = new Columns();
    columns.adopt(schema(['a']));
    expect(columns.mean('a')).toBeNaN();
    columns.append({ ...frame(0, 0, 4, 1), values: Float32Array.of(1, Number.NaN, 0, 0.5) });
    expect(columns.mean('a')).toBe(0.5);
    expect(columns.mean('b')).toBeNaN();
  });

  it('keep the history of channels that a new schema still has', () => {
    const columns = new Columns();
    columns.adopt(schema(['a', 'b']));
    columns.append(frame(0, 0, 4, 2));
    columns.adopt(schema(['b', 'c'], 2));
    expect(columns.value('b', 3)).toBe(Math.fround(3.1));
    expect(columns.value('c', 3)).toBeNaN();
    expect(columns.column('a')).toBeUndefined();
  });
});
