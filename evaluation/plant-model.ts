import type { BatteryTwin, PlantModel } from '../core/plant-model.ts';
import { fillStores, moveStores } from '../sim/district/hour-start.ts';
import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_ENERGY,
  BATTERY_SOC,
  FIXED_FIELDS,
} from '../sim/district/hour.ts';
import type { OpenBuilding } from '../sim/district/lane.ts';
import type { Plant } from '../sim/district/plant.ts';

/** What constraints may know of a building: its data, and the battery model of its profile. */
export function plantModel({ model, plan, plant }: OpenBuilding): PlantModel {
  return {
    hoursPerStep: model.hoursPerStep,
    series: (name) => plan.series[plan.features.findIndex((feature) => feature.name === name)] ?? undefined,
    battery: () => (plant.batteryAction < 0 || plant.battery.capacity === 0 ? undefined : batteryTwin(plant)),
  };
}

/** The profile's own battery in an hour block of its own; outages and what else is booked in the hour it does not know. */
function batteryTwin(plant: Plant): BatteryTwin {
  const { battery, split } = plant;
  const kept = new Float64Array(FIXED_FIELDS);
  const hours = new Float64Array(FIXED_FIELDS);
  fillStores(plant, kept, 0);
  return {
    follow(soc, actions, at) {
      hours.set(kept);
      hours[BATTERY_SOC] = soc;
      hours[BATTERY_ENERGY] = soc * battery.capacity;
      hours[BATTERY_CONSUMPTION] = 0;
      if (!split) moveStores(plant, hours, 0);
      const action = actions[at + plant.batteryAction]!;
      const taken = Math.max(Math.min(action, plant.batteryMost), -plant.batteryMost);
      const request = split ? action * hours[BATTERY_CAPACITY]! : taken * plant.batteryScale * plant.batteryHours;
      plant.chargeBattery(battery, hours, 0, request, plant.hoursPerStep);
    },
    get soc() {
      return hours[BATTERY_SOC]!;
    },
    get energy() {
      return hours[BATTERY_BALANCE]!;
    },
    keep() {
      kept.set(hours);
    },
    save: () => kept.slice(),
    load: (words) => kept.set(words),
    reset() {
      kept.fill(0);
      fillStores(plant, kept, 0);
    },
  };
}
