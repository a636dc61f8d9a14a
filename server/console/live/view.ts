/** Rows that a replay at ×1 shows in a second: a day of hours. */
export const replayRows = 24;
export const replaySpeeds: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];

/** What all charts of a run show: how many rows, up to where, and the row under the cursor. */
export interface View {
  /** Rows in the window; null: the whole run. */
  readonly span: number | null;
  /** Last row of a frozen window (exclusive); null: follow the newest. */
  readonly frozenAt: number | null;
  /** Under the pointer. */
  readonly cursor: number | null;
  /** Where somebody put the cursor; it goes back there when the pointer leaves. */
  readonly pin: number | null;
  /** A replay moves the end of a frozen window. */
  readonly playing: boolean;
  readonly speed: number;
  /** A replay that comes to the end of it begins it again. */
  readonly loop: { readonly from: number; readonly to: number } | null;
}

/** The shared view of the charts of one page. */
export class ViewStore {
  #view: View;
  #version = 0;
  /** The end of the window in a replay, between rows. */
  #head = 0;
  readonly #listeners = new Set<() => void>();

  readonly #requestDraw: () => void;

  /** @param requestDraw asks for a redraw of the charts */
  constructor(span: number | null, requestDraw: () => void) {
    this.#requestDraw = requestDraw;
    this.#view = { span, frozenAt: null, cursor: null, pin: null, playing: false, speed: 1, loop: null };
  }

  readonly get = (): View => this.#view;

  /** Grows with every change but the cursor's: charts redraw their lines only then. */
  get version(): number {
    return this.#version;
  }

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows so many rows. */
  widen(span: number | null): void {
    this.#change({ span });
  }

  /** Follows the newest row again, with no cursor left behind. */
  follow(): void {
    this.#change({ frozenAt: null, playing: false, pin: null });
  }

  /** Holds the window while rows go on coming; a second time: follows. */
  toggle(rows: number): void {
    if (this.#view.frozenAt === null) this.scrub(rows, rows);
    else this.follow();
  }

  /** Ends the window before a row, and stops a replay. */
  scrub(end: number, rows: number): void {
    this.#change({ frozenAt: clamp(Math.round(end), Math.min(1, rows), rows), playing: false });
  }

  /** Moves a pinned cursor, or else the end of the window. */
  step(by: number, rows: number): void {
    const { pin, frozenAt } = this.#view;
    if (pin !== null) this.pinAt(pin + by, rows);
    else this.scrub((frozenAt ?? rows) + by, rows);
  }

  /** Chooses a neighbouring speed. */
  speedUp(by: 1 | -1): void {
    const at = replaySpeeds.indexOf(this.#view.speed) + by;
    this.#change({ speed: replaySpeeds[clamp(at, 0, replaySpeeds.length - 1)]! });
  }

  setSpeed(speed: number): void {
    this.#change({ speed });
  }

  /** Plays on from the end of the frozen window; from the beginning of the shown one where that is the newest row. */
  play(rows: number): void {
    const { frozenAt, loop } = this.#view;
    const last = frozenAt === null || frozenAt >= rows;
    const start = loop?.from ?? (last ? this.window(rows).from : frozenAt);
    this.#head = Math.max(1, start);
    this.#change({ frozenAt: Math.min(rows, Math.ceil(this.#head)), playing: true, pin: null });
  }

  pause(): void {
    this.#change({ playing: false });
  }

  /** Goes round in the window that is shown now, or no longer. */
  toggleLoop(rows: number): void {
    const { from, to } = this.window(rows);
    this.#change({ loop: this.#view.loop === null ? { from, to } : null });
  }

  /** Lets a replay go on for so long. At the end of what there is it follows a run that goes on, and stops on one that is over. */
  advance(seconds: number, rows: number, over: boolean): void {
    const { playing, speed, loop } = this.#view;
    if (!playing) return;
    this.#head += seconds * speed * replayRows;
    const end = Math.min(rows, loop?.to ?? rows);
    if (this.#head < end) this.#change({ frozenAt: Math.max(1, Math.floor(this.#head)) });
    else if (loop !== null) {
      this.#head = Math.max(1, loop.from);
      this.#change({ frozenAt: Math.ceil(this.#head) });
    } else if (over) this.#change({ frozenAt: end, playing: false });
    else this.follow();
  }

  /** Moves the cursor over the rows there are; nothing but the charts listens to it. */
  point(row: number | null, rows: number): void {
    this.#view = { ...this.#view, cursor: row === null ? null : clamp(Math.round(row), 0, rows - 1) };
    this.#requestDraw();
  }

  /** Leaves the cursor on a row, in the middle of a held window if the shown one does not have it; null takes it away. */
  pinAt(row: number | null, rows: number): void {
    if (row === null) return this.#change({ pin: null, cursor: null });
    const pin = clamp(Math.round(row), 0, Math.max(0, rows - 1));
    const { from, to } = this.window(rows);
    const { span, frozenAt } = this.#view;
    const held =
      pin >= from && pin < to ? (frozenAt ?? to) : span === null ? rows : Math.min(rows, pin + Math.ceil(span / 2));
    this.#change({ pin, cursor: null, frozenAt: held, playing: false });
  }

  /** The row that numbers and diagrams are of; −1 before the first. */
  row(rows: number): number {
    const { cursor, pin } = this.#view;
    return cursor ?? pin ?? this.window(rows).to - 1;
  }

  /** Rows [from, to) to draw of `rows`, and the x range [from, until) to draw them in. */
  window(rows: number): { readonly from: number; readonly to: number; readonly until: number } {
    const { span, frozenAt } = this.#view;
    const to = Math.min(rows, frozenAt ?? rows);
    if (span === null) return { from: 0, to, until: roomFor(rows) };
    const from = Math.max(0, to - span);
    return { from, to, until: Math.max(from + span, to) };
  }

  #change(change: Partial<View>): void {
    const before = this.#view;
    this.#view = { ...before, ...change };
    if (this.#view.span !== before.span || this.#view.frozenAt !== before.frozenAt) this.#version++;
    for (const listener of this.#listeners) listener();
    this.#requestDraw();
  }
}

/** Of the whole run the range grows in steps of less than a hundredth: between them a picture has only to be added to. */
function roomFor(rows: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(rows / 128)));
  return Math.max(2, step * Math.ceil(rows / step));
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
