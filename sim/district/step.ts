import {
  BATTERY_CONSUMPTION,
  BATTERY_BALANCE,
  CHARGERS_CONSUMPTION,
  CONSUMPTION,
  COOLING,
  COST,
  DEMAND,
  DHW,
  EMISSION,
  FROM_DEVICE,
  HEATING,
  LOAD_CONSUMPTION,
  LOAD_SERVED,
  NET,
  NET_WITHOUT_PARTIAL_LOAD,
  NET_WITHOUT_STORAGE,
  POWER_OUTAGE,
  SOLAR,
  TANK_BALANCE,
  WASHING_CONSUMPTION,
} from './hour.ts';
import type { EndUse, Plant } from './plant.ts';
import { chargeTank } from './tank.ts';

/*
 * One building, one hour, every profile but v1 (split-step.ts). In float32 profiles each sum is rounded after each addition and each stored
 * value when it is stored: NumPy's arithmetic on float32 scalars. Source: specs/citylearn.md 4, 6, 9.
 */

/** kW left of a power outage's panels, ∞ without one. Source: specs/citylearn.md 6.2. */
function flexibility(p: Plant, hours: Float64Array, at: number): number {
  if (hours[at + POWER_OUTAGE] === 0) return Infinity;
  const booked = bookedWithoutSolar(p, hours, at);
  const left = Math.abs(hours[at + SOLAR]!) - booked;
  return Math.max(0, p.float32 && !p.wide ? Math.fround(left) : left);
}

/** Cooling + heating + DHW + load + battery, kWh. */
function bookedWithoutSolar(p: Plant, hours: Float64Array, at: number): number {
  const load = hours[at + LOAD_CONSUMPTION]!;
  const battery = hours[at + BATTERY_CONSUMPTION]!;
  if (!p.thermal) return p.float32 ? Math.fround(load + battery) : load + battery;
  const cooling = hours[at + COOLING + CONSUMPTION]!;
  const heating = hours[at + HEATING + CONSUMPTION]!;
  const dhw = hours[at + DHW + CONSUMPTION]!;
  if (p.split) return cooling + heating + dhw + battery + load;
  if (!p.float32) return cooling + heating + dhw + load + battery;
  return Math.fround(Math.fround(Math.fround(Math.fround(cooling + heating) + dhw) + load) + battery);
}

/** What the controller asks of the heat pump in place of the file's demand. Source: specs/citylearn.md 7.1. */
function controlDemand(p: Plant, use: EndUse, hours: Float64Array, at: number, row: number, action: number): void {
  const asked = use.side === 0 ? action : Math.abs(use.side < 0 ? Math.min(action, 0) : Math.max(action, 0));
  const mode = p.hvacMode[row]!;
  const runs = mode === use.mode || mode === p.bothModes;
  const block = at + use.block;
  const demand = runs
    ? Math.min(asked * use.nominalPower * use.deviceHours, use.nominalPower - hours[block + CONSUMPTION]!) *
      use.output[row]!
    : 0;
  hours[block + DEMAND] = p.float32 ? Math.fround(demand) : demand;
}

function runDevice(p: Plant, use: EndUse, hours: Float64Array, at: number, row: number): void {
  const block = at + use.block;
  const output = use.output[row]!;
  const booked = hours[block + CONSUMPTION]!;
  const left = hours[block + DEMAND]! + Math.min(hours[block + TANK_BALANCE]!, 0);
  const most = Math.min(flexibility(p, hours, at), use.nominalPower - booked) * output;
  const heat = Math.min(p.float32 ? Math.fround(left) : left, most);
  const consumption = booked + Math.max(0, heat / output) * p.ratio;
  hours[block + FROM_DEVICE] = p.float32 ? Math.fround(heat) : heat;
  hours[block + CONSUMPTION] = p.float32 ? Math.fround(consumption) : consumption;
}

function runTank(p: Plant, use: EndUse, hours: Float64Array, at: number, row: number, action: number): void {
  const block = at + use.block;
  const output = use.output[row]!;
  const asked = action * use.actionCapacity * use.storageHours;
  const energy =
    asked > 0
      ? Math.min(Math.min(flexibility(p, hours, at), use.nominalPower - hours[block + CONSUMPTION]!) * output, asked)
      : Math.max(-hours[block + DEMAND]!, asked);
  chargeTank(use.tank, hours, block, energy, p.float32);
  const consumption = hours[block + CONSUMPTION]! + (Math.max(hours[block + TANK_BALANCE]!, 0) / output) * p.ratio;
  hours[block + CONSUMPTION] = p.float32 ? Math.fround(consumption) : consumption;
}

/** kWh that v3 lets a battery give in an outage: what is asked for beyond the panels. Source: CityLearn 3.0.0 building_ops.py. */
function localLoad(p: Plant, hours: Float64Array, at: number, row: number): number {
  let kw = 0;
  if (p.thermal) {
    for (let k = 0; k < 3; k++) {
      const use = p.endUses[k]!;
      const block = at + use.block;
      kw += (hours[block + FROM_DEVICE]! * p.ratio + hours[block + TANK_BALANCE]!) / use.output[row]! / p.hoursPerStep;
    }
  }
  kw += (hours[at + LOAD_SERVED]! * p.ratio) / p.hoursPerStep;
  kw += hours[at + SOLAR]! / p.hoursPerStep;
  kw += hours[at + WASHING_CONSUMPTION]! / p.hoursPerStep;
  return Math.max(kw, 0) * p.hoursPerStep;
}

function runBattery(p: Plant, hours: Float64Array, at: number, row: number, action: number): void {
  const taken = Math.max(Math.min(action, p.batteryMost), -p.batteryMost);
  const wanted = Math.min(taken * p.batteryScale * p.batteryHours, flexibility(p, hours, at));
  const request = p.lagged && hours[at + POWER_OUTAGE] !== 0 ? Math.max(wanted, -localLoad(p, hours, at, row)) : wanted;
  p.chargeBattery(p.battery, hours, at, request, p.hoursPerStep);
}

/**
 * A building's actions take place in the hour begun: demand control, devices and tanks, load, battery. A battery or tank that gives comes first.
 * @param controlled whether the dynamics' window is full, so that device actions set the demand
 */
export function act(
  p: Plant,
  hours: Float64Array,
  at: number,
  row: number,
  actions: Float64Array,
  from: number,
  controlled: boolean,
): void {
  const battery = p.batteryAction < 0 ? 0 : actions[from + p.batteryAction]!;
  if (battery < 0) runBattery(p, hours, at, row, battery);
  if (p.thermal) {
    if (controlled) {
      for (let k = 0; k < 2; k++) {
        const use = p.endUses[k]!;
        if (use.deviceAction >= 0) controlDemand(p, use, hours, at, row, actions[from + use.deviceAction]!);
      }
    }
    for (let k = 0; k < 3; k++) {
      const use = p.endUses[k]!;
      const storage = use.storageAction < 0 ? 0 : actions[from + use.storageAction]!;
      if (storage < 0) runTank(p, use, hours, at, row, storage);
      runDevice(p, use, hours, at, row);
      if (!(storage < 0)) runTank(p, use, hours, at, row, storage);
    }
  }
  const load = Math.min(p.load[row]!, flexibility(p, hours, at));
  const consumption = hours[at + LOAD_CONSUMPTION]! + load * p.ratio;
  hours[at + LOAD_SERVED] = p.float32 ? Math.fround(load) : load;
  hours[at + LOAD_CONSUMPTION] = p.float32 ? Math.fround(consumption) : consumption;
  if (!(battery < 0)) runBattery(p, hours, at, row, battery);
}

/**
 * v3's hour 0, at reset and after its action: every device's booking is made anew from what it gave and its tank took, so that what a tank gave
 * is counted twice (CityLearn's bug). In an outage, load, hot water, heating and cooling are cut in turn to what panels and battery give.
 * CityLearn stops where a device's booking would be negative; here it is 0. Source: CityLearn 3.0.0 building.py, update_variables.
 */
export function bookFirstHour(p: Plant, hours: Float64Array, at: number, row: number): void {
  const outage = hours[at + POWER_OUTAGE] !== 0;
  let left = outage ? Math.abs(hours[at + SOLAR]!) + Math.max(-hours[at + BATTERY_CONSUMPTION]!, 0) : Infinity;
  const load = Math.min(Math.fround(hours[at + LOAD_SERVED]! * p.ratio), left);
  hours[at + LOAD_CONSUMPTION] = Math.fround(load);
  left -= load;
  if (!p.thermal) return;
  for (let k = 2; k >= 0; k--) {
    const use = p.endUses[k]!;
    const block = at + use.block;
    const heat = hours[block + FROM_DEVICE]! * p.ratio + hours[block + TANK_BALANCE]!;
    const consumption = Math.min(Math.fround(Math.max(0, heat / use.uncontrolled[row]!)), left);
    hours[block + CONSUMPTION] = Math.fround(consumption);
    left -= consumption;
  }
}

/** Books an hour that nobody acts on: every load as the file has it. CityLearn does so at reset, head once more. Source: specs/citylearn.md 6.4. */
export function bookUncontrolled(p: Plant, hours: Float64Array, at: number, row: number): void {
  const single = p.float32;
  if (p.thermal) {
    for (let k = 0; k < 3; k++) {
      const use = p.endUses[k]!;
      const block = at + use.block;
      const heat = hours[block + FROM_DEVICE]! + hours[block + TANK_BALANCE]!;
      const output = use.uncontrolled[row]!;
      const consumption = hours[block + CONSUMPTION]! + ((single ? Math.fround(heat) : heat) / output) * p.ratio;
      hours[block + CONSUMPTION] = single ? Math.fround(consumption) : consumption;
    }
  }
  const load = hours[at + LOAD_CONSUMPTION]! + hours[at + LOAD_SERVED]! * p.ratio;
  hours[at + LOAD_CONSUMPTION] = single ? Math.fround(load) : load;
  const battery = hours[at + BATTERY_CONSUMPTION]! + hours[at + BATTERY_BALANCE]!;
  hours[at + BATTERY_CONSUMPTION] = single ? Math.fround(battery) : battery;
}

/**
 * Sums up the hour: net, cost, emission and the two baselines. `extra` kWh come from a disturbance; they are no part of a baseline.
 * @param lastRow of the episode: CityLearn takes its heating coefficient for a whole series (its bug)
 */
export function settle(p: Plant, hours: Float64Array, at: number, row: number, lastRow: number, extra: number): void {
  const price = p.price[row]!;
  const carbon = p.carbon[row]!;
  const cars = hours[at + CHARGERS_CONSUMPTION]!;
  let net = 0;
  if (hours[at + POWER_OUTAGE] === 0) {
    const booked = bookedWithoutSolar(p, hours, at);
    const washing = hours[at + WASHING_CONSUMPTION]!;
    const solar = hours[at + SOLAR]!;
    net =
      p.float32 && !p.wide
        ? Math.fround(Math.fround(Math.fround(booked + solar) + cars) + washing)
        : booked + solar + cars + washing;
  }
  const undisturbed = p.float32 ? Math.fround(net) : net;
  net += extra;
  const stored = p.float32 ? Math.fround(net) : net;
  const payable = p.exportEarns ? net : Math.max(stored, 0);
  const cost = payable * price;
  const emission = Math.max(0, net * carbon);
  hours[at + NET] = stored;
  hours[at + COST] = p.float32 ? Math.fround(cost) : cost;
  hours[at + EMISSION] = p.float32 ? Math.fround(emission) : emission;
  settleBaselines(p, hours, at, row, lastRow, undisturbed, cars);
}

/** Net without storage, and without control of the devices either. Source: specs/citylearn.md 14. */
function settleBaselines(
  p: Plant,
  hours: Float64Array,
  at: number,
  row: number,
  lastRow: number,
  net: number,
  cars: number,
): void {
  const battery = hours[at + BATTERY_CONSUMPTION]!;
  if (!p.thermal) {
    const without = p.float32 ? Math.fround(net - Math.fround(battery + cars)) : net - (battery + cars);
    hours[at + NET_WITHOUT_STORAGE] = without;
    hours[at + NET_WITHOUT_PARTIAL_LOAD] = without;
    return;
  }
  const [cooling, heating, dhw] = p.endUses;
  const c = hours[at + COOLING + TANK_BALANCE]! / cooling.outputSeries[row]!;
  const h = hours[at + HEATING + TANK_BALANCE]! / heating.outputSeries[row]!;
  const d = hours[at + DHW + TANK_BALANCE]! / dhw.outputSeries[row]!;
  const coolingLess = cooling.demand[row]! - hours[at + COOLING + DEMAND]!;
  const heatingLess = heating.demand[row]! - hours[at + HEATING + DEMAND]!;
  const heatingOutput = p.heaterInput ?? heating.output[lastRow]!;
  if (!p.float32) {
    const without = net - (c + h + d + battery + cars);
    hours[at + NET_WITHOUT_STORAGE] = without;
    hours[at + NET_WITHOUT_PARTIAL_LOAD] =
      without + (coolingLess / cooling.outputSeries[row]! + heatingLess / heatingOutput);
    return;
  }
  const fround = Math.fround;
  const stores = fround(fround(fround(fround(fround(c) + fround(h)) + fround(d)) + battery) + cars);
  const without = fround(net - stores);
  hours[at + NET_WITHOUT_STORAGE] = without;
  const partial = fround(
    fround(fround(coolingLess) / cooling.outputSeries[row]!) + fround(fround(heatingLess) / fround(heatingOutput)),
  );
  hours[at + NET_WITHOUT_PARTIAL_LOAD] = fround(without + partial);
}
