import type { Brush } from './brush.ts';
import type { Drawn } from './decimate.ts';

/** How a line looks; lengths in CSS px. */
export interface LineStyle {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[] | undefined;
}

/** Rows from … to−1 of a line that are known by their extremes alone. */
export interface Band {
  readonly from: number;
  readonly to: number;
  readonly least: number;
  readonly greatest: number;
}

/** One line of a scene. */
export interface SceneLine extends LineStyle {
  readonly y: readonly (number | null)[];
  readonly bands: readonly Band[];
  /** Place of a value, device px from the top of the plot. */
  readonly toY: (value: number) => number;
}

/** What a layer shows. */
export interface Scene {
  readonly x: Drawn['x'];
  readonly lines: readonly SceneLine[];
  /** Place of a row, device px from the left of the plot. */
  readonly toX: (row: number) => number;
  /** Fills what lies behind the lines. */
  readonly shade: (brush: Brush) => void;
}

/** Room around the plot, device px: a line along its edge has its full width. */
export const margin = 3;
const bandAlpha = 0.35;

/**
 * The lines of a chart in a plot of width × height device px. Where there are at least as many points as pixels across, a line is, of each column of
 * pixels, the part that it passes through: rectangles of whole pixels across, which software draws at a fraction of what a jagged stroke costs it. A
 * column depends on nothing but the data over it, so what has been drawn can stay, and only the columns of new rows are drawn.
 *
 * Nothing may begin or end within a column: how an edge is smoothed depends on where the drawing begins.
 */
export class LineDrawing {
  readonly width: number;
  readonly height: number;
  readonly #brush: Brush;
  /** Device px in a CSS px. */
  readonly #scale: number;
  readonly #low: Float32Array;
  readonly #high: Float32Array;

  constructor(brush: Brush, width: number, height: number, scale: number) {
    this.width = width;
    this.height = height;
    this.#brush = brush;
    this.#scale = scale;
    this.#low = new Float32Array(width);
    this.#high = new Float32Array(width);
  }

  /** Whether a scene of so many points is drawn in columns, and can hence be added to. */
  isDense(points: number): boolean {
    return points * this.#scale >= this.width;
  }

  /** Draws a scene from a column of pixels on; what is left of it stays. */
  draw(scene: Scene, from: number): void {
    const brush = this.#brush;
    const first = from <= 0 ? -margin : Math.floor(from);
    brush.setTransform(1, 0, 0, 1, margin, margin);
    brush.clearRect(first, -margin, this.width + margin - first, this.height + 2 * margin);
    brush.save();
    brush.beginPath();
    brush.rect(Math.max(0, first), 0, this.width - Math.max(0, first), this.height);
    brush.clip();
    scene.shade(brush);
    brush.restore();
    const dense = this.isDense(scene.x.length);
    for (const line of scene.lines) {
      brush.fillStyle = brush.strokeStyle = line.colour;
      this.#bands(line, scene.toX, Math.max(0, first));
      if (dense) this.#columns(line, scene, Math.max(0, first));
      else this.#stroke(line, scene);
    }
  }

  /** What is known of rows that were left out: from the least to the greatest, over their whole length. */
  #bands({ bands, toY, width }: SceneLine, toX: Scene['toX'], first: number): void {
    const brush = this.#brush;
    const thin = width * this.#scale;
    brush.globalAlpha = bandAlpha;
    for (const { from, to, least, greatest } of bands) {
      const start = Math.round(toX(from - 0.5));
      const right = Math.min(this.width, Math.max(Math.round(toX(to - 0.5)), start + 1));
      const left = Math.max(first, start);
      const top = toY(greatest);
      if (right > left) brush.fillRect(left, top - thin / 2, right - left, toY(least) - top + thin);
    }
    brush.globalAlpha = 1;
  }

  #stroke({ y, toY, width, dash = [] }: SceneLine, { x, toX }: Scene): void {
    const brush = this.#brush;
    brush.lineWidth = width * this.#scale;
    brush.lineJoin = 'round';
    brush.setLineDash(dash.map((length) => length * this.#scale));
    brush.beginPath();
    let pen = false;
    for (let i = 0; i < x.length; i++) {
      const value = y[i] ?? null;
      if (value === null) pen = false;
      else if (pen) brush.lineTo(toX(x[i]!), toY(value));
      else {
        brush.moveTo(toX(x[i]!), toY(value));
        pen = true;
      }
    }
    brush.stroke();
    brush.setLineDash([]);
  }

  #columns(line: SceneLine, { x, toX }: Scene, first: number): void {
    const { y, toY, width, dash } = line;
    this.#low.fill(Number.NaN, first);
    this.#high.fill(Number.NaN, first);
    let [beforeX, beforeY] = [Number.NaN, Number.NaN];
    for (let i = 0; i < x.length; i++) {
      const value = y[i] ?? null;
      const hereX = toX(x[i]!);
      const hereY = value === null ? Number.NaN : toY(value);
      if (value !== null && hereX >= first) {
        if (Number.isNaN(beforeY)) this.#widen(Math.floor(hereX), hereY, hereY);
        else this.#segment(beforeX, beforeY, hereX, hereY, first);
      }
      [beforeX, beforeY] = [hereX, hereY];
    }
    const thin = width * this.#scale;
    if (dash === undefined) this.#fillRuns(first, thin);
    else this.#fillDashed(first, thin, dash[0]! * this.#scale, dash[1]! * this.#scale);
  }

  /** Widens the columns that a segment passes through, from `first` on. */
  #segment(x0: number, y0: number, x1: number, y1: number, first: number): void {
    const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;
    for (let column = Math.max(first, Math.floor(x0)); column <= x1; column++) {
      const enter = column <= x0 ? y0 : y0 + slope * (column - x0);
      const leave = column + 1 >= x1 ? y1 : y0 + slope * (column + 1 - x0);
      this.#widen(column, Math.min(enter, leave), Math.max(enter, leave));
    }
  }

  #widen(column: number, low: number, high: number): void {
    const at = Math.max(0, Math.min(this.width - 1, column));
    if (!(this.#low[at]! <= low)) this.#low[at] = low;
    if (!(this.#high[at]! >= high)) this.#high[at] = high;
  }

  /** One rectangle for neighbouring columns of the same extent: much of what is recorded stays as it is for hours. */
  #fillRuns(first: number, thin: number): void {
    for (let start = first; start < this.width;) {
      const [low, high] = [this.#low[start]!, this.#high[start]!];
      let end = start + 1;
      while (end < this.width && this.#low[end] === low && this.#high[end] === high) end++;
      if (!Number.isNaN(low)) this.#brush.fillRect(start, low - thin / 2, end - start, high - low + thin);
      start = end;
    }
  }

  /** Dashes along the line where it is flat, and up and down where it is steep, so that no peak falls into a gap; aslant, so that they are no levels. */
  #fillDashed(first: number, thin: number, on: number, off: number): void {
    const period = on + off;
    for (let column = first; column < this.width; column++) {
      const [low, high] = [this.#low[column]!, this.#high[column]!];
      if (Number.isNaN(low)) continue;
      if (high - low < period) {
        if (column % period < on) this.#brush.fillRect(column, low - thin / 2, 1, high - low + thin);
        continue;
      }
      for (let at = period * Math.floor((low + column) / period) - column; at < high; at += period) {
        const [top, bottom] = [Math.max(low, at), Math.min(high, at + on)];
        if (bottom > top) this.#brush.fillRect(column, top, 1, bottom - top);
      }
    }
  }
}
