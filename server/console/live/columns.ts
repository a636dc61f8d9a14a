import type { Bucket, Gap } from '../../../core/gap.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../../core/telemetry.ts';

/** A channel, or what it is more than another. */
export interface Series {
  readonly channel: string;
  readonly minus?: string | undefined;
}

/**
 * Every row of a run, one float32 column a channel: 8760 rows of 180 channels are 6 MB, so all history is kept.
 * Columns are sized once from the run's length; a run of unknown length doubles them.
 */
export class Columns {
  #schema: TelemetrySchema | null = null;
  #columns: Float32Array[] = [];
  #index = new Map<string, number>();
  readonly #differences = new Map<string, { readonly values: Float32Array; rows: number }>();
  /** In order of their rows. */
  readonly #leftOut: Bucket[] = [];
  #capacity = 1024;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get schema(): TelemetrySchema | null {
    return this.#schema;
  }

  /** Makes room for a run of so many rows at once; more are taken too. */
  expect(rows: number): void {
    if (rows > this.#capacity) this.#resize(rows);
  }

  /** Takes a schema. Channels that keep their name keep their history; new ones start with NaN. */
  adopt(schema: TelemetrySchema): void {
    const previous = this.#index;
    const columns = this.#columns;
    this.#columns = schema.channels.map((channel) => {
      const at = previous.get(channel.name);
      return at === undefined ? new Float32Array(this.#capacity).fill(Number.NaN) : columns[at]!;
    });
    this.#index = new Map(schema.channels.map((channel, c) => [channel.name, c]));
    this.#schema = schema;
    this.#differences.clear();
    this.#leftOut.length = 0;
  }

  /**
   * Appends a frame's rows.
   * @returns false, and takes nothing, when the frame does not continue at the next row or is of another schema
   */
  append(frame: TelemetryFrame): boolean {
    const { rows, cols, values, step0 } = frame;
    if (step0 !== this.#rows || frame.schema !== this.#schema?.version || cols !== this.#columns.length) return false;
    if (step0 + rows > this.#capacity) this.#resize(Math.max(step0 + rows, 2 * this.#capacity));
    for (let c = 0; c < cols; c++) this.#columns[c]!.set(values.subarray(c * rows, (c + 1) * rows), step0);
    this.#rows += rows;
    return true;
  }

  /**
   * Takes rows that were left out: they hold nothing, but their extremes are known.
   * @returns false, and takes nothing, when the gap does not continue at the next row or has other columns
   */
  leaveOut({ buckets }: Gap): boolean {
    const [first, last] = [buckets[0], buckets.at(-1)];
    if (first?.step0 !== this.#rows || last === undefined) return false;
    if (buckets.some(({ least }) => least.length !== this.#columns.length)) return false;
    const end = last.step0 + last.rows;
    if (end > this.#capacity) this.#resize(Math.max(end, 2 * this.#capacity));
    this.#leftOut.push(...buckets);
    this.#rows = end;
    return true;
  }

  /** What is known of rows in [from, to) that were left out. */
  leftOut(from: number, to: number): readonly Bucket[] {
    let [low, high] = [0, this.#leftOut.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { step0, rows } = this.#leftOut[middle]!;
      if (step0 + rows > from) high = middle;
      else low = middle + 1;
    }
    let end = low;
    while (end < this.#leftOut.length && this.#leftOut[end]!.step0 < to) end++;
    return this.#leftOut.slice(low, end);
  }

  /** The first row that came, or will. */
  get first(): number {
    let first = 0;
    for (const { step0, rows } of this.#leftOut) if (step0 === first) first += rows;
    return first;
  }

  /** Whether a row came, and was not left out. */
  has(row: number): boolean {
    return row >= 0 && row < this.#rows && this.leftOut(row, row + 1).length === 0;
  }

  /** Least and greatest of a series in rows that were left out; undefined where they are not known, as those of a difference are not. */
  extremes({ channel, minus }: Series, bucket: Bucket): readonly [least: number, greatest: number] | undefined {
    const at = this.#index.get(channel);
    if (at === undefined || minus !== undefined || Number.isNaN(bucket.least[at]!)) return undefined;
    return [bucket.least[at]!, bucket.greatest[at]!];
  }

  /** A channel's column; rows from `rows` on hold nothing yet. Undefined for a channel the run does not record. */
  column(name: string): Float32Array | undefined {
    const at = this.#index.get(name);
    return at === undefined ? undefined : this.#columns[at];
  }

  /**
   * A channel, less another where there is one: computed once, and on from there as rows come. Undefined where one of them is not recorded.
   */
  series({ channel, minus }: Series): Float32Array | undefined {
    const column = this.column(channel);
    if (minus === undefined || column === undefined) return column;
    const other = this.column(minus);
    if (other === undefined) return undefined;
    const key = `${channel}\n${minus}`;
    let own = this.#differences.get(key);
    if (own?.values.length !== this.#capacity) {
      own = { values: new Float32Array(this.#capacity).fill(Number.NaN), rows: 0 };
      this.#differences.set(key, own);
    }
    for (; own.rows < this.#rows; own.rows++) own.values[own.rows] = column[own.rows]! - other[own.rows]!;
    return own.values;
  }

  /** One value of a series; NaN where there is none. */
  of({ channel, minus }: Series, row: number): number {
    const value = this.value(channel, row);
    return minus === undefined ? value : value - this.value(minus, row);
  }

  /** One value; NaN where there is none. */
  value(name: string, row: number): number {
    return row < 0 || row >= this.#rows ? Number.NaN : (this.column(name)?.[row] ?? Number.NaN);
  }

  /** Mean of a channel's rows that hold a number; NaN when none does. */
  mean(name: string): number {
    const column = this.column(name);
    let sum = 0;
    let count = 0;
    for (let row = 0; row < this.#rows; row++) {
      const value = column?.[row] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#columns = this.#columns.map((column) => {
      const larger = new Float32Array(capacity).fill(Number.NaN);
      larger.set(column.subarray(0, this.#rows));
      return larger;
    });
  }
}
