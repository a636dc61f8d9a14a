import { arrivalSoc } from './charger.ts';
import { resetChargingLimits } from './charging-limits.ts';
import { CAR_SOC_PREVIOUS, carWords, moveCar, resetCar, setCarSoc } from './electric-vehicle.ts';
import { chargeCars } from './fleet-charging.ts';
import { writeFields } from './fleet-fields.ts';
import { EPISODE_ROWS, GENERATOR, openFleetPlan } from './fleet-plan.ts';
import type { FleetPlan } from './fleet-plan.ts';
import { BATTERY_SOC, CHARGERS_CONSUMPTION, WASHING_CONSUMPTION } from './hour.ts';
import type { BuildingModel } from './model.ts';
import { PythonRandom } from './python-random.ts';
import { washAdvance, washStep } from './washing-machine.ts';

/**
 * The electric vehicles of one simulated district, the chargers that they come to and the washing machines. It keeps nothing between calls: all of it
 * is in a slice of float64 words, the random generator's included. Source: specs/citylearn.md 10.
 */
export interface Fleet {
  readonly stateSize: number;
  /** Names of the cars. */
  readonly cars: readonly string[];
  /** A car's SoC in the hour last begun, wherever it is: CityLearn's `soc[t]`. */
  carSoc(state: Float64Array, at: number, car: number): number;
  /**
   * An episode begins: cars and machines as their data say, and who is plugged in at once. Writes the chargers' fields into the hours shown.
   * @param t index in the episode @param row of the range @param seed of drifts and of initial SoCs that the schema does not give
   * @param rows of the episode; absent: all that follow in the range
   */
  reset(
    state: Float64Array,
    at: number,
    hours: Float64Array,
    ats: Int32Array,
    t: number,
    row: number,
    seed: number,
    rows?: number,
  ): void;
  /** A building's chargers and machines take their actions in the hour; books what they draw and writes their fields into it. */
  act(
    state: Float64Array,
    at: number,
    building: number,
    actions: Float64Array,
    actionAt: number,
    hours: Float64Array,
    hoursAt: number,
    t: number,
    row: number,
  ): void;
  /** The clock has moved to `t`: cars leave, drift and arrive. Writes the chargers' fields into the hours shown. */
  advance(state: Float64Array, at: number, hours: Float64Array, ats: Int32Array, t: number, row: number): void;
}

/** By their first building: lanes of the same buildings share a fleet, which keeps nothing. */
const opened = new WeakMap<BuildingModel, { readonly models: readonly BuildingModel[]; readonly fleet: Fleet }[]>();

/**
 * @returns null when no building has chargers or washing machines.
 * @throws {ConfigError} for a car that makes no sense, {UnknownNameError} for a limit on a charger that is not there.
 */
export function openFleet(models: readonly BuildingModel[]): Fleet | null {
  const first = models[0];
  if (first === undefined) return null;
  if (models.every(({ data }) => data.chargers.length === 0 && data.washingMachines.length === 0)) return null;
  const known = opened.get(first) ?? [];
  opened.set(first, known);
  const same = known.find(
    (one) => one.models.length === models.length && one.models.every((model, i) => model === models[i]),
  );
  if (same !== undefined) return same.fleet;
  const fleet = fleetOf(openFleetPlan(models, first));
  known.push({ models: [...models], fleet });
  return fleet;
}

function fleetOf(plan: FleetPlan): Fleet {
  const { stateSize, cars, carsAt, sites, generator, profile, hoursPerStep, byStep, rangeRows } = plan;
  return {
    stateSize,
    cars: cars.map(({ name }) => name),
    carSoc: (state, at, car) => state[at + carsAt + car * carWords + BATTERY_SOC]!,
    reset(state, at, hours, ats, t, row, seed, rows = rangeRows - (row - t)) {
      state.fill(0, at, at + stateSize);
      state[at + EPISODE_ROWS] = rows;
      generator.seed(seed);
      generator.save(state, at + GENERATOR);
      // CityLearn draws for every car, also where the schema says how full it is.
      const initial = new PythonRandom(seed);
      cars.forEach((car, e) => {
        const drawn = initial.uniform(0, 1);
        const soc = Number.isNaN(car.battery.initialSoc) ? drawn : car.battery.initialSoc;
        resetCar(car, state, at + carsAt + e * carWords, soc, profile);
      });
      for (const { limits, limitsAt } of sites) if (limits !== null) resetChargingLimits(limits, state, at + limitsAt);
      const index = byStep ? t : row;
      comeAndGo(plan, state, at, t, index, true);
      sites.forEach((site, s) => writeFields(plan, site, state, at, hours, ats[s]!, index, 'first'));
    },
    act(state, at, building, actions, actionAt, hours, hoursAt, t, row) {
      const site = sites[building]!;
      const index = byStep ? t : row;
      hours[hoursAt + CHARGERS_CONSUMPTION] = chargeCars(plan, site, state, at, actions, actionAt, index);
      const { machines, machineActions, machineAts } = site;
      let washing = 0;
      for (let m = 0; m < machines.length; m++) {
        const position = machineActions[m]!;
        const action = position < 0 ? 0 : actions[actionAt + position]!;
        washing += washStep(machines[m]!, state, at + machineAts[m]!, action, t, index, state[at + EPISODE_ROWS]!);
      }
      hours[hoursAt + WASHING_CONSUMPTION] = Math.fround(washing);
      writeFields(plan, site, state, at, hours, hoursAt, index, 'booked');
    },
    advance(state, at, hours, ats, t, row) {
      // v3's clock stands still on its last step.
      if (profile.alignment === 'lagged' && t + 1 >= state[at + EPISODE_ROWS]!) return;
      const index = byStep ? t : row;
      for (let e = 0; e < cars.length; e++) moveCar(cars[e]!, state, at + carsAt + e * carWords, profile, hoursPerStep);
      for (let s = 0; s < sites.length; s++) {
        const { machines, machineAts } = sites[s]!;
        for (let m = 0; m < machines.length; m++) washAdvance(machines[m]!, state, at + machineAts[m]!, index);
      }
      comeAndGo(plan, state, at, t, index, false);
      for (let s = 0; s < sites.length; s++) writeFields(plan, sites[s]!, state, at, hours, ats[s]!, index, 'next');
    },
  };
}

/**
 * Cars that are away drift, `soc[t] = clip(soc[t−1]·clip(N(1, σ), 0.6, 1.4), 0, 1)`, or take the SoC with which they will be plugged in; those
 * just plugged in take the one they arrive with. In an episode's first hour every car that is plugged in has just been. Source: specs/citylearn.md 10.
 */
function comeAndGo(plan: FleetPlan, state: Float64Array, at: number, t: number, index: number, first: boolean): void {
  const { cars, carsAt, sites, away, rangeRows, generator, drift, profile } = plan;
  if (t + 1 < state[at + EPISODE_ROWS]!) {
    let drew = false;
    for (let e = 0; e < cars.length; e++) {
      const carAt = at + carsAt + e * carWords;
      const soc = away[e * rangeRows + index]!;
      if (soc >= 0) setCarSoc(state, carAt, soc, first, profile);
      else if (Number.isNaN(soc) && !first) {
        if (!drew) generator.load(state, at + GENERATOR);
        drew = true;
        const factor = Math.min(Math.max(generator.normal(1, drift), 0.6), 1.4);
        const drifted = Math.min(Math.max(state[carAt + CAR_SOC_PREVIOUS]! * factor, 0), 1);
        setCarSoc(state, carAt, drifted, false, profile);
      }
    }
    if (drew) generator.save(state, at + GENERATOR);
  }
  for (let s = 0; s < sites.length; s++) {
    const { chargers } = sites[s]!;
    for (let c = 0; c < chargers.length; c++) {
      const charger = chargers[c]!;
      const e = charger.plugged[index]!;
      if (e < 0 || (!first && charger.plugged[index - 1] === e)) continue;
      const soc = arrivalSoc(charger, index, first ? -1 : index - 1);
      if (!Number.isNaN(soc)) setCarSoc(state, at + carsAt + e * carWords, soc, first, profile);
    }
  }
}
