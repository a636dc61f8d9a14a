import { requestDraw } from './ticker.ts';

/** What all charts of a run show: how many rows, up to where, and the row under the cursor. */
export interface View {
  /** Rows in the window; null: the whole run. */
  readonly span: number | null;
  /** Last row of a frozen window (exclusive); null: follow the newest. */
  readonly frozenAt: number | null;
  readonly cursor: number | null;
}

/** The shared view of the charts of one page. */
export class ViewStore {
  #view: View;
  #version = 0;
  readonly #listeners = new Set<() => void>();

  constructor(span: number | null) {
    this.#view = { span, frozenAt: null, cursor: null };
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

  change(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    if (change.span !== undefined || change.frozenAt !== undefined) this.#version++;
    for (const listener of this.#listeners) listener();
    requestDraw();
  }

  /** Moves the cursor over the rows there are; nothing but the charts listens to it. */
  point(row: number | null, rows: number): void {
    this.#view = { ...this.#view, cursor: row === null ? null : Math.max(0, Math.min(rows - 1, Math.round(row))) };
    requestDraw();
  }

  /** Rows [from, to) to draw of `rows`, and the x range [from, until) to draw them in. */
  window(rows: number): { readonly from: number; readonly to: number; readonly until: number } {
    const { span, frozenAt } = this.#view;
    const to = Math.min(rows, frozenAt ?? rows);
    if (span === null) return { from: 0, to, until: Math.max(2, to) };
    const from = Math.max(0, to - span);
    return { from, to, until: Math.max(from + span, to) };
  }
}
