import type uPlot from 'uplot';
import type { Columns } from './columns.ts';
import { bucketSize, decimate, drawnRoom } from './decimate.ts';
import type { Drawn } from './decimate.ts';
import { GrowingLines } from './growing-lines.ts';
import type { LinesOptions, Shown } from './growing-lines.ts';
import type { Band } from './line-drawing.ts';
import { LineLayer } from './line-layer.ts';
import type { Panel } from './panels.ts';
import { makePlot, sidesOf } from './plot.ts';
import type { PlotSize } from './plot.ts';
import type { SimClock } from './sim-time.ts';

const buckets = 600;

export interface PictureOptions extends LinesOptions {
  readonly columns: Columns;
  readonly clock: () => SimClock;
}

/** A panel's picture in a box. Axes are drawn anew when a range changes; the lines on a layer of their own under them. */
export class ChartPicture {
  readonly plot: uPlot;
  readonly #options: PictureOptions;
  readonly #layer = new LineLayer();
  readonly #lines: GrowingLines;
  readonly #room: Drawn;
  #axes = '';

  constructor(options: PictureOptions, size: PlotSize, box: HTMLElement) {
    const { panel, scheme, clock } = options;
    this.#options = options;
    this.#lines = new GrowingLines(options);
    this.#room = drawnRoom(panel.lines.length);
    this.plot = makePlot(panel, scheme, size, clock, box);
    this.#layer.canvas.className = 'lines';
    this.#layer.canvas.setAttribute('aria-hidden', 'true');
    this.plot.under.before(this.#layer.canvas);
  }

  /** Points that the last picture has. */
  get points(): number {
    return this.#room.x.length;
  }

  /** Brings the picture up to date. */
  draw(shown: Shown): void {
    const { panel, columns, shade } = this.#options;
    const { from, to } = shown;
    shade?.scan(columns.rows);
    const series = panel.lines.map((line) => columns.series(line));
    decimate(series, from, to, buckets, this.#room);
    const bands = panel.lines.map((line): Band[] =>
      columns.leftOut(from, to).flatMap((bucket) => {
        const found = columns.extremes(line, bucket);
        if (found === undefined) return [];
        return { from: bucket.step0, to: bucket.step0 + bucket.rows, least: found[0], greatest: found[1] };
      }),
    );
    this.#scale(shown, bands);
    this.#lines.draw(this.#layer.place(this.plot.bbox), {
      shown,
      points: this.#room,
      bucketRows: bucketSize(to - from, buckets),
      bands,
      axes: this.#axes,
      toY: (value, axis) => this.plot.valToPos(value, axis, true) - this.plot.bbox.top,
    });
  }

  /** Gives the axes their ranges. */
  #scale({ from, until }: Shown, bands: readonly (readonly Band[])[]): void {
    const { panel, clock } = this.#options;
    const range = [from, until - 1];
    const data = [range, ...sidesOf(panel).map((side) => extremesOf(side, panel, this.#room, bands))];
    const axes = JSON.stringify([data, clock().startHour]);
    if (axes === this.#axes) return;
    this.#axes = axes;
    this.plot.batch(() => {
      this.plot.setData(data as uPlot.AlignedData, false);
      this.plot.setScale('x', { min: range[0]!, max: range[1]! });
    });
  }

  destroy(): void {
    this.plot.destroy();
  }
}

/** Least and greatest of what is drawn against an axis; null where that is nothing. */
function extremesOf(
  side: 'left' | 'right',
  panel: Panel,
  { y }: Drawn,
  bands: readonly (readonly Band[])[],
): [number, number] | [null, null] {
  let [low, high] = [Infinity, -Infinity];
  panel.lines.forEach(({ axis }, k) => {
    if (axis !== side) return;
    for (const value of y[k]!)
      if (value !== null) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    for (const { least, greatest } of bands[k]!) [low, high] = [Math.min(low, least), Math.max(high, greatest)];
  });
  return low <= high ? [low, high] : [null, null];
}
