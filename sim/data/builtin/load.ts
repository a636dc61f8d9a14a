import type { Rng } from '../../../core/rng.ts';
import type { WeatherColumn } from '../dataset.ts';
import { hoursPerYear, type Calendar } from './calendar.ts';
import type { Appliance, DayProfile, Habit } from './habit.ts';
import type { SunPath } from './sun.ts';
import { thermalStep, type ThermalStep } from './thermal.ts';
import { autoregression } from './weather.ts';

/** A building's year. Columns are [8760]. */
export interface BuildingLoad {
  /** Electricity of everything but battery and panels, kWh an hour. */
  readonly load: Float64Array;
  /** °C. */
  readonly indoor: Float64Array;
  /** K above the temperature the thermostat would cool to while people are there. */
  readonly unmetCooling: Float64Array;
}

/**
 * load = standby + occupancy · (active + lighting · dark) + appliance runs + heating and cooling, with a slow 8 % ripple.
 *
 * Occupancy is the habit's profile of the day, shifted by up to an hour and scaled by a log-normal factor (15 %) from day to day;
 * absences leave standby and the setback of the thermostat. Always above 0.
 */
export function buildingLoad(
  habit: Habit,
  calendar: Calendar,
  sun: SunPath,
  weather: Readonly<Record<WeatherColumn, Float64Array>>,
  rng: Rng,
): BuildingLoad {
  const away = absences(habit.vacations, rng.split('absences'));
  const occupancy = occupancyOf(habit, calendar, away, rng.split('days'));
  const load = applianceRuns(habit.appliances, calendar, away, rng.split('runs'));
  const ripple = autoregression(rng.split('ripple'), 4);
  const indoor = new Float64Array(hoursPerYear);
  const unmetCooling = new Float64Array(hoursPerYear);
  const state: ThermalStep = { indoor: habit.envelope.heatTo, electricity: 0 };
  for (let row = 0; row < hoursPerYear; row++) {
    const diffuse = weather.diffuse_solar_irradiance[row]!;
    const global = diffuse + weather.direct_solar_irradiance[row]! * Math.max(sun.cosZenith[row]!, 0);
    const busy = occupancy[row]!;
    const dark = 1 - 0.75 * Math.min(global / 250, 1);
    const inside =
      load[row]! + (habit.standby + busy * (habit.active + habit.lighting * dark)) * (1 + 0.08 * ripple[row]!);
    thermalStep(
      state,
      habit.envelope,
      weather.outdoor_dry_bulb_temperature[row]!,
      global,
      0.7 * inside + 0.25 * busy,
      isComfortKept(habit, busy, row, away),
    );
    load[row] = Math.max(inside + state.electricity, 0.02);
    indoor[row] = state.indoor;
    unmetCooling[row] = Math.max(state.indoor - habit.envelope.coolTo, 0);
  }
  return { load, indoor, unmetCooling };
}

/** Whether the thermostat keeps its comfort: somebody is active, or it is night in a home. */
function isComfortKept(habit: Habit, busy: number, row: number, away: Uint8Array): boolean {
  if (away[Math.floor(row / 24)] === 1) return false;
  const hour = row % 24;
  return busy > 0.1 || (habit.livedIn && (hour < 6 || hour >= 22));
}

/** 1 for the days [365] on which nobody is there; each absence falls into its own part of the year. */
function absences(lengths: readonly number[], rng: Rng): Uint8Array {
  const away = new Uint8Array(365);
  const part = Math.floor(330 / Math.max(lengths.length, 1));
  lengths.forEach((length, k) => {
    const first = 20 + k * part + rng.int(part - length);
    away.fill(1, first, first + length);
  });
  return away;
}

/** Occupancy [8760], about 0..1, from the day's profile. */
function occupancyOf(habit: Habit, calendar: Calendar, away: Uint8Array, rng: Rng): Float64Array {
  const occupancy = new Float64Array(hoursPerYear);
  for (let day = 0; day < 365; day++) {
    const shift = rng.int(5);
    const scale = Math.exp(0.15 * rng.normal());
    if (away[day] === 1) continue;
    const dayType = calendar.dayType[day * 24]!;
    const profile = dayType === 6 ? habit.saturday : dayType === 7 ? habit.sunday : habit.weekday;
    const late = shift === 0 ? -1 : shift === 4 ? 1 : 0; // one day in five early, one in five late
    for (let hour = 0; hour < 24; hour++)
      occupancy[day * 24 + hour] = (digit(profile, (hour - late + 24) % 24) / 9) * scale;
  }
  return occupancy;
}

/** Energy of all appliance runs [8760], kWh: Poisson starts, uniform inside the hour, spread over the hours a run touches. */
function applianceRuns(appliances: readonly Appliance[], calendar: Calendar, away: Uint8Array, rng: Rng): Float64Array {
  const energy = new Float64Array(hoursPerYear);
  for (const appliance of appliances) {
    const draw = rng.split(appliance.name);
    let total = 0;
    for (let hour = 0; hour < 24; hour++) total += digit(appliance.starts, hour);
    // exp(−mean runs) for the hours of a working day [0..23] and of a weekend day [24..47]
    const noRun = Float64Array.from({ length: 48 }, (_, k) =>
      Math.exp((-(k < 24 ? appliance.weekday : appliance.weekend) * digit(appliance.starts, k % 24)) / total),
    );
    for (let row = 0; row < hoursPerYear; row++) {
      if (away[Math.floor(row / 24)] === 1) continue;
      const none = noRun[(calendar.dayType[row]! >= 6 ? 24 : 0) + (row % 24)]!;
      for (let runs = poisson(none, draw); runs > 0; runs--) {
        const begin = draw.uniform();
        addRun(energy, row + begin, appliance.hours * (2 / 3 + (2 / 3) * draw.uniform()), appliance.power);
      }
    }
  }
  return energy;
}

/** A run that the year's end cuts is cut. */
function addRun(energy: Float64Array, begin: number, hours: number, power: number): void {
  const end = Math.min(begin + hours, hoursPerYear);
  for (let row = Math.floor(begin); row < end; row++)
    energy[row] = energy[row]! + power * (Math.min(end, row + 1) - Math.max(begin, row));
}

/** Poisson deviate from its probability of 0, by multiplication. Source: Knuth (1997), The Art of Computer Programming 2, 3.4.1. */
function poisson(none: number, rng: Rng): number {
  if (none === 1) return 0;
  let count = 0;
  for (let product = rng.uniform(); product > none; product *= rng.uniform()) count++;
  return count;
}

function digit(profile: DayProfile, hour: number): number {
  return profile.charCodeAt(hour) - 48;
}
