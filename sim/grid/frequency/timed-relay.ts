/** What a relay measures, and what it does: it is picked up while `value` is below 0, and trips once when it has been for `delay` s without a break. */
export interface RelayRule {
  readonly delay: number;
  readonly value: (t: number, x: Float64Array) => number;
  readonly trip: (t: number, x: Float64Array) => void;
}

/** Relays as guards and times of a hybrid run. */
export class RelayBank {
  readonly guards: number;
  private readonly rules: readonly RelayRule[];
  /** [relays] s when it was picked up; Infinity: it is not */
  private readonly picked: Float64Array;
  private readonly tripped: Uint8Array;

  constructor(rules: readonly RelayRule[]) {
    this.rules = rules;
    this.guards = rules.length;
    this.picked = new Float64Array(rules.length).fill(Infinity);
    this.tripped = new Uint8Array(rules.length);
  }

  guardsInto(t: number, x: Float64Array, out: Float64Array, at: number): void {
    for (let k = 0; k < this.rules.length; k++) {
      if (this.tripped[k] === 1) out[at + k] = Infinity;
      else {
        const value = this.rules[k]!.value(t, x);
        // A relay that is timing crosses when it is no longer picked up.
        out[at + k] = this.picked[k] === Infinity ? value : -value;
      }
    }
  }

  cross(k: number, t: number): void {
    this.picked[k] = this.picked[k] === Infinity ? t : Infinity;
  }

  /** When the next relay trips, s. */
  due(): number {
    let next = Infinity;
    for (let k = 0; k < this.rules.length; k++)
      if (this.tripped[k] === 0) next = Math.min(next, this.picked[k]! + this.rules[k]!.delay);
    return next;
  }

  happen(t: number, x: Float64Array, within: number): void {
    for (let k = 0; k < this.rules.length; k++) {
      if (this.tripped[k] === 1 || this.picked[k]! + this.rules[k]!.delay > t + within) continue;
      this.tripped[k] = 1;
      this.rules[k]!.trip(t, x);
    }
  }
}
