/**
 * A transformer that changes its ratio by steps to hold the voltage of a bus: τ = 1 − position · step at the from side of its branch, so that a position above 0 raises what is behind it.
 * It moves by one position between two steps, once the voltage has been outside target ± band/2 for `delay` steps on end.
 */
export interface TapChanger {
  /** Ends of its branch, external numbers; the from side faces the reference. */
  readonly from: number;
  readonly to: number;
  /** Whose voltage it holds; default: `to`. */
  readonly bus?: number | undefined;
  /** p.u. */
  readonly target: number;
  readonly band: number;
  readonly step: number;
  readonly least: number;
  readonly most: number;
  readonly delay: number;
  readonly start: number;
}

/** Capacitors that are switched in when the voltage of their bus has been below `on` for `delay` steps on end, and out when above `off`: the dead band between them must be wider than what they lift. */
export interface SwitchedCapacitor {
  readonly bus: number;
  /** At 1 p.u. */
  readonly mvar: number;
  /** p.u. */
  readonly on: number;
  readonly off: number;
  readonly delay: number;
  readonly start: boolean;
}

/** Discrete controllers of the lanes of a flow. They look at a solved step and act before the next one: never within a power flow. Source: specs/grid.md 2.8 */
export class Regulators {
  /** [taps, width] positions; [capacitors, width] 1: switched in */
  readonly position: Int32Array;
  readonly switched: Uint8Array;
  /** Moves so far, [width] */
  readonly moves: Int32Array;
  readonly taps: readonly TapChanger[];
  readonly capacitors: readonly SwitchedCapacitor[];
  private readonly width: number;
  private readonly tapWaited: Int32Array;
  private readonly capacitorWaited: Int32Array;

  constructor(taps: readonly TapChanger[], capacitors: readonly SwitchedCapacitor[], width: number) {
    this.taps = taps;
    this.capacitors = capacitors;
    this.width = width;
    this.position = new Int32Array(taps.length * width);
    this.tapWaited = new Int32Array(taps.length * width);
    this.switched = new Uint8Array(capacitors.length * width);
    this.capacitorWaited = new Int32Array(capacitors.length * width);
    this.moves = new Int32Array(width);
    taps.forEach(({ start }, t) => this.position.fill(start, t * width, (t + 1) * width));
    capacitors.forEach(({ start }, c) => this.switched.fill(start ? 1 : 0, c * width, (c + 1) * width));
  }

  /** τ of a tap changer in a lane. */
  ratio(t: number, lane: number): number {
    return 1 - this.position[t * this.width + lane]! * this.taps[t]!.step;
  }

  /** @param v of the bus that it holds, at the step that was solved */
  seeTap(t: number, lane: number, v: number): void {
    const { target, band, least, most, delay } = this.taps[t]!;
    const at = t * this.width + lane;
    const away = v < target - band / 2 ? 1 : v > target + band / 2 ? -1 : 0;
    const waited = this.tapWaited[at]!;
    // Steps below count upwards and steps above downwards: changing sides begins anew.
    this.tapWaited[at] = away === 0 ? 0 : away * waited < 0 ? away : waited + away;
    if (away === 0 || Math.abs(this.tapWaited[at]!) < delay) return;
    const next = Math.min(most, Math.max(least, this.position[at]! + away));
    if (next !== this.position[at]) this.moves[lane]!++;
    this.position[at] = next;
  }

  /** @param v of its bus */
  seeCapacitor(c: number, lane: number, v: number): void {
    const { on, off, delay } = this.capacitors[c]!;
    const at = c * this.width + lane;
    const asked = this.switched[at] === 1 ? v > off : v < on;
    this.capacitorWaited[at] = asked ? this.capacitorWaited[at]! + 1 : 0;
    if (!asked || this.capacitorWaited[at]! < delay) return;
    this.switched[at] = this.switched[at] === 1 ? 0 : 1;
    this.capacitorWaited[at] = 0;
    this.moves[lane]!++;
  }
}
