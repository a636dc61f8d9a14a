import type { Track } from '../../../core/track.ts';
import type { Scheme } from '../colours.ts';
import { colourOf, inkOf } from '../colours.ts';
import type { Brush } from './brush.ts';
import type { Drawn } from './decimate.ts';
import type { Band, LineDrawing, SceneLine } from './line-drawing.ts';
import type { Line, Panel } from './panels.ts';
import { fillSpans } from './shading.ts';

/** What a picture shows: rows [from, to), in the range of [from, until). */
export interface Shown {
  readonly from: number;
  readonly to: number;
  readonly until: number;
}

/** Whose lines they are, and how they look. */
export interface LinesOptions {
  readonly panel: Panel;
  readonly scheme: Scheme;
  /** Its spans are shaded; each is there from its first row on. */
  readonly shade?: Track | undefined;
}

/** The lines of a panel as they stand. */
export interface Lines {
  readonly shown: Shown;
  /** One y a line of the panel. */
  readonly points: Drawn;
  /** Rows in the bucket of a point. */
  readonly bucketRows: number;
  /** [line] What is known of rows that were left out. */
  readonly bands: readonly (readonly Band[])[];
  /** The ranges of all axes: a text that is another when one of them is. */
  readonly axes: string;
  /** Place of a value on its axis, device px from the top of the plot. */
  readonly toY: (value: number, axis: Line['axis']) => number;
}

/** The lines of a panel, and the shades behind them: while ranges and buckets stay as they were, only what has come since is drawn. */
export class GrowingLines {
  readonly #options: LinesOptions;
  #drawing: LineDrawing | undefined;
  /** Of what was drawn, but for the rows that were added since. */
  #frame = '';
  #to = 0;
  /** Row of a point such that all up to it stays as it is when rows come. */
  #settled = 0;

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /** Brings a drawing up to date. */
  draw(drawing: LineDrawing, { shown, points, bucketRows, bands, axes, toY }: Lines): void {
    const { panel, scheme, shade } = this.#options;
    const { from, to, until } = shown;
    const { width, height } = drawing;
    const { x, y } = points;
    const perRow = width / Math.max(1, until - 1 - from);
    const toX = (row: number): number => (row - from) * perRow;
    const dense = drawing.isDense(x.length);
    const frame = `${from} ${until} ${axes} ${bucketRows} ${dense}`;
    const goesOn = drawing === this.#drawing && frame === this.#frame && to >= this.#to;
    const first = dense && goesOn ? Math.floor(toX(this.#settled)) : 0;
    const lines = panel.lines.map((line, k): SceneLine => ({
      y: y[k]!,
      bands: bands[k]!,
      colour: colourOf(line.meaning, scheme),
      width: line.meaning === 'reference' ? 1 : 1.4,
      dash: line.dash,
      toY: (value) => toY(value, line.axis),
    }));
    const fill = (brush: Brush): void => {
      if (shade === undefined) return;
      brush.fillStyle = inkOf(scheme).shade;
      const begin = Math.floor(from + first / perRow);
      fillSpans(brush, shade, { from: begin, until: Math.min(to, until) }, toX, [0, 0, width, height], 1);
    };
    drawing.draw({ x, lines, toX, shade: fill }, first);
    this.#drawing = drawing;
    this.#frame = frame;
    this.#to = to;
    // The last bucket may still change, and with it the segment that leads to it.
    this.#settled = x.at(-3) ?? from;
  }
}
