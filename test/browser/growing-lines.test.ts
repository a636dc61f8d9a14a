import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import { Track } from '../../core/track.ts';
import { bucketSize, decimate, drawnRoom } from '../../server/console/live/decimate.ts';
import { GrowingLines } from '../../server/console/live/growing-lines.ts';
import type { Lines } from '../../server/console/live/growing-lines.ts';
import { LineDrawing, margin } from '../../server/console/live/line-drawing.ts';
import type { Band } from '../../server/console/live/line-drawing.ts';
import type { Panel } from '../../server/console/live/panels.ts';
import { ViewStore } from '../../server/console/live/view.ts';
import { Paper } from './support/paper.ts';

const height = 100;
const pictures = 40;
const panel: Panel = {
  id: 'test',
  title: 'test',
  lines: [
    { label: 'clean', channel: 'a', unit: '', meaning: 'clean', axis: 'left', dash: [6, 4] },
    { label: 'attacked', channel: 'b', unit: '', meaning: 'attacked', axis: 'left' },
    { label: 'reference', channel: 'c', unit: '', meaning: 'reference', axis: 'right' },
  ],
};

/** How a run goes: probabilities are those of a row. */
const run = fc.record({
  seed: fc.nat(),
  rows: fc.integer({ min: 100, max: 900 }),
  missing: fc.constantFrom(0, 0.05),
  /** That a stretch of rows is left out, of which only the extremes are known. */
  leftOut: fc.constantFrom(0, 0.02),
  /** That a value stays as it is. */
  still: fc.constantFrom(0, 0.9),
  begins: fc.constantFrom(0, 0.05, 0.3, 1),
  ends: fc.constantFrom(0, 0.1, 0.5, 1),
});

const picture = fc.record({
  width: fc.integer({ min: 20, max: 400 }),
  scale: fc.constantFrom(1, 2),
  buckets: fc.integer({ min: 10, max: 300 }),
  span: fc.constantFrom(null, null, null, 120),
  /** Rows that come between two pictures, at most. */
  atOnce: fc.integer({ min: 1, max: 30 }),
  /** Whether all rows are there, and a replay shows them, which may be put back. */
  replay: fc.boolean(),
});

type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

interface Recorded {
  readonly channels: readonly Float32Array[];
  /** [channel] */
  readonly bands: readonly (readonly Band[])[];
  readonly attacked: readonly boolean[];
}

function record({ seed, rows, missing, leftOut, still, begins, ends }: Run): Recorded {
  const random = rng(seed);
  const channels = panel.lines.map(() => new Float32Array(rows));
  const bands = panel.lines.map((): Band[] => []);
  const attacked: boolean[] = [];
  let out = 0;
  for (let row = 0; row < rows; row++) {
    attacked.push(attacked.at(-1) === true ? random.uniform() >= ends : random.uniform() < begins);
    if (out === 0 && random.uniform() < leftOut) {
      out = Math.min(rows - row, 1 + random.int(20));
      for (const own of bands)
        own.push({ from: row, to: row + out, least: random.uniform() - 1, greatest: random.uniform() });
    }
    for (const channel of channels) {
      const value = random.uniform() < still ? (channel[row - 1] ?? 0) : 2 * random.uniform() - 1;
      channel[row] = out > 0 || random.uniform() < missing ? Number.NaN : value;
    }
    if (out > 0) out--;
  }
  return { channels, bands, attacked };
}

describe('lines that grow', () => {
  it('are in every column of pixels those that are drawn as a whole, and of whole pixels', () => {
    let [added, whole] = [0, 0];
    fc.assert(
      fc.property(run, picture, (how, { width, scale, buckets, span, atOnce, replay }) => {
        const { channels, bands, attacked } = record(how);
        const chance = rng(how.seed).split('pictures');
        const shade = new Track('attack', 'attack', (row) => attacked[row]!);
        const view = new ViewStore(span, () => {});
        const paper = new Paper(width + 2 * margin);
        const drawing = new LineDrawing(paper, width, height, scale);
        const growing = new GrowingLines({ panel, scheme: 'light', shade });
        const points = drawnRoom(channels.length);
        const { rows } = how;
        let end = rows >> 1;
        for (let drawn = 0; drawn < pictures && end <= rows; drawn++) {
          const there = replay ? rows : end;
          shade.scan(there);
          if (replay) view.scrub(end, rows);
          const shown = view.window(there);
          decimate(channels, shown.from, shown.to, buckets, points);
          const lines: Lines = {
            shown,
            points,
            bucketRows: bucketSize(shown.to - shown.from, buckets),
            bands: bands.map((own) => own.filter(({ from, to }) => to > shown.from && from < shown.to)),
            axes: '',
            toY: (value, axis) => (height / 2) * (1 - (axis === 'left' ? value : value / 2)),
          };
          const before = paper.cleared;
          growing.draw(drawing, lines);
          if (paper.cleared - before < paper.columns.length) added++;
          else whole++;
          const anew = new Paper(width + 2 * margin);
          new GrowingLines({ panel, scheme: 'light', shade }).draw(new LineDrawing(anew, width, height, scale), lines);
          const other = paper.columns.findIndex((column, k) => column.join() !== anew.columns[k]!.join());
          expect(paper.columns[other], `column ${other}`).toEqual(anew.columns[other]);
          end += replay && chance.uniform() < 0.1 ? -chance.int(end) : 1 + chance.int(atOnce);
        }
      }),
      { numRuns: 150 },
    );
    // Both are met often.
    expect(Math.min(added, whole)).toBeGreaterThan(200);
  }, 240_000);
});
