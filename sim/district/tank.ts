import type { Tank } from './model.ts';
import { TANK_BALANCE, TANK_ENERGY, TANK_SOC, TANK_SOC_BEFORE } from './hour.ts';

/** Division guard of CityLearn. */
const guard = 1e-6;

/**
 * Charges (> 0) or discharges (< 0) a storage tank by `request` kWh thermal at its terminals.
 *
 * ```
 * e  = clamp(request, −maxOutput, maxInput);  E₀ = max(0, s₀·C·(1−loss))
 * E  = e ≥ 0 ? min(E₀ + e·√η, C) : max(0, E₀ + e/√η);  s = E/C;  b = E ≥ E₀ ? (E−E₀)/√η : (E−E₀)·√η
 * ```
 * @param at the end use's block (`lane + COOLING` …). Source: specs/citylearn.md 5.4.
 */
export function chargeTank(tank: Tank, hours: Float64Array, at: number, request: number, float32: boolean): void {
  const { capacity } = tank;
  const energy = request >= 0 ? Math.min(request, tank.maxInputPower) : Math.max(-tank.maxOutputPower, request);
  const initial = Math.max(0, hours[at + TANK_SOC_BEFORE]! * capacity * (1 - tank.lossCoefficient));
  const root = Math.sqrt(tank.efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  const balance = difference >= 0 ? difference / root : difference * root;
  const soc = final / Math.max(capacity, guard);
  hours[at + TANK_SOC] = float32 ? Math.fround(soc) : soc;
  hours[at + TANK_ENERGY] = final;
  hours[at + TANK_BALANCE] = float32 ? Math.fround(balance) : balance;
}

/** As CityLearn 1.8: the same, counted in kWh. */
export function chargeTank1(tank: Tank, hours: Float64Array, at: number, request: number): void {
  const energy = request >= 0 ? Math.min(request, tank.maxInputPower) : Math.max(-tank.maxOutputPower, request);
  const initial = hours[at + TANK_ENERGY]! * (1 - tank.lossCoefficient);
  const root = Math.sqrt(tank.efficiency);
  const final = energy >= 0 ? Math.min(initial + energy * root, tank.capacity) : Math.max(0, initial + energy / root);
  const difference = final - initial;
  hours[at + TANK_ENERGY] = final;
  hours[at + TANK_SOC] = final / tank.capacity;
  hours[at + TANK_BALANCE] = difference >= 0 ? difference / root : difference * root;
}
