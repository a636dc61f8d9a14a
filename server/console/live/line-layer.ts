import { LineDrawing, margin } from './line-drawing.ts';

/** The canvas that a chart's lines are drawn on, under its axes. */
export class LineLayer {
  readonly canvas: HTMLCanvasElement = document.createElement('canvas');
  readonly #context = this.canvas.getContext('2d')!;
  #drawing: LineDrawing | undefined;

  /** Puts the layer where a plot has its box, in device px. Where the size is another what was drawn is gone, and the drawing is a new one. */
  place({ left, top, width, height }: { left: number; top: number; width: number; height: number }): LineDrawing {
    const { style } = this.canvas;
    style.left = `${(left - margin) / devicePixelRatio}px`;
    style.top = `${(top - margin) / devicePixelRatio}px`;
    if (this.#drawing?.width === width && this.#drawing.height === height) return this.#drawing;
    this.canvas.width = width + 2 * margin;
    this.canvas.height = height + 2 * margin;
    style.width = `${this.canvas.width / devicePixelRatio}px`;
    style.height = `${this.canvas.height / devicePixelRatio}px`;
    this.#drawing = new LineDrawing(this.#context, width, height, devicePixelRatio);
    return this.#drawing;
  }
}
