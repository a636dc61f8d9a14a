import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_EFFICIENCY,
  BATTERY_ENERGY,
  BATTERY_SOC,
  BATTERY_SOC_BEFORE,
  CHARGERS_CONSUMPTION,
  CHARGING_VIOLATION,
  CONSUMPTION,
  COOLING_SET_POINT,
  DEMAND,
  FROM_DEVICE,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  LOAD_CONSUMPTION,
  LOAD_SERVED,
  POWER_OUTAGE,
  SOLAR,
  TANK_BALANCE,
  TANK_ENERGY,
  TANK_SOC,
  TANK_SOC_BEFORE,
  WASHING_CONSUMPTION,
} from './hour.ts';
import type { Plant } from './plant.ts';

/** All stores as their data say, in a block of zeros. v1 counts in kWh, and keeps the capacity of the hour before. */
export function fillStores(p: Plant, hours: Float64Array, at: number): void {
  const { battery, float32 } = p;
  const split = p.model.profile.alignment === 'split';
  const least = p.model.profile.battery === 'v3' ? 1 - battery.depthOfDischarge : 0;
  const initial = Math.max(battery.initialSoc, least);
  const soc = float32 ? Math.fround(initial) : initial;
  hours[at + BATTERY_SOC] = split ? battery.initialSoc / battery.capacity : soc;
  hours[at + BATTERY_ENERGY] = split ? battery.initialSoc : soc * battery.capacity;
  hours[at + BATTERY_SOC_BEFORE] = split ? battery.capacity : soc;
  hours[at + BATTERY_CAPACITY] = battery.capacity;
  hours[at + BATTERY_EFFICIENCY] = battery.efficiency;
  for (const { block, tank } of p.endUses) {
    const share = float32 ? Math.fround(tank.initialSoc) : tank.initialSoc;
    hours[at + block + TANK_SOC] = split ? tank.initialSoc / tank.capacity : share;
    hours[at + block + TANK_SOC_BEFORE] = share;
    hours[at + block + TANK_ENERGY] = split ? tank.initialSoc : share * tank.capacity;
  }
}

/** An hour before anything happened in it: the file's values, nothing booked. @param kept whether what was booked in it stays (head's hour 0) */
export function beginHour(p: Plant, hours: Float64Array, at: number, row: number, outage: number, kept: boolean): void {
  hours[at + SOLAR] = p.solar[row]!;
  hours[at + POWER_OUTAGE] = outage;
  hours[at + LOAD_SERVED] = p.load[row]!;
  hours[at + BATTERY_BALANCE] = 0;
  if (!kept) {
    hours[at + LOAD_CONSUMPTION] = 0;
    hours[at + BATTERY_CONSUMPTION] = 0;
    hours[at + CHARGERS_CONSUMPTION] = 0;
    hours[at + WASHING_CONSUMPTION] = 0;
    hours[at + CHARGING_VIOLATION] = 0;
  }
  hours[at + INDOOR_TEMPERATURE] = p.indoor[row]!;
  hours[at + COOLING_SET_POINT] = p.coolingSetPoint[row]!;
  hours[at + HEATING_SET_POINT] = p.heatingSetPoint[row]!;
  if (!p.thermal) return;
  for (let k = 0; k < 3; k++) {
    const use = p.endUses[k]!;
    const block = at + use.block;
    hours[block + DEMAND] = use.demand[row]!;
    hours[block + FROM_DEVICE] = use.demand[row]!;
    hours[block + TANK_BALANCE] = 0;
    if (!kept) hours[block + CONSUMPTION] = 0;
  }
}

/** The stores as they are at the start of the next hour: what an hour that nobody acts on would show. */
export function moveStores(p: Plant, hours: Float64Array, at: number): void {
  if (p.model.profile.battery === 'v3') {
    const { battery } = p;
    const kept = hours[at + BATTERY_SOC]! * (1 - battery.lossCoefficient * p.hoursPerStep);
    hours[at + BATTERY_SOC_BEFORE] = Math.fround(Math.min(Math.max(kept, 1 - battery.depthOfDischarge), 1));
  } else hours[at + BATTERY_SOC_BEFORE] = hours[at + BATTERY_SOC]!;
  if (!p.thermal) return;
  for (let k = 0; k < 3; k++) {
    const use = p.endUses[k]!;
    const block = at + use.block;
    const kept = hours[block + TANK_SOC]! * (1 - use.clockLoss);
    hours[block + TANK_SOC_BEFORE] = p.float32 ? Math.fround(kept) : kept;
  }
}

/** What is outside of a building is that of another hour than what it has booked. */
export function showOutside(p: Plant, hours: Float64Array, at: number, row: number, outage: number): void {
  hours[at + SOLAR] = p.solar[row]!;
  hours[at + POWER_OUTAGE] = outage;
  hours[at + COOLING_SET_POINT] = p.coolingSetPoint[row]!;
  hours[at + HEATING_SET_POINT] = p.heatingSetPoint[row]!;
  hours[at + INDOOR_TEMPERATURE] = p.indoor[row]!;
}
