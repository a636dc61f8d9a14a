import { ConfigError } from '../../core/errors.ts';
import type { District, ElectricVehicleData } from '../data/dataset.ts';
import { chargeBattery23, chargeBattery3 } from './battery.ts';
import type { ChargeBattery } from './battery.ts';
import {
  BATTERY_BALANCE,
  BATTERY_CAPACITY,
  BATTERY_CONSUMPTION,
  BATTERY_EFFICIENCY,
  BATTERY_ENERGY,
  BATTERY_SOC,
  BATTERY_SOC_BEFORE,
  COOLING,
} from './hour.ts';
import { md5Hex } from './md5.ts';
import type { Battery } from './model.ts';
import { RandomState } from './numpy-random.ts';
import type { Profile } from './profile.ts';

/** A car's constants. */
export interface ElectricVehicle {
  readonly name: string;
  /** `initialSoc` NaN: drawn at each reset. */
  readonly battery: Battery;
}

/*
 * A car's state lies like the battery's part of an hour block, so that battery.ts charges it: BATTERY_SOC is that of this hour (0 until something
 * sets it, where the release does so), BATTERY_SOC_BEFORE what a charge starts from. Three words follow.
 */

/** SoC that the hour before ended with; in an episode's first hour the initial one. */
export const CAR_SOC_PREVIOUS = COOLING;
/** 1 where this hour's SoC was set by an arrival or a drift. */
export const CAR_SOC_SET = COOLING + 1;
export const carWords = COOLING + 2;

export function openElectricVehicles(district: District, profile: Profile): readonly ElectricVehicle[] {
  const share = new RandomState(district.randomSeed).randomSample();
  return district.electricVehicles.map((data): ElectricVehicle => {
    const where = { file: district.name, path: `/electric_vehicles_def/${data.name}/battery/attributes` };
    const depthOfDischarge = attribute(data, 'depth_of_discharge', 0.1, 0, 1, where);
    const initialSoc = data.attributes['initial_soc'];
    return {
      name: data.name,
      battery: sampledBattery(
        share,
        attribute(data, 'capacity', undefined, 0, Infinity, where),
        attribute(data, 'nominal_power', undefined, 0, Infinity, where),
        depthOfDischarge,
        initialSoc === undefined || (initialSoc === null && profile.alignment === 'lagged')
          ? drawnByName(data.name, district, profile)
          : // An explicit null is not a missing attribute: the battery's own default, 1 − depth of discharge.
            attribute(data, 'initial_soc', 1 - depthOfDischarge, 0, 1, where),
      ),
    };
  });
}

/** v3 draws a missing initial SoC from a seed made of the car's name; head from Python's global generator: NaN. */
function drawnByName(name: string, district: District, profile: Profile): number {
  if (profile.alignment !== 'lagged') return Number.NaN;
  const digest = md5Hex(`${district.randomSeed}:${name}:initial_soc`);
  return new RandomState(Number.parseInt(digest.slice(0, 8), 16)).uniform(0, 1);
}

function attribute(
  { attributes, name }: ElectricVehicleData,
  key: string,
  absent: number | undefined,
  low: number,
  high: number,
  where: { readonly file: string; readonly path: string },
): number {
  const value = attributes[key] ?? absent;
  const place = { file: where.file, path: `${where.path}/${key}` };
  if (value === undefined) throw new ConfigError(`${name} has no ${key}, expected a number`, { place });
  if (typeof value !== 'number' || !(value >= low && value <= high))
    throw new ConfigError(`${key} of ${name} is ${JSON.stringify(value)}, expected a number in [${low}, ${high}]`, {
      place,
    });
  return value;
}

/**
 * Whatever CityLearn does not take from the schema of a car is drawn with the one uniform number u of the district's seed.
 * Source: specs/citylearn.md 5.0, 10.
 */
function sampledBattery(
  u: number,
  capacity: number,
  nominalPower: number,
  depthOfDischarge: number,
  initialSoc: number,
): Battery {
  const draw = (low: number, high: number): number => low + (high - low) * u;
  const efficiency = draw(0.9, 0.98);
  return {
    capacity,
    nominalPower,
    efficiency,
    lossCoefficient: draw(0.001, 0.009),
    capacityLossCoefficient: draw(1e-5, 1e-4),
    initialSoc,
    depthOfDischarge,
    powerEfficiency: {
      x: Float64Array.of(0, draw(0.25, 0.35), draw(0.65, 0.75), draw(0.75, 0.85), 1),
      y: Float64Array.of(
        draw(efficiency * 0.85, efficiency * 0.9),
        draw(efficiency * 0.9, efficiency * 0.95),
        draw(efficiency * 0.98, efficiency * 1),
        efficiency,
        draw(efficiency * 0.95, efficiency * 0.98),
      ),
    },
    capacityPower: {
      x: Float64Array.of(0, draw(0.75, 0.85), 1),
      y: Float64Array.of(draw(0.95, 1), draw(0.9, 0.95), draw(0.2, 0.3)),
    },
  };
}

/** The release's way of charging a car. */
export function carCharging(profile: Profile): ChargeBattery {
  return profile.battery === 'v3' ? chargeBattery3 : chargeBattery23;
}

export function resetCar(
  { battery }: ElectricVehicle,
  state: Float64Array,
  at: number,
  initial: number,
  profile: Profile,
): void {
  state.fill(0, at, at + carWords);
  const least = profile.battery === 'v3' ? 1 - battery.depthOfDischarge : 0;
  const soc = Math.fround(Math.max(initial, least));
  state[at + BATTERY_SOC] = soc;
  state[at + BATTERY_SOC_BEFORE] = soc;
  state[at + BATTERY_ENERGY] = soc * battery.capacity;
  state[at + BATTERY_CAPACITY] = battery.capacity;
  state[at + BATTERY_EFFICIENCY] = battery.efficiency;
  state[at + CAR_SOC_PREVIOUS] = initial;
}

/**
 * The clock moves on. In head a car that nobody charges is empty afterwards; repaired, it keeps its SoC less the standby loss, and so it does in
 * v3, where the loss is taken here and not when it is charged. Source: specs/citylearn.md 9.2, 9.3.
 */
export function moveCar(
  { battery }: ElectricVehicle,
  state: Float64Array,
  at: number,
  profile: Profile,
  hoursPerStep: number,
): void {
  const soc = state[at + BATTERY_SOC]!;
  state[at + CAR_SOC_PREVIOUS] = soc;
  state[at + CAR_SOC_SET] = 0;
  state[at + BATTERY_BALANCE] = 0;
  state[at + BATTERY_CONSUMPTION] = 0;
  if (profile.battery === 'v3') {
    const kept = soc * (1 - battery.lossCoefficient * hoursPerStep);
    const next = Math.fround(Math.min(Math.max(kept, 1 - battery.depthOfDischarge), 1));
    state[at + BATTERY_SOC_BEFORE] = next;
    state[at + BATTERY_SOC] = next;
    return;
  }
  state[at + BATTERY_SOC_BEFORE] = soc;
  state[at + BATTERY_SOC] = profile.defects['idle-car-drained']
    ? 0
    : Math.fround(Math.max(0, soc * (1 - battery.lossCoefficient)));
}

/** Sets this hour's SoC past all physics. In an episode's first hour, and in v3, a charge starts from it. */
export function setCarSoc(state: Float64Array, at: number, soc: number, first: boolean, profile: Profile): void {
  const value = Math.fround(soc);
  state[at + BATTERY_SOC] = value;
  state[at + CAR_SOC_SET] = 1;
  if (first || profile.battery === 'v3') state[at + BATTERY_SOC_BEFORE] = value;
}
