import { useEffect, useSyncExternalStore } from 'react';
import type { Columns } from './columns.ts';
import type { ViewStore } from './view.ts';

const tickMs = 50;

/** Lets a replay go on for as long as the page shows it. */
export function useReplay(view: ViewStore, columns: Columns, over: boolean): void {
  const playing = useSyncExternalStore(view.watch, () => view.get().playing);
  useEffect(() => {
    if (!playing) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      view.advance((now - before) / 1000, columns.rows, over);
      before = now;
    }, tickMs);
    return () => clearInterval(timer);
  }, [playing, view, columns, over]);
}
