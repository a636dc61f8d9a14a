/**
 * Frequencies that were, for relays that measure over a window and for signals that come late: between two moments the cubic through their values and slopes, which may jump from
 * one stretch to the next; before the start the system was at rest.
 */
export class FrequencyHistory {
  private readonly areas: number;
  /** Of each stretch: start, end, and of each area its value and slope at both. */
  private rows = new Float64Array(1024);
  private count = 0;
  private found = 0;
  private readonly width: number;

  constructor(areas: number) {
    this.areas = areas;
    this.width = 2 + 4 * areas;
  }

  /** Opens a stretch; `put` each area's values, then. */
  stretch(from: number, to: number): void {
    const needed = (this.count + 1) * this.width;
    if (needed > this.rows.length) {
      const grown = new Float64Array(2 * needed);
      grown.set(this.rows);
      this.rows = grown;
    }
    const at = this.count++ * this.width;
    this.rows[at] = from;
    this.rows[at + 1] = to;
  }

  put(area: number, value: number, slope: number, valueAfter: number, slopeAfter: number): void {
    const at = (this.count - 1) * this.width + 2 + 4 * area;
    this.rows[at] = value;
    this.rows[at + 1] = slope;
    this.rows[at + 2] = valueAfter;
    this.rows[at + 3] = slopeAfter;
  }

  /** The deviation of an area's frequency at a time that is over; 0 before the start. */
  at(area: number, t: number): number {
    const { rows, width, count } = this;
    if (count === 0 || t <= rows[0]!) return 0;
    // Times are asked for in about their order: the last place found is near.
    let k = Math.min(this.found, count - 1);
    while (k > 0 && rows[k * width]! > t) k--;
    while (k < count - 1 && rows[k * width + 1]! < t) k++;
    this.found = k;
    const at = k * width;
    const h = rows[at + 1]! - rows[at]!;
    const own = at + 2 + 4 * area;
    if (!(h > 0)) return rows[own + 2]!;
    const s = Math.min((t - rows[at]!) / h, 1);
    const rest = 1 - s;
    return (
      rest * rest * ((1 + 2 * s) * rows[own]! + s * h * rows[own + 1]!) +
      s * s * ((3 - 2 * s) * rows[own + 2]! - rest * h * rows[own + 3]!)
    );
  }
}
