import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { noOptions } from './controller.ts';
import { byHour, schedule } from './hour-schedule.ts';
import type { Schedule } from './hour-schedule.ts';

/** CityLearn's time-of-use controllers: a schedule for each kind of action, whatever equipment a building has. Source: specs/citylearn.md 15. */

interface Schedules {
  readonly storage: Schedule;
  readonly cooling: Schedule;
  readonly heating: Schedule;
}

/** The same in all of them. */
const coolingOrHeating = schedule([1, 0.4], [7, -0.4], [21, 0.8]);
const always = schedule([1, 1]);

const basic: Schedules = {
  storage: schedule([1, 0.091], [9, -0.08], [22, 0.091]),
  cooling: schedule([1, 0.4], [9, 0.8], [22, 0.4]),
  heating: schedule([1, 0.8], [9, 0.4], [22, 0.8]),
};
const optimized: Schedules = {
  storage: schedule([1, 0.05532], [7, -0.02], [16, -0.044], [19, -0.024], [23, 0.034]),
  cooling: schedule([1, 0.2], [7, 0.7], [16, 0.6], [19, 0.8], [23, 0.4]),
  heating: schedule([1, 0.8], [7, 0.3], [16, 0.4], [19, 0.6], [23, 0.7]),
};
const battery: Schedules = {
  storage: schedule([1, -0.067], [6, 0.11], [15, -0.067]),
  cooling: schedule([1, 0.3], [6, 0.7], [15, 0.3]),
  heating: schedule([1, 0.7], [6, 0.3], [15, 0.7]),
};
const vehicle = schedule([1, 0.4], [7, 1], [10, -1], [15, -0.6], [20, 0.8]);

function device(schedules: Schedules, action: string): Schedule | undefined {
  switch (action) {
    case 'cooling_device':
      return schedules.cooling;
    case 'heating_device':
      return schedules.heating;
    case 'cooling_or_heating_device':
      return coolingOrHeating;
    default:
      return undefined;
  }
}

/** Stores are all alike, an electric vehicle's too: CityLearn looks for `storage` in the name. */
const storesAlike =
  (schedules: Schedules) =>
  (action: string): Schedule | undefined =>
    action.includes('storage') ? schedules.storage : device(schedules, action);

function reference(action: string): Schedule | undefined {
  if (action === 'electrical_storage') return basic.storage;
  if (action.includes('electric_vehicle')) return vehicle;
  if (action.includes('dhw_storage') || action.includes('washing_machine')) return always;
  return device(basic, action);
}

function rule(
  name: string,
  title: string,
  scheduleOf: (action: string) => Schedule | undefined,
  theirs = name,
): Definition<ControllerMaker> {
  return {
    title,
    source: `${theirs} of CityLearn (specs/citylearn.md 15)`,
    config: noOptions,
    make: (raw) => {
      noOptions.parse(raw);
      return (observation, action) => byHour(name, observation, action, scheduleOf);
    },
  };
}

/** Stores charge at night, 22 to 8, when heat pumps work well, and discharge by day. */
export const basicRule = rule('BasicRBC', 'Charge at night, discharge by day', storesAlike(basic));

/** The same idea with hours and commands that a grid search found. */
export const optimizedRule = rule('OptimizedRBC', 'Night charging, tuned by grid search', storesAlike(optimized));

/** Stores charge from 6 to 14, when the sun shines. */
export const basicBatteryRule = rule('BasicBatteryRBC', 'Charge by day, discharge at night', storesAlike(battery));

/** Batteries as BasicRBC; cars are charged in the morning and at night and discharged in between; hot water is kept full, washing starts at once. */
export const electricVehicleRule = rule(
  'BasicElectricVehicleRBC',
  'Cars by the hour, batteries at night',
  reference,
  'BasicElectricVehicleRBC_ReferenceController',
);
