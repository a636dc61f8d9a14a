/** The drawn points of a window: one shared x and one y per series, as uPlot wants them (null: no value). */
export interface Drawn {
  readonly x: number[];
  readonly y: readonly (number | null)[][];
}

/** Room for the drawn points of `series` columns, reused from draw to draw. */
export function drawnRoom(series: number): Drawn {
  return { x: [], y: Array.from({ length: series }, () => []) };
}

/** Rows in a bucket of a window; 1: they are drawn as they are. */
export function bucketSize(rows: number, buckets: number): number {
  return rows <= 2 * buckets ? 1 : Math.ceil(rows / buckets);
}

/**
 * Min/max decimation: the rows [from, to) of each column become at most `buckets` pairs (min, max in the order in which
 * they occur), so that no peak is lost. Buckets are aligned to multiples of their size, hence a moving window does not
 * shimmer. When the window has at most 2·buckets rows they are drawn as they are.
 * @param columns  [series] columns of at least `to` rows; undefined: an absent channel, drawn as nothing
 */
export function decimate(
  columns: readonly (Float32Array | undefined)[],
  from: number,
  to: number,
  buckets: number,
  out: Drawn,
): void {
  const size = bucketSize(to - from, buckets);
  if (size === 1) return copy(columns, from, to, out);
  const first = Math.floor(from / size);
  const last = Math.ceil(to / size);
  out.x.length = 2 * (last - first);
  for (let b = first; b < last; b++) {
    const start = Math.max(from, b * size);
    out.x[2 * (b - first)] = start;
    // A bucket that the window cuts short may be shorter than half a bucket.
    out.x[2 * (b - first) + 1] = Math.min(start + (size >> 1), Math.min(to, (b + 1) * size) - 1);
  }
  for (let s = 0; s < columns.length; s++) {
    const column = columns[s];
    const y = out.y[s]!;
    y.length = out.x.length;
    for (let b = first; b < last; b++) {
      const at = 2 * (b - first);
      if (column === undefined) y[at] = y[at + 1] = null;
      else extremes(column, Math.max(from, b * size), Math.min(to, (b + 1) * size), y, at);
    }
  }
}

/** Writes min and max of column[from, to) to y[at], y[at+1], the one that occurs first first. */
function extremes(column: Float32Array, from: number, to: number, y: (number | null)[], at: number): void {
  let low = -1;
  let high = -1;
  for (let i = from; i < to; i++) {
    const value = column[i]!;
    if (Number.isNaN(value)) continue;
    if (low < 0 || value < column[low]!) low = i;
    if (high < 0 || value > column[high]!) high = i;
  }
  if (low < 0) y[at] = y[at + 1] = null;
  else {
    y[at] = column[Math.min(low, high)]!;
    y[at + 1] = column[Math.max(low, high)]!;
  }
}

function copy(columns: readonly (Float32Array | undefined)[], from: number, to: number, out: Drawn): void {
  const rows = Math.max(0, to - from);
  out.x.length = rows;
  for (let i = 0; i < rows; i++) out.x[i] = from + i;
  for (let s = 0; s < columns.length; s++) {
    const column = columns[s];
    const y = out.y[s]!;
    y.length = rows;
    for (let i = 0; i < rows; i++) {
      const value = column?.[from + i];
      y[i] = value === undefined || Number.isNaN(value) ? null : value;
    }
  }
}
