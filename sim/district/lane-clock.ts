import type { EpisodeWindow } from './episode.ts';
import type { SnapshotColumn } from './lane-snapshot.ts';

/** Where each lane is in its episodes, and what disturbs it. All [N]. */
export class LaneClocks {
  /** Time index of the hour shown, in the episode. */
  readonly t: Int32Array;
  readonly resets: Int32Array;
  /** The episode's first row in the simulation range, and its number of rows. */
  readonly start: Int32Array;
  readonly rows: Int32Array;
  /** 1 where an episode began in the step that ended another: its first hour has yet to be reported. */
  readonly fresh: Uint8Array;
  readonly #kw: Float64Array;
  readonly #until: Int32Array;

  constructor(lanes: number) {
    this.t = new Int32Array(lanes);
    this.resets = new Int32Array(lanes);
    this.start = new Int32Array(lanes);
    this.rows = new Int32Array(lanes);
    this.fresh = new Uint8Array(lanes);
    this.#kw = new Float64Array(lanes);
    this.#until = new Int32Array(lanes).fill(-1);
  }

  begin(lane: number, resets: number, { start, rows }: EpisodeWindow, t: number): void {
    this.resets[lane] = resets;
    this.start[lane] = start;
    this.rows[lane] = rows;
    this.t[lane] = t;
    this.fresh[lane] = 1;
    this.#until[lane] = -1;
  }

  window(lane: number): EpisodeWindow {
    return { start: this.start[lane]!, rows: this.rows[lane]! };
  }

  /** @param first time index of the first hour that is disturbed */
  disturb(lane: number, kw: number, first: number, steps: number): void {
    this.#kw[lane] = kw;
    this.#until[lane] = first + steps - 1;
  }

  /** kW that a disturbance adds in hour `t`. */
  extra(lane: number, t: number): number {
    return this.#until[lane]! >= t ? this.#kw[lane]! : 0;
  }

  /** For a snapshot: time index, resets, window, and the rest. */
  columns(): SnapshotColumn[] {
    return [this.t, this.resets, this.start, this.rows, this.#kw, this.#until, this.fresh];
  }
}
