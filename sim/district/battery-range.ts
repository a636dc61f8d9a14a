import { interpolate } from './battery.ts';
import { BATTERY_CAPACITY, BATTERY_CONSUMPTION, BATTERY_EFFICIENCY, BATTERY_SOC_BEFORE } from './hour.ts';
import type { Battery, Curve } from './model.ts';

/** Lowest and highest of one number. */
export interface Ends {
  low: number;
  high: number;
}

/** What a battery may be after a step, number by number. */
export interface BatteryRange {
  readonly soc: Ends;
  readonly energy: Ends;
  readonly balance: Ends;
  readonly efficiency: Ends;
  readonly capacity: Ends;
}

/** What bounds a battery: its hours' least and greatest numbers, and a request between two, kWh. */
export type RangeBattery = (low: Float64Array, high: Float64Array, least: number, most: number) => BatteryRange;

/** Kilowatt-hours by which float64 rounding may take a result past the formula's, generously; float32 profiles round it on. */
const slack = 1e-11;
const guard = 1e-6;

/**
 * The steps of `chargeBattery20`, `21` and `23` over boxes: from any charge, degraded capacity and last efficiency between two, by any request
 * between two, what the step gives lies in the range. Each side of the energy e taken is looked at by itself.
 *
 * ```
 * e ≥ 0:  E' = min(E₀ + e·√η, C),  b = min(e, (C − E₀)/√η)        e < 0, m = −e:  E' = max(0, E₀ − m/√η),  b = −min(m, E₀·√η)
 * ```
 * e grows with the request, the room and the limit, each of which is taken at its ends; the limit is piecewise linear in E₀, so it is
 * outermost at the ends or at a knot. E' grows with E₀ and with e·√η(e) (falls with m/√η(m)). On a segment η = α + βu, u = e/P,
 *
 * ```
 * d(u·√η)/du = 0 at u = −2α/(3β),   d(u/√η)/du = 0 at u = −2α/β
 * ```
 * so their extremes over an interval are at its ends, at knots, there, or just beyond the last knot, where the look-up jumps back to the
 * first segment. 23 takes η from the request: there √η and e are taken apart, `[e̲·√η̲, ē·√η̄]`.
 */
export function batteryRange(battery: Battery, release: 'v2.0' | 'v2.1' | 'v2.3'): RangeBattery {
  const b = battery;
  const { capacity: full, nominalPower } = b;
  const scale = Math.max(full, guard);
  const nominal = Math.max(nominalPower, guard);
  const single = release !== 'v2.0';
  const ofRequest = release === 'v2.3';
  const reserve = 1 - b.depthOfDischarge;
  const gained = turningPoints(b.powerEfficiency, 3);
  const lost = turningPoints(b.powerEfficiency, 1);
  const out = { soc: ends(), energy: ends(), balance: ends(), efficiency: ends(), capacity: ends() };
  const power = ends();
  const eta = ends();
  const turned = ends();
  const round = single ? Math.fround : (value: number): number => value;

  /** Widens the result by what taking e̲…ē brings, all of one sign. */
  const take = (initialLow: number, initialHigh: number, low: number, high: number, charging: boolean): void => {
    if (low > high) return;
    const least = charging ? low : -high;
    const most = charging ? high : -low;
    if (!ofRequest) curveRange(b.powerEfficiency, least / nominal, most / nominal, eta);
    const rootLow = Math.sqrt(eta.low);
    const rootHigh = Math.sqrt(eta.high);
    if (ofRequest) {
      turned.low = charging ? least * rootLow : least / rootHigh;
      turned.high = charging ? most * rootHigh : most / rootLow;
    } else turnedRange(b.powerEfficiency, nominal, charging ? gained : lost, charging, least, most, turned);
    let balanceLow;
    let balanceHigh;
    if (charging) {
      widen(out.energy, Math.min(initialLow + turned.low, full), Math.min(initialHigh + turned.high, full));
      const tight = full - initialHigh;
      const wide = full - initialLow;
      balanceLow = Math.min(least, tight >= 0 ? tight / rootHigh : tight / rootLow);
      balanceHigh = Math.min(most, wide >= 0 ? wide / rootLow : wide * rootLow);
    } else {
      widen(out.energy, Math.max(0, initialLow - turned.high), Math.max(0, initialHigh - turned.low));
      balanceLow = -Math.min(most, initialHigh * rootHigh);
      balanceHigh = -Math.min(least, initialLow * rootLow);
    }
    widen(out.balance, balanceLow, balanceHigh);
    widen(out.efficiency, eta.low, eta.high);
  };

  return (low, high, least, most) => {
    for (const range of [out.energy, out.balance, out.efficiency]) {
      range.low = Infinity;
      range.high = -Infinity;
    }
    const socLow = low[BATTERY_SOC_BEFORE]!;
    const socHigh = high[BATTERY_SOC_BEFORE]!;
    const degradedLow = low[BATTERY_CAPACITY]!;
    const degradedHigh = high[BATTERY_CAPACITY]!;
    const initialLow = Math.max(0, socLow * full * (1 - b.lossCoefficient));
    const initialHigh = Math.max(0, socHigh * full * (1 - b.lossCoefficient));
    curveRange(b.capacityPower, initialLow / scale, initialHigh / scale, power);
    const limitLow = nominalPower * power.low;
    const limitHigh = nominalPower * power.high;
    const shareOf = (request: number, limit: number): number => Math.min(request, limit) / nominal;
    if (most >= 0) {
      const from = Math.max(least, 0);
      const freeLow = single ? nominalPower - high[BATTERY_CONSUMPTION]! : Infinity;
      const freeHigh = single ? nominalPower - low[BATTERY_CONSUMPTION]! : Infinity;
      const takenLow = Math.min(limitLow, freeLow, degradedLow - initialHigh, from);
      const takenHigh = Math.min(limitHigh, freeHigh, degradedHigh - initialLow, most);
      if (ofRequest) curveRange(b.powerEfficiency, shareOf(from, limitLow), shareOf(most, limitHigh), eta);
      // A full, degraded battery gives a little even when asked to charge.
      take(initialLow, initialHigh, takenLow, Math.min(takenHigh, 0), false);
      take(initialLow, initialHigh, Math.max(takenLow, 0), takenHigh, true);
    }
    if (least < 0) {
      const to = Math.min(most, 0);
      const wayLow = single ? Math.sqrt(low[BATTERY_EFFICIENCY]!) : low[BATTERY_EFFICIENCY]!;
      const wayHigh = single ? Math.sqrt(high[BATTERY_EFFICIENCY]!) : high[BATTERY_EFFICIENCY]!;
      const roomLow = Math.max((socLow - reserve) * full * wayLow, 0);
      const roomHigh = Math.max((socHigh - reserve) * full * wayHigh, 0);
      const takenLow = Math.max(-limitHigh, -roomHigh, least);
      const takenHigh = Math.max(-limitLow, -roomLow, to);
      if (ofRequest) curveRange(b.powerEfficiency, shareOf(-to, limitLow), shareOf(-least, limitHigh), eta);
      take(initialLow, initialHigh, takenLow, takenHigh, false);
    }
    out.energy.low = Math.max(0, out.energy.low - slack);
    out.energy.high = Math.min(full, out.energy.high + slack);
    out.soc.low = round(out.energy.low / scale);
    out.soc.high = round(out.energy.high / scale);
    out.balance.low = round(out.balance.low - slack);
    out.balance.high = round(out.balance.high + slack);
    const { low: given, high: drawn } = out.balance;
    const farthest = Math.max(Math.abs(given), Math.abs(drawn));
    const nearest = given <= 0 && drawn >= 0 ? 0 : Math.min(Math.abs(given), Math.abs(drawn));
    const left = (degraded: number, moved: number): number =>
      Math.max(degraded - (b.capacityLossCoefficient * full * moved) / (2 * Math.max(degraded, guard)), 0);
    out.capacity.low = left(degradedLow, farthest);
    out.capacity.high = left(degradedHigh, nearest);
    return out;
  };
}

function ends(): Ends {
  return { low: 0, high: 0 };
}

function widen(range: Ends, low: number, high: number): void {
  range.low = Math.min(range.low, low);
  range.high = Math.max(range.high, high);
}

/** The first segment of a curve beyond its last knot: what `interpolate` jumps to. */
function beyond({ x, y }: Curve): number {
  return y[0]! + ((y[1]! - y[0]!) * (x.at(-1)! - x[0]!)) / (x[1]! - x[0]!);
}

/** Where `interpolate` is lowest and highest over [from, to]. */
function curveRange(curve: Curve, from: number, to: number, out: Ends): void {
  const first = interpolate(curve, from);
  const last = interpolate(curve, to);
  out.low = Math.min(first, last);
  out.high = Math.max(first, last);
  const { x } = curve;
  for (let k = 0; k < x.length; k++) {
    const at = x[k]!;
    if (at < from || at > to) continue;
    const value = interpolate(curve, at);
    widen(out, value, value);
  }
  if (to > x.at(-1)!) {
    const value = beyond(curve);
    widen(out, value, value);
  }
}

/** Positive u = −2α/(nβ) on the segments of η = α + βu: where u·√η (n = 3) or u/√η (n = 1) turns. */
function turningPoints({ x, y }: Curve, n: 1 | 3): Float64Array {
  const points: number[] = [];
  for (let k = 0; k + 1 < x.length; k++) {
    const slope = (y[k + 1]! - y[k]!) / (x[k + 1]! - x[k]!);
    const at = (-2 * (y[k]! - slope * x[k]!)) / (n * slope);
    const own = at >= x[k]! && at <= x[k + 1]!;
    // The first segment goes on below its first knot and, as the look-up has it, beyond the last one.
    if (at > 0 && (own || (k === 0 && (at < x[0]! || at > x.at(-1)!)))) points.push(at);
  }
  return Float64Array.from(points);
}

/** Lowest and highest of e·√η (`charging`) or e/√η over energies [least, most], e ≥ 0. */
function turnedRange(
  curve: Curve,
  nominal: number,
  turns: Float64Array,
  charging: boolean,
  least: number,
  most: number,
  out: Ends,
): void {
  out.low = Infinity;
  out.high = -Infinity;
  const offer = (energy: number, efficiency: number): void => {
    const root = Math.sqrt(efficiency);
    const value = charging ? energy * root : energy / root;
    widen(out, value, value);
  };
  offer(least, interpolate(curve, least / nominal));
  offer(most, interpolate(curve, most / nominal));
  for (const points of [curve.x, turns]) {
    for (let k = 0; k < points.length; k++) {
      const at = points[k]!;
      if (at * nominal > least && at * nominal < most) offer(at * nominal, interpolate(curve, at));
    }
  }
  const last = curve.x.at(-1)!;
  if (most / nominal > last) offer(Math.max(least, last * nominal), beyond(curve));
}
