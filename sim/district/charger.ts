import type { ChargerData, CurvePoints, District } from '../data/dataset.ts';
import type { Profile } from './profile.ts';

/** Division guard of CityLearn. */
const guard = 1e-6;

/** A charging point laid out for the step; columns [rows of the range], shares of 1, −0.1 and −1 where the file is blank. */
export interface Charger {
  readonly id: string;
  /** Car that is plugged in, −1 none. */
  readonly plugged: Int32Array;
  /** Car on its way, −1 none. */
  readonly incoming: Int32Array;
  /** 1 plugged, 2 incoming, 3 away, NaN */
  readonly state: Float64Array;
  readonly departureTime: Float64Array;
  readonly requiredSoc: Float64Array;
  readonly arrivalTime: Float64Array;
  readonly arrivalSoc: Float64Array;
  /** NaN where the battery's size is blank. */
  readonly currentSoc: Float64Array;
  readonly maxChargingPower: number;
  readonly minChargingPower: number;
  readonly maxDischargingPower: number;
  readonly minDischargingPower: number;
  readonly efficiency: number;
  readonly chargeCurve: CurvePoints | null;
  readonly dischargeCurve: CurvePoints | null;
  /** Powers are clamped before they become energies, and an action beyond ±1 counts as ±1: v3. */
  readonly clampsPower: boolean;
}

/** @param cars names, in the order of their numbers. A car of another name is none: so does CityLearn. */
export function openCharger(
  data: ChargerData,
  { start, end }: District,
  cars: readonly string[],
  profile: Profile,
): Charger {
  const range = (column: Float64Array): Float64Array => column.subarray(start, end + 1);
  const state = range(data.state);
  const car = Int32Array.from(data.car.slice(start, end + 1), (name) => cars.indexOf(name));
  const capacity = range(data.batteryCapacity);
  return {
    id: data.id,
    plugged: car.map((one, row) => (state[row] === 1 ? one : -1)),
    incoming: car.map((one, row) => (state[row] === 2 ? one : -1)),
    state,
    departureTime: range(data.departureTime).map(steps),
    requiredSoc: range(data.requiredSocDeparture).map(share),
    arrivalTime: range(data.estimatedArrivalTime).map(steps),
    arrivalSoc: range(data.estimatedSocArrival).map(share),
    // A blank energy counts as −0.1 kWh, which clips to an empty battery: CityLearn's arithmetic.
    currentSoc: range(data.currentSoc).map((kwh, row) => clip((Number.isNaN(kwh) ? -0.1 : kwh) / capacity[row]!)),
    maxChargingPower: data.maxChargingPower,
    minChargingPower: data.minChargingPower,
    maxDischargingPower: data.maxDischargingPower,
    minDischargingPower: data.minDischargingPower,
    efficiency: data.efficiency,
    chargeCurve: data.chargeEfficiencyCurve,
    dischargeCurve: data.dischargeEfficiencyCurve,
    clampsPower: profile.alignment === 'lagged',
  };
}

function steps(value: number): number {
  return Number.isNaN(value) ? -1 : Math.trunc(value);
}

function share(percent: number): number {
  if (Number.isNaN(percent) || percent === -0.1) return -0.1;
  return clip(percent / 100);
}

/** NaN stays NaN. */
function clip(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Whether a share of 1 was given at all. */
export function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}

/**
 * SoC with which a car arrives that is plugged in at `row` and was not a step before: NaN where the file does not say.
 * @param previous the row of the step before; −1 in an episode's first step
 * Source: specs/citylearn.md 10; v3 prefers what the file calls the current SoC.
 */
export function arrivalSoc(c: Charger, row: number, previous: number): number {
  const before = previous < 0 ? Number.NaN : c.state[previous]!;
  const estimate = c.arrivalSoc[before === 2 || (c.clampsPower && before === 3) ? previous : row]!;
  const current = c.currentSoc[row]!;
  const [first, second] = c.clampsPower ? [current, estimate] : [estimate, current];
  return isShare(first) ? first : isShare(second) ? second : Number.NaN;
}

/** NumPy's `interp`. */
function interpolated(curve: CurvePoints, x: number): number {
  let k = 0;
  while (k < curve.length && curve[k]![0] <= x) k++;
  if (k === 0) return curve[0]![1];
  const [x0, y0] = curve[k - 1]!;
  const next = curve[k];
  if (next === undefined || x0 === x) return y0;
  return ((next[1] - y0) / (next[0] - x0)) * (x - x0) + y0;
}

/** Efficiency of a charger under an action ≠ 0. */
export function chargerEfficiency(c: Charger, action: number): number {
  const curve = action > 0 ? c.chargeCurve : c.dischargeCurve;
  return curve === null ? c.efficiency : interpolated(curve, Math.abs(action));
}

/**
 * kWh at the socket that an action ≠ 0 commands, + into the car.
 *
 * ```
 * a > 0: max(min(a·Pc·dt, Pc), Pc_min);  a < 0: max(min(a·Pd·dt, −Pd_min), −Pd)
 * ```
 * Energies are compared with powers, which is harmless at dt = 1 h only; v3 clamps powers. Source: specs/citylearn.md 10.
 */
export function commandedEnergy(c: Charger, action: number, hoursPerStep: number): number {
  if (c.clampsPower) {
    const most = action > 0 ? c.maxChargingPower : c.maxDischargingPower;
    if (most <= 0) return 0;
    const least = Math.min(action > 0 ? c.minChargingPower : c.minDischargingPower, most);
    const power = Math.max(Math.min(Math.abs(action) * most, most), least);
    const energy = (power / Math.max(most, guard)) * most * hoursPerStep;
    return action > 0 ? energy : -energy;
  }
  if (action > 0)
    return Math.max(Math.min(action * c.maxChargingPower * hoursPerStep, c.maxChargingPower), c.minChargingPower);
  return Math.max(
    Math.min(action * c.maxDischargingPower * hoursPerStep, -c.minDischargingPower),
    -c.maxDischargingPower,
  );
}

/** kWh that the battery is asked for, of those commanded at the socket. */
export function batteryRequest(c: Charger, commanded: number, efficiency: number): number {
  if (commanded >= 0) return commanded * efficiency;
  return commanded / (c.clampsPower ? Math.max(efficiency, guard) : efficiency);
}

/** kWh at the socket of those at the battery's terminals. float32 */
export function socketEnergy(c: Charger, balance: number, efficiency: number): number {
  if (balance < 0) return Math.fround(balance * efficiency);
  return Math.fround(balance / (c.clampsPower ? Math.max(efficiency, guard) : efficiency));
}
