import { useEffect, useState } from 'react';

/** Runs that are chosen, and the row that keys act on. */
export interface Selection {
  readonly chosen: ReadonlySet<string>;
  /** Index of the current row; −1: none yet. */
  readonly current: number;
  readonly moveTo: (index: number) => void;
  readonly toggle: (id: string, index: number) => void;
  /** Adds the rows from the current one to another. */
  readonly extendTo: (index: number, ids: readonly string[]) => void;
  readonly choose: (ids: readonly string[]) => void;
}

/** @param list what is chosen from: with another one, nothing is chosen */
export function useSelection(list: string): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [current, moveTo] = useState(-1);
  useEffect(() => {
    setChosen((now) => (now.size === 0 ? now : new Set()));
    moveTo(-1);
  }, [list]);
  return {
    chosen,
    current,
    moveTo,
    toggle(id, index) {
      moveTo(index);
      setChosen((now) => {
        const next = new Set(now);
        if (!next.delete(id)) next.add(id);
        return next;
      });
    },
    extendTo(index, ids) {
      const from = Math.max(0, current);
      moveTo(index);
      setChosen((now) => new Set([...now, ...ids.slice(Math.min(from, index), Math.max(from, index) + 1)]));
    },
    choose: (ids) => setChosen(new Set(ids)),
  };
}
