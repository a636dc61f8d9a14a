import type { Columns } from './columns.ts';
import { onDraw } from './ticker.ts';
import type { ViewStore } from './view.ts';

/** A picture over the page's window. */
export interface Surface {
  /** Its place; out of sight it is not drawn. */
  readonly box: HTMLElement;
  /** What hears the pointer. */
  readonly hears: HTMLElement;
  /** The row under the pointer. */
  readonly rowAt: (event: MouseEvent) => number;
  readonly draw: () => void;
}

/** Draws at the ticker's pace what is in sight, and moves the page's cursor with the pointer: a click pins it. What it gives ends both. */
export function keepDrawn({ box, hears, rowAt, draw }: Surface, view: ViewStore, columns: Columns): () => void {
  let visible = true;
  const drawInSight = (): void => {
    if (visible) draw();
  };
  const point = (event: MouseEvent): void => view.point(rowAt(event), columns.rows);
  const leave = (): void => view.point(null, columns.rows);
  const pin = (event: MouseEvent): void => view.pinAt(rowAt(event), columns.rows);
  hears.addEventListener('pointermove', point);
  hears.addEventListener('pointerleave', leave);
  hears.addEventListener('click', pin);
  const sizes = new ResizeObserver(drawInSight);
  sizes.observe(box);
  const sight = new IntersectionObserver(([entry]) => {
    visible = entry?.isIntersecting ?? true;
    drawInSight();
  });
  sight.observe(box);
  const stop = onDraw(drawInSight);
  return () => {
    stop();
    sizes.disconnect();
    sight.disconnect();
    hears.removeEventListener('pointermove', point);
    hears.removeEventListener('pointerleave', leave);
    hears.removeEventListener('click', pin);
  };
}
