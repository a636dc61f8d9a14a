import type uPlot from 'uplot';
import type { Track } from '../../../core/track.ts';
import type { Scheme } from '../colours.ts';
import { colourOf, inkOf } from '../colours.ts';
import type { Columns } from './columns.ts';
import { bucketSize, decimate, drawnRoom } from './decimate.ts';
import type { Drawn } from './decimate.ts';
import { LineLayer } from './line-layer.ts';
import type { Band, SceneLine } from './line-layer.ts';
import type { Panel } from './panels.ts';
import { makePlot, sidesOf } from './plot.ts';
import type { PlotSize } from './plot.ts';
import { fillSpans } from './shading.ts';
import type { SimClock } from './sim-time.ts';

const buckets = 600;
/** Spans nearer than a pixel are filled as one: those a little left of what is drawn anew may reach into it. */
const shadePx = 3;

/** What a picture shows: rows [from, to), in the range of [from, until). */
export interface Shown {
  readonly from: number;
  readonly to: number;
  readonly until: number;
}

export interface PictureOptions {
  readonly panel: Panel;
  readonly scheme: Scheme;
  readonly columns: Columns;
  readonly clock: () => SimClock;
  /** Its spans are shaded. */
  readonly shade?: Track | undefined;
}

/**
 * A panel's picture in a box. Axes are drawn anew when a range changes; of the lines only what has come since, while their ranges
 * and the size of their buckets stay as they were.
 */
export class ChartPicture {
  readonly plot: uPlot;
  readonly #options: PictureOptions;
  readonly #layer = new LineLayer();
  readonly #room: Drawn;
  #axes = '';
  /** Of what the layer shows, but for the rows that were added since. */
  #frame = '';
  #to = 0;
  /** Row of a point such that all up to it stays as it is when rows come. */
  #settled = 0;

  constructor(options: PictureOptions, size: PlotSize, box: HTMLElement) {
    const { panel, scheme, clock } = options;
    this.#options = options;
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
    this.#drawLines(shown, bands);
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

  #drawLines({ from, to, until }: Shown, bands: readonly (readonly Band[])[]): void {
    const { panel, scheme, shade } = this.#options;
    const { x, y } = this.#room;
    const { left, top, width, height } = this.plot.bbox;
    this.#layer.place(this.plot.bbox);
    const perRow = width / Math.max(1, until - 1 - from);
    const toX = (row: number): number => (row - from) * perRow;
    const dense = this.#layer.isDense(x.length);
    const frame = `${this.#axes} ${left} ${top} ${width} ${height} ${bucketSize(to - from, buckets)} ${dense}`;
    const first = dense && frame === this.#frame && to >= this.#to ? Math.floor(toX(this.#settled)) : 0;
    const lines = panel.lines.map((line, k): SceneLine => ({
      y: y[k]!,
      bands: bands[k]!,
      colour: colourOf(line.meaning, scheme),
      width: line.meaning === 'reference' ? 1 : 1.4,
      dash: line.dash,
      toY: (value) => this.plot.valToPos(value, line.axis, true) - top,
    }));
    const fill = (context: CanvasRenderingContext2D): void => {
      if (shade === undefined) return;
      context.fillStyle = inkOf(scheme).shade;
      const begin = Math.max(from, Math.floor(from + (first - shadePx) / perRow));
      fillSpans(context, shade, { from: begin, until: Math.min(to, until) }, toX, [0, 0, width, height], 1);
    };
    this.#layer.draw({ x, lines, toX, shade: fill }, first);
    this.#frame = frame;
    this.#to = to;
    // The last bucket may still change, and with it the segment that leads to it.
    this.#settled = x.at(-3) ?? from;
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
