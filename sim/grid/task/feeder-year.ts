import { rng } from '../../../core/rng.ts';
import { builtinDistrict } from '../../data/builtin/index.ts';
import type { BuildingData, EnergyColumn } from '../../data/dataset.ts';

export const hoursPerDay = 24;
export const daysPerYear = 365;
const hours = daysPerYear * hoursPerDay;

/** Ends of what a day-ahead price can be, $/MWh. */
export const priceRange = { low: 0, high: 250 } as const;

/** A year on a distribution feeder by the hour, shares of what is installed. The same bits at every call. */
export interface FeederYear {
  /** [8760] of two kinds of buses, homes and mixed ones: share of a bus's load in its case; above 1 for an hour in a hundred */
  readonly load: readonly [Float64Array, Float64Array];
  /** [8760] share of the panels' rating */
  readonly solar: Float64Array;
  /** [8760] day-ahead price, $/MWh, and its mean */
  readonly price: Float64Array;
  readonly meanPrice: number;
}

/**
 * Loads and sunshine of the built-in district: its buildings 1–4 and 5–8 as two kinds of buses, over three hours each, since a bus has many buildings.
 * Price of a wholesale market that follows what the sun leaves of the load, `35 + 150 (load − 0.6 solar)²` $/MWh, times a log-normal factor a day (25 %) and an autoregressive one an hour (8 %).
 */
export function feederYear(): FeederYear {
  return (made ??= makeYear());
}

/** There is one, and nobody changes it. */
let made: FeederYear | undefined;

function makeYear(): FeederYear {
  const { buildings } = builtinDistrict();
  const kinds = [buildings.slice(0, 4), buildings.slice(4)].map((own) => {
    const load = smooth(sumOf(own, 'non_shiftable_load'));
    const full = [...load].sort((a, b) => a - b)[Math.floor(0.99 * hours)]!;
    return load.map((value) => value / full);
  }) as [Float64Array, Float64Array];
  const solar = sumOf(buildings, 'solar_generation');
  const rated = solar.reduce((most, value) => Math.max(most, value), 0);
  for (let hour = 0; hour < hours; hour++) solar[hour]! /= rated;

  const days = rng(0).split('feeder-year');
  const ripples = days.split('hours');
  const price = new Float64Array(hours);
  let [level, ripple] = [1, 0];
  for (let hour = 0; hour < hours; hour++) {
    if (hour % hoursPerDay === 0) level = Math.exp(0.25 * days.normal());
    ripple = 0.7 * ripple + Math.sqrt(1 - 0.7 ** 2) * ripples.normal();
    const left = Math.max(0, (kinds[0][hour]! + kinds[1][hour]!) / 2 - 0.6 * solar[hour]! + 0.1);
    price[hour] = Math.min(priceRange.high, level * Math.exp(0.08 * ripple) * (35 + 150 * left * left));
  }
  return { load: kinds, solar, price, meanPrice: price.reduce((sum, value) => sum + value, 0) / hours };
}

function sumOf(buildings: readonly BuildingData[], column: EnergyColumn): Float64Array {
  const sum = new Float64Array(hours);
  for (const { energy } of buildings) for (let hour = 0; hour < hours; hour++) sum[hour]! += energy[column][hour]!;
  return sum;
}

/** Means of three hours around each. */
function smooth(x: Float64Array): Float64Array {
  return x.map((value, i) => (x[(i + hours - 1) % hours]! + value + x[(i + 1) % hours]!) / 3);
}

/** Which days an environment plays: those that controllers learn on, that choose among them, and that judge them. No day is two of these. */
export type DayUse = 'train' | 'choose' | 'judge';

/** Days of the year by their use: of five in a row three, one and one. */
export function daysFor(use: DayUse): Int32Array {
  const wanted = { judge: [0], choose: [1], train: [2, 3, 4] }[use];
  return Int32Array.from(
    Array.from({ length: daysPerYear }, (_, day) => day).filter((day) => wanted.includes(day % 5)),
  );
}
