import type { Track } from '../../../core/track.ts';

/** Spans nearer than this are drawn as one. */
const gapPx = 1;

/**
 * Fills the spans of a track that lie in [from, until) on a canvas; a row has half a row on either side of it.
 * @param toPx of a row  @param box left, top, width and height of what may be drawn on
 */
export function fillSpans(
  context: CanvasRenderingContext2D,
  track: Track,
  { from, until }: { readonly from: number; readonly until: number },
  toPx: (row: number) => number,
  box: readonly [left: number, top: number, width: number, height: number],
  leastPx: number,
): void {
  const [left, top, width, height] = box;
  let [start, end] = [Number.NaN, Number.NaN];
  const flush = (): void => {
    if (Number.isNaN(start)) return;
    const x = Math.max(left, start);
    const w = Math.min(left + width, Math.max(end, x + leastPx)) - x;
    if (w > 0) context.fillRect(x, top, w, height);
  };
  for (let k = track.at(from); k < track.spans.length; k++) {
    const span = track.spans[k]!;
    if (span.from >= until) break;
    const [a, b] = [toPx(span.from - 0.5), toPx(span.to - 0.5)];
    if (a - end <= gapPx) end = b;
    else {
      flush();
      [start, end] = [a, b];
    }
  }
  flush();
}
