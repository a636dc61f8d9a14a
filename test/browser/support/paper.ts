import type { Brush } from '../../../server/console/live/brush.ts';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const everywhere: Box = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

/** A canvas that remembers of each column of pixels what was drawn on it since it was cleared. It takes rectangles of whole pixels across only. */
export class Paper implements Brush {
  fillStyle: unknown = '#000';
  strokeStyle: unknown = '#000';
  globalAlpha = 1;
  lineWidth = 1;
  lineJoin: Brush['lineJoin'] = 'miter';
  /** [column] in the order in which it was drawn. */
  readonly columns: string[][];
  /** Columns that were cleared so far, each as often as it was. */
  cleared = 0;
  #origin: readonly [x: number, y: number] = [0, 0];
  #clip = everywhere;
  #path: Box[] = [];
  #points: string[] = [];
  #dash: readonly number[] = [];
  readonly #saved: { readonly clip: Box; readonly fillStyle: unknown }[] = [];

  constructor(width: number) {
    this.columns = Array.from({ length: width }, () => []);
  }

  save(): void {
    this.#saved.push({ clip: this.#clip, fillStyle: this.fillStyle });
  }

  restore(): void {
    const { clip, fillStyle } = this.#saved.pop()!;
    this.#clip = clip;
    this.fillStyle = fillStyle;
  }

  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    if (a !== 1 || b !== 0 || c !== 0 || d !== 1) throw new Error('paper is not scaled');
    this.#origin = [e, f];
  }

  clearRect(x: number, y: number, width: number, height: number): void {
    const { left, right } = this.#box(x, y, width, height);
    for (let column = left; column < right; column++) this.columns[column]!.length = 0;
    this.cleared += right - left;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const { left, top, right, bottom } = this.#box(x, y, width, height);
    const drawn = `${String(this.fillStyle)} ${this.globalAlpha} ${top} ${bottom}`;
    for (let column = left; column < right; column++) this.columns[column]!.push(drawn);
  }

  beginPath(): void {
    this.#path = [];
    this.#points = [];
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(this.#box(x, y, width, height));
  }

  clip(): void {
    if (this.#path.length !== 1) throw new Error('paper is clipped to one rectangle');
    this.#clip = this.#path[0]!;
  }

  moveTo(x: number, y: number): void {
    this.#points.push(`M${x} ${y}`);
  }

  lineTo(x: number, y: number): void {
    this.#points.push(`L${x} ${y}`);
  }

  /** It may touch any column. */
  stroke(): void {
    const { strokeStyle, globalAlpha, lineWidth, lineJoin } = this;
    const drawn = JSON.stringify([strokeStyle, globalAlpha, lineWidth, lineJoin, this.#dash, this.#points]);
    for (const column of this.columns) column.push(drawn);
  }

  setLineDash(lengths: number[]): void {
    this.#dash = lengths;
  }

  /** What of a rectangle is on the paper, and within the clip. */
  #box(x: number, y: number, width: number, height: number): Box {
    if (!Number.isInteger(x) || !Number.isInteger(width))
      throw new Error(`a rectangle from ${x}, ${width} across, is not of whole pixels`);
    const { left, top, right, bottom } = this.#clip;
    const [dx, dy] = this.#origin;
    return {
      left: Math.max(0, left, x + dx),
      top: Math.max(top, y + dy),
      right: Math.min(this.columns.length, right, x + dx + width),
      bottom: Math.min(bottom, y + dy + height),
    };
  }
}
