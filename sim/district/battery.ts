import type { Battery, Curve } from './model.ts';
import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_EFFICIENCY,
  BATTERY_ENERGY,
  BATTERY_SOC,
  BATTERY_SOC_BEFORE,
} from './hour.ts';

/** Division guard of CityLearn. */
const guard = 1e-6;

/** CityLearn's look-up: the segment before the first knot ≥ x; beyond the last knot the *first* segment extrapolates. */
export function interpolate({ x, y }: Curve, at: number): number {
  let k = 0;
  while (k < x.length && at > x[k]!) k++;
  const i = k === x.length ? 0 : Math.max(0, k - 1);
  return y[i]! + ((y[i + 1]! - y[i]!) * (at - x[i]!)) / (x[i + 1]! - x[i]!);
}

/** v3's look-up: as above, but beyond the last knot the last segment extrapolates. */
export function interpolateClamped({ x, y }: Curve, at: number): number {
  let k = 0;
  while (k < x.length && at > x[k]!) k++;
  const i = Math.min(Math.max(0, k - 1), x.length - 2);
  return y[i]! + ((y[i + 1]! - y[i]!) * (at - x[i]!)) / (x[i + 1]! - x[i]!);
}

/** What a battery of one release is asked: `request` kWh at its terminals within one hour block. */
export type ChargeBattery = (
  battery: Battery,
  hours: Float64Array,
  at: number,
  request: number,
  hoursPerStep: number,
) => void;

/**
 * Charges (request ≥ 0) or discharges (< 0) by `request` kWh at the terminals, as CityLearn 2.2 … head do. State is float32.
 *
 * ```
 * E₀ = max(0, s₀·C·(1−loss));  Pmax = P·lin(capacityPower, E₀/C)
 * e  = request ≥ 0 ? min(Pmax, P − booked, Cdeg − E₀, request) : max(−Pmax, −max((s₀ − (1−DoD))·C·√η₋₁, 0), request)
 * η  = lin(powerEfficiency, min(|request|, Pmax)/P);  E = e ≥ 0 ? min(E₀ + e·√η, C) : max(0, E₀ + e/√η)
 * b  = E ≥ E₀ ? (E−E₀)/√η : (E−E₀)·√η;  Cdeg ← max(Cdeg − clc·C·|b|/(2·Cdeg), 0)
 * ```
 * The efficiency is that of the request and not of what was taken. Cdeg − E₀ may be negative: a full, degraded battery gives a
 * little even when asked to charge. Source: specs/citylearn.md 5.5.
 */
export function chargeBattery23(b: Battery, hours: Float64Array, at: number, request: number): void {
  const { capacity } = b;
  const scale = Math.max(capacity, guard);
  const nominal = Math.max(b.nominalPower, guard);
  const before = hours[at + BATTERY_SOC_BEFORE]!;
  const booked = hours[at + BATTERY_CONSUMPTION]!;
  const degraded = hours[at + BATTERY_CAPACITY]!;
  const initial = Math.max(0, before * capacity * (1 - b.lossCoefficient));
  const limit = b.nominalPower * interpolate(b.capacityPower, initial / scale);
  let energy: number;
  let efficiency: number;
  if (request >= 0) {
    energy = Math.min(limit, b.nominalPower - booked, degraded - initial, request);
    efficiency = interpolate(b.powerEfficiency, Math.abs(Math.min(request, limit)) / nominal);
  } else {
    const reserve = 1 - b.depthOfDischarge;
    const way = Math.sqrt(hours[at + BATTERY_EFFICIENCY]!);
    energy = Math.max(-limit, -Math.max((before - reserve) * capacity * way, 0), request);
    efficiency = interpolate(b.powerEfficiency, Math.min(Math.abs(request), limit) / nominal);
  }
  const root = Math.sqrt(efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = Math.fround(difference >= 0 ? difference / root : difference * root);
  hours[at + BATTERY_EFFICIENCY] = efficiency;
  hours[at + BATTERY_SOC] = Math.fround(final / scale);
  hours[at + BATTERY_ENERGY] = final;
  hours[at + BATTERY_BALANCE] = balance;
  hours[at + BATTERY_CAPACITY] = Math.max(
    degraded - (b.capacityLossCoefficient * capacity * Math.abs(balance)) / (2 * Math.max(degraded, guard)),
    0,
  );
  hours[at + BATTERY_CONSUMPTION] = Math.fround(booked + balance);
}

/**
 * As CityLearn 2.1: `chargeBattery23` with the efficiency of the energy taken, η = lin(powerEfficiency, |e|/P), in place of the request's.
 * Source: specs/citylearn.md 5.5; CityLearn 2.1 energy_model.py.
 */
export function chargeBattery21(b: Battery, hours: Float64Array, at: number, request: number): void {
  const { capacity } = b;
  const scale = Math.max(capacity, guard);
  const before = hours[at + BATTERY_SOC_BEFORE]!;
  const booked = hours[at + BATTERY_CONSUMPTION]!;
  const degraded = hours[at + BATTERY_CAPACITY]!;
  const initial = Math.max(0, before * capacity * (1 - b.lossCoefficient));
  const limit = b.nominalPower * interpolate(b.capacityPower, initial / scale);
  let energy: number;
  if (request >= 0) energy = Math.min(limit, b.nominalPower - booked, degraded - initial, request);
  else {
    const reserve = (before - (1 - b.depthOfDischarge)) * capacity * Math.sqrt(hours[at + BATTERY_EFFICIENCY]!);
    energy = Math.max(-limit, -Math.max(reserve, 0), request);
  }
  const efficiency = interpolate(b.powerEfficiency, Math.abs(energy) / Math.max(b.nominalPower, guard));
  const root = Math.sqrt(efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = Math.fround(difference >= 0 ? difference / root : difference * root);
  hours[at + BATTERY_EFFICIENCY] = efficiency;
  hours[at + BATTERY_SOC] = Math.fround(final / scale);
  hours[at + BATTERY_ENERGY] = final;
  hours[at + BATTERY_BALANCE] = balance;
  hours[at + BATTERY_CAPACITY] = Math.max(
    degraded - (b.capacityLossCoefficient * capacity * Math.abs(balance)) / (2 * Math.max(degraded, guard)),
    0,
  );
  hours[at + BATTERY_CONSUMPTION] = Math.fround(booked + balance);
}

/**
 * As CityLearn 2.0.0: float64 state, the efficiency is that of the energy taken, the discharge limit has η₋₁ without its root and
 * counts from the energy before its loss. Source: specs/bifurcation.md 1.2.
 */
export function chargeBattery20(b: Battery, hours: Float64Array, at: number, request: number): void {
  const { capacity } = b;
  const scale = Math.max(capacity, guard);
  const before = hours[at + BATTERY_SOC_BEFORE]!;
  const degraded = hours[at + BATTERY_CAPACITY]!;
  const initial = before * capacity * (1 - b.lossCoefficient);
  const limit = b.nominalPower * interpolate(b.capacityPower, initial / scale);
  const energy =
    request >= 0
      ? Math.min(limit, degraded - initial, request)
      : Math.max(
          -limit,
          -Math.max((before - (1 - b.depthOfDischarge)) * capacity * hours[at + BATTERY_EFFICIENCY]!, 0),
          request,
        );
  const efficiency = interpolate(b.powerEfficiency, Math.abs(energy) / Math.max(b.nominalPower, guard));
  const root = Math.sqrt(efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = difference >= 0 ? difference / root : difference * root;
  hours[at + BATTERY_EFFICIENCY] = efficiency;
  hours[at + BATTERY_SOC] = final / scale;
  hours[at + BATTERY_ENERGY] = final;
  hours[at + BATTERY_BALANCE] = balance;
  hours[at + BATTERY_CAPACITY] = Math.max(
    degraded - (b.capacityLossCoefficient * capacity * Math.abs(balance)) / (2 * Math.max(degraded, guard)),
    0,
  );
  hours[at + BATTERY_CONSUMPTION] = hours[at + BATTERY_CONSUMPTION]! + balance;
}

/**
 * As CityLearn 1.8: energy in kWh, everything relative to the degraded capacity C, no depth of discharge.
 *
 * ```
 * E₀ = E·(1−loss);  Pmax = P·lin(capacityPower, E₀/C₋₁);  e = clamp(request, ±Pmax);  η = √lin(powerEfficiency, |e|/P)
 * E  = e ≥ 0 ? min(E₀ + e·η, C) : max(0, E₀ + e/η);  b = E ≥ E₀ ? (E−E₀)/η : (E−E₀)·η;  C ← C − clc·C₀·|b|/(2·C)
 * ```
 * C₋₁ is the capacity before the last degradation; `BATTERY_SOC_BEFORE` keeps it, this release having no use for that field.
 * Source: specs/citylearn.md 5.5.
 */
export function chargeBattery1(b: Battery, hours: Float64Array, at: number, request: number): void {
  const capacity = hours[at + BATTERY_CAPACITY]!;
  const initial = hours[at + BATTERY_ENERGY]! * (1 - b.lossCoefficient);
  const limit = b.nominalPower * interpolate(b.capacityPower, initial / hours[at + BATTERY_SOC_BEFORE]!);
  const energy = request >= 0 ? Math.min(request, limit) : Math.max(-limit, request);
  const efficiency = interpolate(b.powerEfficiency, Math.abs(energy) / b.nominalPower);
  const root = Math.sqrt(efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = difference >= 0 ? difference / root : difference * root;
  hours[at + BATTERY_EFFICIENCY] = efficiency;
  hours[at + BATTERY_ENERGY] = final;
  hours[at + BATTERY_SOC] = final / b.capacity;
  hours[at + BATTERY_BALANCE] = balance;
  hours[at + BATTERY_SOC_BEFORE] = capacity;
  hours[at + BATTERY_CAPACITY] =
    capacity - (b.capacityLossCoefficient * b.capacity * Math.abs(balance)) / (2 * capacity);
  hours[at + BATTERY_CONSUMPTION] = balance;
}

/**
 * As softcps 1.5.5: the loss was taken when the clock moved; the efficiency is found together with the energy in two passes, and neither
 * the reserve nor the nominal power can be overdrawn. Source: specs/citylearn.md 9.3.
 */
export function chargeBattery3(
  b: Battery,
  hours: Float64Array,
  at: number,
  request: number,
  hoursPerStep: number,
): void {
  const { capacity, nominalPower } = b;
  const scale = Math.max(capacity, guard);
  const low = (1 - b.depthOfDischarge) * capacity;
  const degraded = hours[at + BATTERY_CAPACITY]!;
  const initial = Math.max(low, hours[at + BATTERY_SOC_BEFORE]! * capacity);
  const limit = Math.max(nominalPower * interpolateClamped(b.capacityPower, initial / scale), 0) * hoursPerStep;
  const power = Math.max(nominalPower, guard);
  const charging = request >= 0;
  const asked = Math.abs(request);
  let energy = Math.min(asked, limit);
  let root = 1;
  let efficiency = hours[at + BATTERY_EFFICIENCY]!;
  for (let pass = 0; pass < 2; pass++) {
    const share = Math.min(Math.max(energy / hoursPerStep / power, 0), 1);
    efficiency = interpolateClamped(b.powerEfficiency, share);
    root = Math.sqrt(efficiency);
    const room = charging ? Math.max(degraded - initial, 0) / Math.max(root, guard) : Math.max(initial - low, 0) * root;
    energy = Math.min(asked, limit, room);
  }
  const final = charging ? Math.min(initial + energy * root, capacity) : Math.max(low, initial - energy / root);
  const difference = final - initial;
  const balance = Math.fround(difference >= 0 ? difference / root : difference * root);
  hours[at + BATTERY_EFFICIENCY] = efficiency;
  hours[at + BATTERY_SOC] = Math.fround(final / scale);
  hours[at + BATTERY_ENERGY] = final;
  hours[at + BATTERY_BALANCE] = balance;
  hours[at + BATTERY_CAPACITY] = Math.max(
    degraded - (b.capacityLossCoefficient * capacity * Math.abs(balance)) / (2 * Math.max(degraded, guard)),
    0,
  );
  hours[at + BATTERY_CONSUMPTION] = Math.fround(hours[at + BATTERY_CONSUMPTION]! + balance);
}
