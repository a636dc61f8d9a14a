import type { Track } from '../../../core/track.ts';
import type { Brush } from './brush.ts';

/**
 * Fills the spans of a track that lie in [from, until), as whole px: all that a row reaches into, which has half a row on either side of it. A px
 * is filled once; whether it is depends on nothing but the rows over it, where the least is 1.
 * @param toPx of a row  @param box left, top, width and height of what may be drawn on  @param leastPx of a span
 */
export function fillSpans(
  brush: Brush,
  track: Track,
  { from, until }: { readonly from: number; readonly until: number },
  toPx: (row: number) => number,
  box: readonly [left: number, top: number, width: number, height: number],
  leastPx: number,
): void {
  const [left, top, width, height] = box;
  let [start, end] = [Number.NaN, Number.NaN];
  const flush = (): void => {
    const w = Math.min(left + width, end) - start;
    if (w > 0) brush.fillRect(start, top, w, height);
  };
  for (let k = track.at(from); k < track.spans.length; k++) {
    const span = track.spans[k]!;
    if (span.from >= until) break;
    const a = Math.max(left, Math.floor(toPx(span.from - 0.5)));
    const b = Math.max(Math.ceil(toPx(span.to - 0.5)), a + leastPx);
    if (!(a <= end)) {
      flush();
      start = a;
    }
    end = b;
  }
  flush();
}
