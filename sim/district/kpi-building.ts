import {
  COOLING,
  COOLING_SET_POINT,
  COST,
  DEMAND,
  DHW,
  EMISSION,
  FROM_DEVICE,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  LOAD_SERVED,
  NET,
  POWER_OUTAGE,
  TANK_BALANCE,
} from './hour.ts';
import { addTo } from './kpi-sum.ts';
import type { BuildingModel } from './model.ts';

/* Compensated sums, two words each. */
const CONSUMPTION = 0;
const BASE_CONSUMPTION = 2;
const NET_ENERGY = 4;
const BASE_NET_ENERGY = 6;
const EMISSIONS = 8;
const BASE_EMISSIONS = 10;
const COSTS = 12;
const BASE_COSTS = 14;
const COLD_DELTA = 16;
const HOT_DELTA = 18;
const UNSERVED = 20;
const OUTAGE_UNSERVED = 22;
const EXPECTED = 24;
const OUTAGE_EXPECTED = 26;
/* Counts and extremes, one word each. */
const OCCUPIED = 28;
const UNCOMFORTABLE = 29;
const COLD = 30;
const HOT = 31;
const OUTAGE_OCCUPIED = 32;
const OUTAGE_UNCOMFORTABLE = 33;
const COLD_MINIMUM = 34;
const COLD_MAXIMUM = 35;
const COLD_ROWS = 36;
const HOT_MINIMUM = 37;
const HOT_MAXIMUM = 38;
const HOT_ROWS = 39;
const WORDS = 40;

/** Where the booked sum lies; the baseline's follows it. */
const ratios = {
  electricity_consumption_total: CONSUMPTION,
  zero_net_energy: NET_ENERGY,
  carbon_emissions_total: EMISSIONS,
  cost_total: COSTS,
} as const;
export type RatioKpi = keyof typeof ratios;
export const ratioKpis = Object.keys(ratios) as readonly RatioKpi[];

/** A word, or one word over another; in the order of 2.2 and later, in which they follow the ratios. */
const counts = {
  discomfort_proportion: [UNCOMFORTABLE, OCCUPIED],
  discomfort_cold_proportion: [COLD, OCCUPIED],
  discomfort_hot_proportion: [HOT, OCCUPIED],
  discomfort_cold_delta_minimum: [COLD_MINIMUM],
  discomfort_cold_delta_maximum: [COLD_MAXIMUM],
  discomfort_cold_delta_average: [COLD_DELTA, COLD_ROWS],
  discomfort_hot_delta_minimum: [HOT_MINIMUM],
  discomfort_hot_delta_maximum: [HOT_MAXIMUM],
  discomfort_hot_delta_average: [HOT_DELTA, HOT_ROWS],
  one_minus_thermal_resilience_proportion: [OUTAGE_UNCOMFORTABLE, OUTAGE_OCCUPIED],
  power_outage_normalized_unserved_energy_total: [OUTAGE_UNSERVED, OUTAGE_EXPECTED],
  annual_normalized_unserved_energy_total: [UNSERVED, EXPECTED],
  // Of releases with one set point: the signed distance from it, which is counted in the place of the hot one.
  discomfort_delta_minimum: [HOT_MINIMUM],
  discomfort_delta_maximum: [HOT_MAXIMUM],
  discomfort_delta_average: [HOT_DELTA, HOT_ROWS],
} as const satisfies Record<string, readonly [number, number?]>;
export type CountKpi = keyof typeof counts;
export const countKpis = Object.keys(counts) as readonly CountKpi[];

/** What a building's meter counts, and how. */
export interface BuildingCount {
  /** Field of the hour that holds the net of the baseline. */
  readonly baseline: number;
  /** Whether comfort and unserved energy count too. */
  readonly comfort: boolean;
  /** °C beyond a set point from which on somebody is uncomfortable. CityLearn's `evaluate` never takes the building's own series. */
  readonly comfortBand: number;
}

/** What a building can never have a value other than 0 of need not be looked at every hour. */
interface BuildingTraits {
  /** Somebody is there at some time. */
  readonly occupied: boolean;
  /** It has a device, a tank or a demand of cooling, heating or hot water. */
  readonly thermal: boolean;
}
const known = new WeakMap<BuildingModel, BuildingTraits>();

function traitsOf(model: BuildingModel): BuildingTraits {
  const made = known.get(model);
  if (made !== undefined) return made;
  const { columns, devices } = model;
  const sizes = [
    ...[devices.cooling, devices.heating, devices.dhw].map(({ nominalPower }) => nominalPower),
    ...[devices.coolingTank, devices.heatingTank, devices.dhwTank].map(({ capacity }) => capacity),
  ];
  const demands = [columns.coolingDemand, columns.heatingDemand, columns.dhwDemand];
  const traits = {
    occupied: columns.named['occupant_count']!.some((count) => count !== 0),
    // v1 calls a size of 0 1e-5.
    thermal: sizes.some((size) => size > 1e-5) || demands.some((column) => column.some((kwh) => kwh !== 0)),
  };
  known.set(model, traits);
  return traits;
}

/**
 * A building's numerators and denominators, O(1) a row.
 *
 * `Σmax(E,0), ΣE, Σmax(emission,0), Σmax(cost,0)` of what was booked and of the baseline; shares of occupied rows beyond the comfort band;
 * distances to the set points (with one set point the signed one), 0 where nobody is there; `Σ(expected − served), Σexpected` energy, in outages and altogether.
 * Source: specs/citylearn.md 14.
 */
export class BuildingMeter {
  readonly #words = new Float64Array(WORDS);
  readonly #price: Float64Array;
  readonly #carbon: Float64Array;
  readonly #occupants: Float64Array;
  readonly #load: Float64Array;
  readonly #baseline: number;
  readonly #comfort: boolean;
  readonly #occupied: boolean;
  readonly #thermal: boolean;
  readonly #band: number;
  readonly #oneSetPoint: boolean;
  readonly #single: boolean;
  /** Prices, carbon and temperatures are float64 columns. */
  readonly #wide: boolean;

  constructor(model: BuildingModel, { baseline, comfort, comfortBand }: BuildingCount) {
    const { columns, profile } = model;
    const { occupied, thermal } = traitsOf(model);
    this.#price = columns.price;
    this.#carbon = columns.carbon;
    this.#occupants = columns.named['occupant_count']!;
    this.#load = columns.load;
    this.#baseline = baseline;
    this.#comfort = comfort;
    this.#occupied = occupied;
    this.#thermal = thermal;
    this.#band = comfortBand;
    this.#oneSetPoint = profile.setPoints === 1;
    this.#single = profile.float32;
    this.#wide = !profile.float32 || profile.wideColumns;
    for (const at of [COLD_MINIMUM, HOT_MINIMUM]) this.#words[at] = Infinity;
    for (const at of [COLD_MAXIMUM, HOT_MAXIMUM]) this.#words[at] = -Infinity;
  }

  push(hours: Float64Array, at: number, row: number): void {
    const words = this.#words;
    const net = hours[at + NET]!;
    const base = hours[at + this.#baseline]!;
    const baseCost = this.#price[row]! * base;
    const baseEmission = this.#carbon[row]! * base;
    addTo(words, CONSUMPTION, Math.max(net, 0));
    addTo(words, BASE_CONSUMPTION, Math.max(base, 0));
    addTo(words, NET_ENERGY, net);
    addTo(words, BASE_NET_ENERGY, base);
    addTo(words, EMISSIONS, Math.max(hours[at + EMISSION]!, 0));
    addTo(words, BASE_EMISSIONS, Math.max(this.#wide ? baseEmission : Math.fround(baseEmission), 0));
    addTo(words, COSTS, Math.max(hours[at + COST]!, 0));
    addTo(words, BASE_COSTS, Math.max(this.#wide ? baseCost : Math.fround(baseCost), 0));
    if (!this.#comfort) return;
    if (this.#occupied) this.#pushComfort(hours, at, row);
    else {
      // Nobody is ever too cold or too hot: all distances are 0.
      words[COLD_MINIMUM] = 0;
      words[COLD_MAXIMUM] = 0;
      words[HOT_MINIMUM] = 0;
      words[HOT_MAXIMUM] = 0;
      words[COLD_ROWS]!++;
      words[HOT_ROWS]!++;
    }
    this.#pushEnergy(hours, at, row);
  }

  #pushComfort(hours: Float64Array, at: number, row: number): void {
    const words = this.#words;
    const occupants = this.#occupants[row]!;
    const temperature = hours[at + INDOOR_TEMPERATURE]!;
    let hot = 0;
    let cold = 0;
    if (occupants !== 0) {
      hot = temperature - hours[at + COOLING_SET_POINT]!;
      cold = temperature - hours[at + (this.#oneSetPoint ? COOLING_SET_POINT : HEATING_SET_POINT)]!;
      if (!this.#wide) {
        hot = Math.fround(hot);
        cold = Math.fround(cold);
      }
    }
    const tooHot = hot > this.#band;
    const tooCold = cold < -this.#band;
    if (occupants > 0) words[OCCUPIED]!++;
    if (tooHot || tooCold) words[UNCOMFORTABLE]!++;
    if (tooCold) words[COLD]!++;
    if (tooHot) words[HOT]!++;
    if (hours[at + POWER_OUTAGE] !== 0) {
      if (occupants > 0) words[OUTAGE_OCCUPIED]!++;
      if (tooHot || tooCold) words[OUTAGE_UNCOMFORTABLE]!++;
    }
    if (this.#oneSetPoint) {
      if (!Number.isNaN(hot)) this.#pushDelta(HOT_DELTA, HOT_MINIMUM, hot);
      return;
    }
    if (!Number.isNaN(cold)) this.#pushDelta(COLD_DELTA, COLD_MINIMUM, Math.max(-cold, 0));
    if (!Number.isNaN(hot)) this.#pushDelta(HOT_DELTA, HOT_MINIMUM, Math.max(hot, 0));
  }

  /** @param first of smallest, largest, number of rows */
  #pushDelta(sum: number, first: number, delta: number): void {
    const words = this.#words;
    addTo(words, sum, delta);
    if (delta < words[first]!) words[first] = delta;
    if (delta > words[first + 1]!) words[first + 1] = delta;
    words[first + 2]!++;
  }

  #pushEnergy(hours: Float64Array, at: number, row: number): void {
    const words = this.#words;
    let expected = this.#load[row]!;
    let served = hours[at + LOAD_SERVED]!;
    if (this.#thermal) {
      const cooling = at + COOLING;
      const heating = at + HEATING;
      const dhw = at + DHW;
      const demands = this.#add(this.#add(hours[cooling + DEMAND]!, hours[heating + DEMAND]!), hours[dhw + DEMAND]!);
      expected = this.#add(demands, expected);
      let heat = this.#add(hours[cooling + FROM_DEVICE]!, Math.max(-hours[cooling + TANK_BALANCE]!, 0));
      heat = this.#add(this.#add(heat, hours[heating + FROM_DEVICE]!), Math.max(-hours[heating + TANK_BALANCE]!, 0));
      heat = this.#add(this.#add(heat, hours[dhw + FROM_DEVICE]!), Math.max(-hours[dhw + TANK_BALANCE]!, 0));
      served = this.#add(heat, served);
    }
    const unserved = this.#add(expected, -served);
    addTo(words, UNSERVED, unserved);
    addTo(words, EXPECTED, expected);
    if (hours[at + POWER_OUTAGE] === 0) return;
    addTo(words, OUTAGE_UNSERVED, unserved);
    addTo(words, OUTAGE_EXPECTED, expected);
  }

  #add(a: number, b: number): number {
    return this.#single ? Math.fround(a + b) : a + b;
  }

  /** What was booked; over `baseline` it is a ratio. */
  booked(kpi: RatioKpi): number {
    return this.#words[ratios[kpi]]!;
  }

  baseline(kpi: RatioKpi): number {
    return this.#words[ratios[kpi] + 2]!;
  }

  /** NaN where nothing was there to count. */
  value(kpi: CountKpi): number {
    const words = this.#words;
    const [over, under] = counts[kpi] as readonly [number, number?];
    return under === undefined ? words[over]! : words[over]! / words[under]!;
  }
}
