import { ConfigError } from '../../core/errors.ts';
import type { BatteryAttributes } from '../data/dataset.ts';
import type { Profile } from './profile.ts';

/** A piecewise linear curve in CityLearn's reading. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A battery's constants. kWh, kW, fractions. */
export interface Battery {
  readonly capacity: number;
  readonly nominalPower: number;
  readonly efficiency: number;
  readonly lossCoefficient: number;
  readonly capacityLossCoefficient: number;
  readonly initialSoc: number;
  readonly depthOfDischarge: number;
  readonly powerEfficiency: Curve;
  readonly capacityPower: Curve;
}

/** What changes from step to step, one entry a lane. */
export interface BatteryState {
  /** [N] energy over nominal capacity */
  readonly soc: Float64Array;
  /** [N] what the capacity has degraded to, kWh */
  readonly degraded: Float64Array;
  /** [N] one-way efficiency look-up of the step before (before the square root) */
  readonly efficiency: Float64Array;
}

/** Division guard of CityLearn. */
const guard = 1e-6;
/** What rounding may add to a look-up. */
const slip = 1e-12;

type NumberAttribute = Exclude<keyof BatteryAttributes, `${string}Curve`>;

/** A building without a battery gets one of no size, as in CityLearn; nothing goes in or out. */
const none: BatteryAttributes = { capacity: 0, nominalPower: 0 };

/** The attributes of a schema completed by a profile's defaults. @throws {ConfigError} naming the attribute. */
export function battery(attributes: BatteryAttributes | null, profile: Profile, where: string): Battery {
  const given = attributes ?? none;
  const defaults = profile.batteryDefaults;
  const read = (name: NumberAttribute, low: number, high: number, absent: number): number => {
    const value = given[name] ?? absent;
    if (!(value >= low && value <= high))
      throw new ConfigError(`battery ${name} is ${value}, expected ${low} … ${high}`, { place: { file: where } });
    return value;
  };
  for (const [name, value] of [
    ['capacity', given.capacity],
    ['nominalPower', given.nominalPower],
  ] as const) {
    if (!Number.isFinite(value) || value < 0)
      throw new ConfigError(`battery ${name} is ${value}, expected a number ≥ 0`, { place: { file: where } });
  }
  const depthOfDischarge = read('depthOfDischarge', 0, 1, defaults.depthOfDischarge);
  const capacityPower = curve(given.capacityPowerCurve ?? defaults.capacityPowerCurve, 'capacityPowerCurve', where);
  const power = range(capacityPower, 1);
  if (power.low < -slip)
    throw new ConfigError(`battery capacityPowerCurve reads ${power.low} for some state of charge, expected ≥ 0`, {
      place: { file: where },
    });
  const powerEfficiency = curve(
    given.powerEfficiencyCurve ?? defaults.powerEfficiencyCurve,
    'powerEfficiencyCurve',
    where,
  );
  const way = range(powerEfficiency, power.high);
  if (way.low < guard || way.high > 1 + slip)
    throw new ConfigError(
      `battery powerEfficiencyCurve reads ${way.low < guard ? way.low : way.high} for some power up to ${power.high} of the nominal, expected above 0 and at most 1`,
      { place: { file: where } },
    );
  return {
    capacity: given.capacity,
    nominalPower: given.nominalPower,
    efficiency: read('efficiency', 1e-6, 1, defaults.efficiency),
    lossCoefficient: read('lossCoefficient', 0, 1, defaults.lossCoefficient),
    capacityLossCoefficient: read('capacityLossCoefficient', 0, 1, defaults.capacityLossCoefficient),
    // As full as it has to stay: the reserve.
    initialSoc: read('initialSoc', 0, 1, 1 - depthOfDischarge),
    depthOfDischarge,
    powerEfficiency,
    capacityPower,
  };
}

function curve(points: readonly (readonly [number, number])[], name: string, where: string): Curve {
  const x = Float64Array.from(points, (point) => point[0]);
  const y = Float64Array.from(points, (point) => point[1]);
  const ascending =
    x.every((value, i) => Number.isFinite(value) && (i === 0 || value > x[i - 1]!)) &&
    y.every((value) => Number.isFinite(value) && value >= 0);
  if (points.length < 2 || !ascending)
    throw new ConfigError(
      `battery ${name} is ${JSON.stringify(points)}, expected at least two points [x, y] with ascending x`,
      { place: { file: where } },
    );
  return { x, y };
}

/** CityLearn's look-up: the segment before the first knot ≥ x; beyond the last knot the *first* segment extrapolates. */
export function interpolate({ x, y }: Curve, at: number): number {
  let k = 0;
  while (k < x.length && at > x[k]!) k++;
  const i = k === x.length ? 0 : Math.max(0, k - 1);
  return y[i]! + ((y[i + 1]! - y[i]!) * (at - x[i]!)) / (x[i + 1]! - x[i]!);
}

/** Least and largest that `interpolate` gives for 0 … top: linear pieces have them at their ends. */
function range(of: Curve, top: number): { readonly low: number; readonly high: number } {
  const ends = [0, top, ...of.x.filter((x) => x >= 0 && x <= top)].map((x) => interpolate(of, x));
  const last = of.x.at(-1)!;
  if (last < top) ends.push(of.y[0]! + ((of.y[1]! - of.y[0]!) * (last - of.x[0]!)) / (of.x[1]! - of.x[0]!));
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/**
 * Charges (request ≥ 0) or discharges (< 0) one lane's battery by `request` kWh at its terminals; returns the energy drawn from
 * (+) or given to (−) the house, kWh.
 *
 * ```
 * E₀ = soc·C·(1−loss);  Pmax = P·interp(capacityPower, E₀/C)
 * e  = request ≥ 0 ? min(Pmax, Cdeg − E₀, request) : max(−Pmax, −max((soc − (1−DoD))·C·η₋₁, 0), request)
 * η  = interp(powerEfficiency, |e|/P);  E = e ≥ 0 ? min(E₀ + e·√η, C) : max(0, E₀ + e/√η)
 * b  = E ≥ E₀ ? (E−E₀)/√η : (E−E₀)·√η;  Cdeg ← max(Cdeg − clc·C·|b|/(2·Cdeg), 0)
 * ```
 * η₋₁ is the look-up of the step before, in the discharge limit without its root (later releases take √η₋₁), and the limit counts
 * from the energy before its loss. Cdeg − E₀ may be negative: a full, degraded battery gives a little even when asked to charge.
 * Source: specs/bifurcation.md 1.2, specs/citylearn.md 5.5.
 */
export function chargeBattery(b: Battery, state: BatteryState, lane: number, request: number): number {
  const { capacity } = b;
  const nominal = Math.max(b.nominalPower, guard);
  const soc = state.soc[lane]!;
  const initial = soc * capacity * (1 - b.lossCoefficient);
  const limit = b.nominalPower * interpolate(b.capacityPower, initial / Math.max(capacity, guard));
  const degraded = state.degraded[lane]!;
  const energy =
    request >= 0
      ? Math.min(limit, degraded - initial, request)
      : Math.max(-limit, -Math.max((soc - (1 - b.depthOfDischarge)) * capacity * state.efficiency[lane]!, 0), request);
  const efficiency = interpolate(b.powerEfficiency, Math.abs(energy) / nominal);
  const root = Math.sqrt(efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = difference >= 0 ? difference / root : difference * root;
  state.efficiency[lane] = efficiency;
  state.soc[lane] = final / Math.max(capacity, guard);
  state.degraded[lane] = Math.max(
    degraded - (b.capacityLossCoefficient * capacity * Math.abs(balance)) / (2 * Math.max(degraded, guard)),
    0,
  );
  return balance;
}
