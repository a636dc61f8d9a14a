import type { AreaSystem, Deadband, GeneratingUnit } from './area-model.ts';
import type { FeedbackLoad } from './feedback-load.ts';
import type { FrequencyHistory } from './frequency-history.ts';
import { limitedRate, limiterAfter, limiterGuards, limiterGuardsInto, limiterMode } from './limiter.ts';
import type { VectorField } from './runge-kutta.ts';

/** Positions of an area's states; −1: it has none. */
interface AreaPlace {
  readonly frequency: number;
  readonly tie: number;
  /** Of an AGC that integrates all the time. */
  readonly reference: number;
}

interface UnitPlace {
  readonly area: number;
  readonly own: GeneratingUnit;
  readonly valve: number;
  readonly turbine: number;
  readonly reheat: number;
}

/** Which side of a band something is on. */
const side = { below: -1, within: 0, above: 1 } as const;

/**
 * Areas with what is not linear in them, and loads that answer to their frequencies, as a differential equation that is smooth in each mode: where each dead-band, limit and
 * saturation stands. Modes change where a guard falls below 0.
 * `M f' = Σ P_m − L − D f − P_tie`; unit: `Tg Pg' = α Pref − φ(f)/R − Pg`, `Tt y' = Pg − y`, both within range and rate; `TR z' = y − z`, `P_m = FH y + (1 − FH) z`.
 * Source: specs/grid.md 4.1, 4.2, 4.6; Kundur, "Power System Stability and Control", 11.1
 */
export class AreaPlant implements VectorField {
  readonly n: number;
  readonly guards: number;
  readonly places: readonly AreaPlace[];
  /** [areas] p.u. of load added, and the AGC's command where it is held: constant between events. */
  readonly load: Float64Array;
  readonly command: Float64Array;
  /** [attacks] p.u., of those that hold what they read */
  readonly held: Float64Array;
  /** [attacks] whether it has begun */
  readonly active: Uint8Array;
  /** Load that varies smoothly: p.u. in an area at a time. */
  varying: (area: number, t: number) => number = () => 0;

  private readonly system: AreaSystem;
  private readonly attacks: readonly FeedbackLoad[];
  private readonly history: FrequencyHistory;
  private readonly units: readonly UnitPlace[];
  private readonly lagged: readonly number[];
  /** [units] */
  private readonly band: Int8Array;
  private readonly valve: Uint8Array;
  private readonly turbine: Uint8Array;
  /** [attacks] */
  private readonly saturation: Int8Array;
  /** [areas] of one evaluation */
  private readonly mechanical: Float64Array;

  constructor(system: AreaSystem, attacks: readonly FeedbackLoad[], history: FrequencyHistory) {
    const { areas } = system;
    let n = 0;
    this.system = system;
    this.attacks = attacks;
    this.history = history;
    this.places = areas.map(({ Ki, agc }) => ({
      frequency: n++,
      tie: areas.length > 1 ? n++ : -1,
      reference: Ki !== 0 && agc === undefined ? n++ : -1,
    }));
    this.units = areas.flatMap(({ units }, area) =>
      units.map((own) => ({
        area,
        own,
        valve: own.Tg > 0 ? n++ : -1,
        turbine: own.Tt > 0 ? n++ : -1,
        reheat: own.reheat === undefined ? -1 : n++,
      })),
    );
    this.lagged = attacks.map(({ lag }) => (lag > 0 ? n++ : -1));
    this.n = n;
    this.load = new Float64Array(areas.length);
    this.command = new Float64Array(areas.length);
    this.held = new Float64Array(attacks.length);
    this.active = new Uint8Array(attacks.length);
    this.band = new Int8Array(this.units.length);
    this.valve = new Uint8Array(this.units.length);
    this.turbine = new Uint8Array(this.units.length);
    this.saturation = new Int8Array(attacks.length);
    this.mechanical = new Float64Array(areas.length);
    this.guards = this.units.length * (2 + 2 * limiterGuards) + 2 * attacks.length;
  }

  rates(t: number, x: Float64Array, out: Float64Array): void {
    const { areas, tie } = this.system;
    for (let k = 0; k < this.units.length; k++) {
      const { own, turbine, valve, reheat } = this.units[k]!;
      if (valve >= 0)
        out[valve] =
          own.valve === undefined ? this.toValve(k, x) : limitedRate(this.valve[k]!, own.valve, this.toValve(k, x));
      if (turbine >= 0)
        out[turbine] =
          own.turbine === undefined
            ? this.toTurbine(k, x)
            : limitedRate(this.turbine[k]!, own.turbine, this.toTurbine(k, x));
      if (reheat >= 0) out[reheat] = (this.steam(k, x) - x[reheat]!) / own.reheat!.TR;
    }
    this.balance(t, x);
    for (let i = 0; i < areas.length; i++) {
      const { frequency, tie: power, reference } = this.places[i]!;
      const f = x[frequency]!;
      out[frequency] = this.mechanical[i]! / areas[i]!.M;
      if (power >= 0) {
        let sum = 0;
        for (let j = 0; j < areas.length; j++) sum += tie[i]![j]! * (f - x[this.places[j]!.frequency]!);
        out[power] = sum;
      }
      if (reference >= 0) out[reference] = -areas[i]!.Ki * this.controlError(i, x);
    }
    for (let k = 0; k < this.attacks.length; k++) {
      const own = this.lagged[k]!;
      if (own >= 0) out[own] = (this.seen(k, t, x) - x[own]!) / this.attacks[k]!.lag;
    }
  }

  /** `β f + P_tie`, p.u. */
  controlError(area: number, x: Float64Array): number {
    const { frequency, tie } = this.places[area]!;
    return this.system.areas[area]!.beta * x[frequency]! + (tie >= 0 ? x[tie]! : 0);
  }

  /** f' of an area. */
  slope(area: number, t: number, x: Float64Array): number {
    this.balance(t, x);
    return this.mechanical[area]! / this.system.areas[area]!.M;
  }

  /** f' of every area, written to `out` from `at`. */
  slopesInto(t: number, x: Float64Array, out: Float64Array, at: number): void {
    this.balance(t, x);
    for (let i = 0; i < this.mechanical.length; i++) out[at + i] = this.mechanical[i]! / this.system.areas[i]!.M;
  }

  /** Load that an attack has now, p.u. */
  attackPower(k: number, t: number, x: Float64Array): number {
    const { period, low, high } = this.attacks[k]!;
    if (this.active[k] === 0) return 0;
    if (period > 0) return this.held[k]!;
    if (this.saturation[k] === side.within) return this.answer(k, t, x);
    return this.saturation[k] === side.above ? high : low;
  }

  /** What an attack that reads now will hold, p.u. */
  reading(k: number, t: number, x: Float64Array): number {
    const { low, high } = this.attacks[k]!;
    return Math.min(high, Math.max(low, this.answer(k, t, x)));
  }

  guardsInto(t: number, x: Float64Array, out: Float64Array): void {
    let at = 0;
    for (let k = 0; k < this.units.length; k++) {
      const { own, area, valve, turbine } = this.units[k]!;
      bandGuardsInto(this.band[k]!, this.width(own.deadband), x[this.places[area]!.frequency]!, out, at);
      at += 2;
      if (own.valve === undefined) out.fill(Infinity, at, at + limiterGuards);
      else limiterGuardsInto(this.valve[k]!, own.valve, this.toValve(k, x), x[valve]!, out, at);
      at += limiterGuards;
      if (own.turbine === undefined) out.fill(Infinity, at, at + limiterGuards);
      else limiterGuardsInto(this.turbine[k]!, own.turbine, this.toTurbine(k, x), x[turbine]!, out, at);
      at += limiterGuards;
    }
    for (let k = 0; k < this.attacks.length; k++) {
      const { period, low, high } = this.attacks[k]!;
      const limited = this.active[k] === 1 && period === 0 && (low > -Infinity || high < Infinity);
      const power = limited ? this.answer(k, t, x) : 0;
      const stands = this.saturation[k]!;
      out[at++] = !limited || stands < 0 ? Infinity : stands > 0 ? power - high : high - power;
      out[at++] = !limited || stands > 0 ? Infinity : stands < 0 ? low - power : power - low;
    }
  }

  cross(guard: number, x: Float64Array): void {
    const perUnit = 2 + 2 * limiterGuards;
    const unit = Math.floor(guard / perUnit);
    if (unit >= this.units.length) {
      const which = guard - this.units.length * perUnit;
      const k = which >> 1;
      this.saturation[k] =
        this.saturation[k] === side.within ? (which % 2 === 0 ? side.above : side.below) : side.within;
      return;
    }
    const { own, valve, turbine } = this.units[unit]!;
    const which = guard % perUnit;
    if (which < 2) {
      this.band[unit] = this.band[unit] === side.within ? (which === 0 ? side.above : side.below) : side.within;
      return;
    }
    const isValve = which < 2 + limiterGuards;
    const modes = isValve ? this.valve : this.turbine;
    const bounds = (isValve ? own.valve : own.turbine)!;
    modes[unit] = limiterAfter(modes[unit]!, (which - 2) % limiterGuards);
    if (modes[unit] === limiterMode.highest) x[isValve ? valve : turbine] = bounds.max;
    if (modes[unit] === limiterMode.lowest) x[isValve ? valve : turbine] = bounds.min;
  }

  /** What accelerates each area, p.u. */
  private balance(t: number, x: Float64Array): void {
    const { areas } = this.system;
    const sum = this.mechanical;
    for (let i = 0; i < areas.length; i++) {
      const { frequency, tie } = this.places[i]!;
      sum[i] = -this.load[i]! - this.varying(i, t) - areas[i]!.D * x[frequency]! - (tie >= 0 ? x[tie]! : 0);
    }
    for (let k = 0; k < this.units.length; k++) {
      const { area, own, reheat } = this.units[k]!;
      const steam = this.steam(k, x);
      sum[area]! += reheat < 0 ? steam : own.reheat!.FH * steam + (1 - own.reheat!.FH) * x[reheat]!;
    }
    for (let k = 0; k < this.attacks.length; k++) sum[this.attacks[k]!.victim]! -= this.attackPower(k, t, x);
  }

  /** What a unit is asked for: its part of the AGC's command less what its droop takes back. */
  private signal(k: number, x: Float64Array): number {
    const { area, own } = this.units[k]!;
    const { frequency, reference } = this.places[area]!;
    const command = reference >= 0 ? x[reference]! : this.command[area]!;
    const f = x[frequency]!;
    const stands = this.band[k]!;
    let seen = f;
    if (own.deadband !== undefined)
      seen = stands === side.within ? 0 : own.deadband.shape === 'step' ? f : f - stands * this.width(own.deadband);
    return own.participation * command - seen / own.R;
  }

  private toValve(k: number, x: Float64Array): number {
    const { own, valve } = this.units[k]!;
    return (this.signal(k, x) - x[valve]!) / own.Tg;
  }

  private toTurbine(k: number, x: Float64Array): number {
    const { own, valve, turbine } = this.units[k]!;
    return ((valve >= 0 ? x[valve]! : this.signal(k, x)) - x[turbine]!) / own.Tt;
  }

  /** Power ahead of the reheater. */
  private steam(k: number, x: Float64Array): number {
    const { valve, turbine } = this.units[k]!;
    if (turbine >= 0) return x[turbine]!;
    return valve >= 0 ? x[valve]! : this.signal(k, x);
  }

  /** Half of a dead-band in the areas' unit. */
  private width(band: Deadband | undefined): number {
    return band === undefined ? Infinity : band.width / this.system.unit;
  }

  private seen(k: number, t: number, x: Float64Array): number {
    const { sensor, delay } = this.attacks[k]!;
    return delay > 0 ? this.history.at(sensor, t - delay) : x[this.places[sensor]!.frequency]!;
  }

  /** `−K f̃` */
  private answer(k: number, t: number, x: Float64Array): number {
    const own = this.lagged[k]!;
    return -this.attacks[k]!.gain * (own >= 0 ? x[own]! : this.seen(k, t, x));
  }
}

function bandGuardsInto(stands: number, width: number, f: number, out: Float64Array, at: number): void {
  out[at] = stands < 0 ? Infinity : stands > 0 ? f - width : width - f;
  out[at + 1] = stands > 0 ? Infinity : stands < 0 ? -width - f : f + width;
}
