/** Rows from … to−1 on which something held. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans of rows on which a condition holds, found as rows come; each row is looked at once, in order. */
export class Track {
  /** Unique in a lane: its kind, or its kind and what of the lane it is about (`saturated.power`). */
  readonly id: string;
  readonly label: string;
  readonly spans: Span[] = [];
  /** Rows of all spans. */
  count = 0;
  readonly #holds: (row: number) => boolean;
  readonly #least: number;
  #scanned = 0;
  /** Where the rows that hold now began. */
  #begun = 0;

  /** @param least rows of a span; what is shorter is none */
  constructor(id: string, label: string, holds: (row: number) => boolean, least = 1) {
    this.id = id;
    this.label = label;
    this.#holds = holds;
    this.#least = least;
  }

  /** A track of rows that are known, each a span of its own. */
  static of(id: string, label: string, rows: Iterable<number>): Track {
    const track = new Track(id, label, () => false);
    for (const from of [...new Set(rows)].sort((a, b) => a - b)) track.spans.push({ from, to: from + 1 });
    track.count = track.spans.length;
    return track;
  }

  /** Looks at the rows that have come since. */
  scan(rows: number): this {
    for (; this.#scanned < rows; this.#scanned++) {
      const to = this.#scanned + 1;
      if (!this.#holds(this.#scanned)) this.#begun = to;
      const length = to - this.#begun;
      if (length === 0 || length < this.#least) continue;
      if (length === this.#least) {
        this.spans.push({ from: this.#begun, to });
        this.count += length;
      } else {
        this.spans[this.spans.length - 1] = { from: this.#begun, to };
        this.count++;
      }
    }
    return this;
  }

  /** Position in `spans` of the first that ends after a row. */
  at(row: number): number {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.spans[middle]!.to > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Spans that have a row in [from, to). */
  within(from: number, to: number): readonly Span[] {
    const first = this.at(from);
    let last = this.at(to - 1);
    if (last < this.spans.length && this.spans[last]!.from < to) last++;
    return this.spans.slice(first, last);
  }

  /** The span that begins after a row, or ends before it; undefined where there is none. */
  beside(row: number, direction: 1 | -1): Span | undefined {
    const at = this.at(row);
    if (direction === -1) return this.spans[at - 1];
    const here = this.spans[at];
    return here !== undefined && here.from <= row ? this.spans[at + 1] : here;
  }
}
