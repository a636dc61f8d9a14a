import {
  BATTERY_CAPACITY,
  CONSUMPTION,
  DEMAND,
  FROM_DEVICE,
  LOAD_CONSUMPTION,
  LOAD_SERVED,
  TANK_BALANCE,
} from './hour.ts';
import type { Plant } from './plant.ts';
import { chargeTank1 } from './tank.ts';

/**
 * v1's actions: tanks and battery are charged within the limits of the hour that is shown.
 *
 * `e = max(−q, min(P·COP − q, action·C))`: the request may make the device's input of the next hour negative; nothing clips it.
 * Source: specs/citylearn.md 6.5.
 */
export function actBeforeMoving(
  p: Plant,
  hours: Float64Array,
  at: number,
  row: number,
  actions: Float64Array,
  from: number,
): void {
  if (p.thermal) {
    for (let k = 0; k < 3; k++) {
      const use = p.endUses[k]!;
      const demand = use.demand[row]!;
      const most = use.nominalPower * use.output[row]!;
      const action = use.storageAction < 0 ? 0 : actions[from + use.storageAction]!;
      const energy = Math.max(-demand, Math.min(most - demand, action * use.actionCapacity));
      chargeTank1(use.tank, hours, at + use.block, energy);
    }
  }
  const battery = p.batteryAction < 0 ? 0 : actions[from + p.batteryAction]!;
  p.chargeBattery(p.battery, hours, at, battery * hours[at + BATTERY_CAPACITY]!, p.hoursPerStep);
}

/**
 * v1's next hour: its demands with what was just charged. `battery` and `tanks` are kept from `actBeforeMoving`.
 *
 * A space heater's input is reckoned with the DHW device's efficiency, every hour (CityLearn's bug; `actBeforeMoving` has its own).
 */
export function bookAfterMoving(p: Plant, hours: Float64Array, at: number, row: number): void {
  if (p.thermal) {
    for (let k = 0; k < 3; k++) {
      const use = p.endUses[k]!;
      const block = at + use.block;
      const demand = use.demand[row]!;
      const heat = demand + hours[block + TANK_BALANCE]!;
      hours[block + DEMAND] = demand;
      hours[block + FROM_DEVICE] = demand + Math.min(hours[block + TANK_BALANCE]!, 0);
      hours[block + CONSUMPTION] = heat / use.uncontrolled[row]!;
    }
  }
  hours[at + LOAD_SERVED] = p.load[row]!;
  hours[at + LOAD_CONSUMPTION] = p.load[row]!;
}
