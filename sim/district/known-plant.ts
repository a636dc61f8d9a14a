import { ConfigError } from '../../core/errors.ts';
import type { BoxedPlant } from '../../core/plant.ts';
import { batteryRange } from './battery-range.ts';
import type { BatteryRange } from './battery-range.ts';
import type { EpisodeWindow } from './episode.ts';
import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_EFFICIENCY,
  BATTERY_ENERGY,
  BATTERY_SOC,
  FIXED_FIELDS,
  NET,
} from './hour.ts';
import { beginHour, fillStores, moveStores } from './hour-start.ts';
import type { OpenBuilding } from './lane.ts';
import { act, bookUncontrolled, settle } from './step.ts';

/** What of an hour decides the next one and what is observed: the rest comes from the data. */
const kept = [
  BATTERY_SOC,
  NET,
  BATTERY_EFFICIENCY,
  BATTERY_ENERGY,
  BATTERY_CAPACITY,
  BATTERY_BALANCE,
  BATTERY_CONSUMPTION,
];
const soc = kept.indexOf(BATTERY_SOC);
const net = kept.indexOf(NET);
const efficiency = kept.indexOf(BATTERY_EFFICIENCY);
const energy = kept.indexOf(BATTERY_ENERGY);

/**
 * A building whose battery is all that can be controlled, as a model to plan with: the simulator's own step on a block of its own.
 * @param window the episode
 * @throws {ConfigError} for a building where more than the battery has a state, or a profile whose actions fall into the hour shown.
 */
export function knownPlant(building: OpenBuilding, window: EpisodeWindow): BoxedPlant {
  const { plant, plan, model } = building;
  const why = whyUnknown(building);
  if (why !== null) throw new ConfigError(`building '${model.data.name}' cannot be planned for: ${why}`);
  const hours = new Float64Array(FIXED_FIELDS + model.extraFields);
  const { start, rows } = window;
  const last = start + building.recordedRows(rows) - 1;
  const action = new Float64Array(1);
  const range = batteryRange(plant.battery, model.profile.battery as 'v2.0' | 'v2.1' | 'v2.3');
  const steps = rows - 1;
  const { low, high } = model.actions[0]!;
  fillStores(plant, hours, 0);
  const highest = hours.slice();
  const show = (state: Float64Array, at: number, block: Float64Array = hours): void => {
    for (let i = 0; i < kept.length; i++) block[kept[i]!] = state[at + i]!;
  };
  const keep = (state: Float64Array, at: number, block: Float64Array = hours): void => {
    for (let i = 0; i < kept.length; i++) state[at + i] = block[kept[i]!]!;
  };
  const begin = (state: Float64Array, at: number, row: number, block: Float64Array): void => {
    show(state, at, block);
    moveStores(plant, block, 0);
    beginHour(plant, block, 0, row, 0, false);
  };
  const observe = (t: number, state: Float64Array, at: number, out: Float32Array, offset: number): void => {
    beginHour(plant, hours, 0, start + t, 0, false);
    show(state, at);
    plan.write(hours, 0, start + t, out, offset);
  };
  /** What of the hour the battery decides, at one end; net grows with what it draws. */
  const end = (end: 'low' | 'high', row: number, of: BatteryRange, block: Float64Array): void => {
    action[0] = 0;
    act(plant, block, 0, row, action, 0, false);
    block[BATTERY_SOC] = of.soc[end];
    block[BATTERY_EFFICIENCY] = of.efficiency[end];
    block[BATTERY_ENERGY] = of.energy[end];
    block[BATTERY_CAPACITY] = of.capacity[end];
    block[BATTERY_BALANCE] = of.balance[end];
    block[BATTERY_CONSUMPTION] = of.balance[end];
    settle(plant, block, 0, row, last, 0);
  };
  return {
    steps,
    stateSize: kept.length,
    capacity: plant.battery.capacity,
    low,
    high,
    price: plant.price.subarray(start + 1, start + rows),
    carbon: plant.carbon.subarray(start + 1, start + rows),
    start(state, at) {
      hours.fill(0);
      fillStores(plant, hours, 0);
      beginHour(plant, hours, 0, start, 0, false);
      bookUncontrolled(plant, hours, 0, start);
      settle(plant, hours, 0, start, last, 0);
      keep(state, at);
    },
    advance(t, value, state, at) {
      const row = start + t + 1;
      begin(state, at, row, hours);
      action[0] = value;
      act(plant, hours, 0, row, action, 0, false);
      settle(plant, hours, 0, row, last, 0);
      keep(state, at);
    },
    observe,
    advanceBox(t, lowest, most, low, high, at) {
      const row = start + t + 1;
      begin(low, at, row, hours);
      begin(high, at, row, highest);
      const { batteryScale: scale, batteryHours: each } = plant;
      const found = range(hours, highest, lowest * scale * each, most * scale * each);
      end('low', row, found, hours);
      end('high', row, found, highest);
      keep(low, at);
      keep(high, at, highest);
    },
    observeBox(t, low, high, at, lowest, most, offset) {
      // Each feature reads one number of the state, and grows or falls with it.
      observe(t, low, at, lowest, offset);
      observe(t, high, at, most, offset);
      for (let i = offset; i < offset + plan.features.length; i++) {
        const one = lowest[i]!;
        lowest[i] = Math.min(one, most[i]!);
        most[i] = Math.max(one, most[i]!);
      }
    },
    soc: (state, at) => state[at + soc]!,
    net: (state, at) => state[at + net]!,
    efficiency: (state, at) => state[at + efficiency]!,
    assume(charge, consumption, state, at) {
      state[at + soc] = charge;
      state[at + energy] = charge * plant.battery.capacity;
      state[at + net] = consumption;
    },
  };
}

/** Why a building's next hour is not known from its battery, the data and an action; null where it is. */
function whyUnknown({ plant, model, actsFirst }: OpenBuilding): string | null {
  if (actsFirst || plant.split) return `in the profile's semantics an action does not fall into the next hour`;
  if (model.actions.length !== 1 || plant.batteryAction !== 0)
    return `it has the actions ${model.actions.map(({ name }) => name).join(', ')}, expected one battery's`;
  if (plant.thermal || plant.cars || model.dynamics !== null) return 'more than its battery has a state';
  return model.simulatesOutage ? 'it has power outages' : null;
}
