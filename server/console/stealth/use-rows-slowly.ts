import { useEffect, useState } from 'react';
import type { Columns } from '../live/columns.ts';

const everyMs = 1000;

/** How many rows there are, told at most once a second: for what looks at all of them. */
export function useRowsSlowly(columns: Columns, rows: number): number {
  const [told, setTold] = useState(rows);
  const behind = told !== rows;
  useEffect(() => {
    if (!behind) return undefined;
    const timer = setTimeout(() => setTold(columns.rows), told === 0 ? 0 : everyMs);
    return () => clearTimeout(timer);
  }, [behind, told, columns]);
  return told;
}
