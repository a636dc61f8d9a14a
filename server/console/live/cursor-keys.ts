import type { KeyboardEvent } from 'react';
import type { ViewStore } from './view.ts';

/** Rows that an arrow key moves by with shift: a day of hours. */
export const stride = 24;

/** Moves the page's cursor from within a chart that has the focus. */
export function steerCursor(event: KeyboardEvent, view: ViewStore, rows: number): void {
  const at = view.row(rows);
  const by = event.shiftKey ? stride : 1;
  const to = {
    ArrowLeft: at - by,
    ArrowRight: at + by,
    Home: view.window(rows).from,
    End: view.window(rows).to - 1,
    Escape: null,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  view.pinAt(to, rows);
}
