import { ConfigError } from '../../../core/errors.ts';

/** Relays of a bus's voltage, p.u. and s. Where a bound is absent there is none. */
export interface VoltageSettings {
  /** A bus below `threshold` for `delay` sheds `share` of the load it had at the start, and once more after another delay. */
  readonly under?: { readonly threshold: number; readonly delay: number; readonly share: number };
  /** A bus above `threshold` for `delay` loses its generators, or its capacitors where it has none. */
  readonly over?: { readonly threshold: number; readonly delay: number };
}

/** Timers of the relays of all buses; a voltage back within bounds resets its own. */
export class VoltageRelays {
  private readonly settings: VoltageSettings;
  /** [buses] s since when; Infinity: within bounds */
  private readonly below: Float64Array;
  private readonly above: Float64Array;

  /** @throws {ConfigError} */
  constructor(settings: VoltageSettings, buses: number) {
    const { under, over } = settings;
    if (under !== undefined && !(under.threshold > 0 && under.delay >= 0 && under.share > 0 && under.share <= 1))
      throw new ConfigError(
        `under-voltage: ${under.threshold} p.u., ${under.delay} s, a share of ${under.share}: expected above 0, from 0, in (0, 1]`,
      );
    if (over !== undefined && !(over.threshold > 0 && over.delay >= 0))
      throw new ConfigError(`over-voltage: ${over.threshold} p.u., ${over.delay} s: expected above 0, from 0`);
    this.settings = settings;
    this.below = new Float64Array(buses).fill(Infinity);
    this.above = new Float64Array(buses).fill(Infinity);
  }

  /** Part of a bus's first load that it sheds at a time. */
  get share(): number {
    return this.settings.under?.share ?? 0;
  }

  /** Looks at voltages at t. @param vm [buses] p.u., NaN where there is none  @param sheds @param loses [buses] 1 where a relay has anything left to do */
  look(t: number, vm: Float64Array, sheds: Uint8Array, loses: Uint8Array): void {
    const { under, over } = this.settings;
    for (let row = 0; row < vm.length; row++) {
      const isLow = under !== undefined && sheds[row] === 1 && vm[row]! < under.threshold;
      const isHigh = over !== undefined && loses[row] === 1 && vm[row]! > over.threshold;
      this.below[row] = isLow ? Math.min(this.below[row]!, t) : Infinity;
      this.above[row] = isHigh ? Math.min(this.above[row]!, t) : Infinity;
    }
  }

  /** When the next one trips, s. */
  due(): number {
    const { under, over } = this.settings;
    let next = Infinity;
    if (under !== undefined) for (const since of this.below) next = Math.min(next, since + under.delay);
    if (over !== undefined) for (const since of this.above) next = Math.min(next, since + over.delay);
    return next;
  }

  /** Rows whose relays trip at t; their timers start anew. */
  trip(t: number): { readonly low: number[]; readonly high: number[] } {
    const ready = (since: Float64Array, delay: number | undefined): number[] => {
      const rows: number[] = [];
      if (delay === undefined) return rows;
      for (let row = 0; row < since.length; row++)
        if (since[row]! + delay <= t + 1e-9) {
          rows.push(row);
          since[row] = Infinity;
        }
      return rows;
    };
    return {
      low: ready(this.below, this.settings.under?.delay),
      high: ready(this.above, this.settings.over?.delay),
    };
  }
}
