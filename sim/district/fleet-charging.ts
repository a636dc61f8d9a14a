import { batteryRequest, chargerEfficiency, commandedEnergy, socketEnergy } from './charger.ts';
import type { Charger } from './charger.ts';
import { limitCharging } from './charging-limits.ts';
import { carWords } from './electric-vehicle.ts';
import type { FleetPlan, Site } from './fleet-plan.ts';
import { BATTERY_BALANCE } from './hour.ts';

/**
 * A building's chargers take their actions, cut down to the building's limits.
 * @param index row of the chargers' columns @returns kWh that all of them draw. Source: specs/citylearn.md 10.
 */
export function chargeCars(
  plan: FleetPlan,
  site: Site,
  state: Float64Array,
  at: number,
  actions: Float64Array,
  actionAt: number,
  index: number,
): number {
  const { chargers, chargerActions, requests, granted, limits } = site;
  const n = chargers.length;
  if (limits !== null) {
    for (let c = 0; c < n; c++) {
      const action = asked(chargers[c]!, chargerActions[c]!, actions, actionAt);
      const power = chargers[c]!.maxChargingPower;
      requests[c] = action > 0 && power > 0 ? action * power : 0;
    }
    limitCharging(limits, state, at + site.limitsAt, requests, granted, plan.hoursPerStep);
  }
  let total = 0;
  for (let c = 0; c < n; c++) {
    const charger = chargers[c]!;
    let action = asked(charger, chargerActions[c]!, actions, actionAt);
    if (limits !== null && action > 0) {
      const power = charger.maxChargingPower;
      action = power <= 0 ? 0 : Math.max(0, Math.min(action, granted[c]! / power));
    }
    const controlled = chargerActions[c]! >= 0;
    const drawn = chargeCar(plan, charger, state, at, at + site.commandsAt + c, action, index, controlled);
    state[at + site.commandsAt + n + c] = drawn;
    total += drawn;
  }
  return Math.fround(total);
}

function asked({ clampsPower }: Charger, position: number, actions: Float64Array, actionAt: number): number {
  if (position < 0) return 0;
  const action = actions[actionAt + position]!;
  return clampsPower ? Math.min(Math.max(action, -1), 1) : action;
}

/**
 * @param commandAt word of the state that keeps the command, which stands also where no car is
 * @param controlled whether the charger has an action at all: v3 lets those do nothing that have none
 * @returns kWh at the socket
 */
function chargeCar(
  plan: FleetPlan,
  charger: Charger,
  state: Float64Array,
  at: number,
  commandAt: number,
  action: number,
  index: number,
  controlled: boolean,
): number {
  const e = charger.plugged[index]!;
  const carAt = at + plan.carsAt + e * carWords;
  if (action === 0) {
    // Head leaves the battery alone: what that means for the car is decided when the clock moves (moveCar).
    state[commandAt] = 0;
    if (e >= 0 && charger.clampsPower && controlled)
      plan.charge(plan.cars[e]!.battery, state, carAt, 0, plan.hoursPerStep);
    return 0;
  }
  const efficiency = chargerEfficiency(charger, action);
  const command = commandedEnergy(charger, action, plan.hoursPerStep);
  state[commandAt] = Math.fround(command);
  if (e < 0) return 0;
  plan.charge(plan.cars[e]!.battery, state, carAt, batteryRequest(charger, command, efficiency), plan.hoursPerStep);
  return socketEnergy(charger, state[carAt + BATTERY_BALANCE]!, efficiency);
}
