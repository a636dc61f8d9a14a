import type { Appliance, DayProfile } from './habit.ts';

/** The appliance catalogue. Powers and run times are typical of European and North American metering campaigns, rounded. */

const meals: DayProfile = '000000242001310015994100';
const daytime: DayProfile = '000000012344332224664210';
const overnight: DayProfile = '963000000000000000001369';

/** Hob, oven, microwave and kettle, taken as one cooking session. */
export function cooking(perDay: number, starts: DayProfile = meals): Appliance {
  return { name: 'cooking', power: 1.7, hours: 0.6, weekday: perDay, weekend: perDay * 1.25, starts };
}

export function dishwasher(perDay: number): Appliance {
  return {
    name: 'dishwasher',
    power: 1.0,
    hours: 1.3,
    weekday: perDay,
    weekend: perDay,
    starts: '000000001001110000148830',
  };
}

/** Washing machine followed by the tumble dryer. */
export function laundry(weekday: number, weekend: number, starts: DayProfile = daytime): Appliance {
  return { name: 'laundry', power: 1.9, hours: 1.5, weekday, weekend, starts };
}

export function entertainment(perDay: number, starts: DayProfile = '000000000000000002699620'): Appliance {
  return { name: 'entertainment', power: 0.25, hours: 2.4, weekday: perDay, weekend: perDay * 1.4, starts };
}

/** Storage water heater: short runs after showers. */
export function waterHeater(perDay: number, starts: DayProfile = '000013974211112235643210'): Appliance {
  return { name: 'water heater', power: 4.2, hours: 0.4, weekday: perDay, weekend: perDay, starts };
}

/** A water heater on the night rate. */
export function nightWaterHeater(perDay: number): Appliance {
  return { name: 'night water heater', power: 3.0, hours: 0.9, weekday: perDay, weekend: perDay, starts: overnight };
}

/** Two screens, a computer, coffee. */
export function workstation(weekday: number, weekend: number): Appliance {
  return { name: 'workstation', power: 0.28, hours: 3.6, weekday, weekend, starts: '000000009400490000000000' };
}

export function poolPump(): Appliance {
  return { name: 'pool pump', power: 1.1, hours: 3.5, weekday: 0.7, weekend: 0.7, starts: '000000012599520000000000' };
}

/** Ovens, grills, coffee machines of a shop. */
export function counterService(perDay: number): Appliance {
  return {
    name: 'counter service',
    power: 2.6,
    hours: 0.5,
    weekday: perDay,
    weekend: perDay,
    starts: '000000379645886434652000',
  };
}

/** Lifts, copiers, meetings, kitchenette. */
export function officeBursts(perDay: number): Appliance {
  return {
    name: 'office bursts',
    power: 1.5,
    hours: 0.6,
    weekday: perDay,
    weekend: 0.3,
    starts: '000000135876885665310000',
  };
}
