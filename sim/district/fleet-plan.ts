import type { ChargeBattery } from './battery.ts';
import { openCharger, isShare } from './charger.ts';
import type { Charger } from './charger.ts';
import { openChargingLimits } from './charging-limits.ts';
import type { ChargingLimits } from './charging-limits.ts';
import { carCharging, carWords, openElectricVehicles } from './electric-vehicle.ts';
import type { ElectricVehicle } from './electric-vehicle.ts';
import {
  buildingHeadroomField,
  chargerCommandField,
  chargerConsumptionField,
  chargerField,
  chargerSocBeforeField,
} from './fleet-layout.ts';
import type { ActionKind, BuildingModel } from './model.ts';
import { RandomState } from './numpy-random.ts';
import type { Profile } from './profile.ts';
import { openWashingMachine } from './washing-machine.ts';
import type { WashingMachine } from './washing-machine.ts';

/** A building's share of the fleet, with the offsets of its state. */
export interface Site {
  readonly chargers: readonly Charger[];
  /** [chargers] position of the action, −1 none */
  readonly chargerActions: Int32Array;
  /** One word a charger: kWh last commanded; then one a charger: kWh last drawn. */
  readonly commandsAt: number;
  readonly machines: readonly WashingMachine[];
  readonly machineActions: Int32Array;
  readonly machineAts: Int32Array;
  readonly limits: ChargingLimits | null;
  readonly limitsAt: number;
  /** [chargers] scratch: kW asked for and granted */
  readonly requests: Float64Array;
  readonly granted: Float64Array;
  readonly fields: SiteFields;
}

/** Offsets in the hour block. */
export interface SiteFields {
  /** [chargers] of its first field */
  readonly charger: Int32Array;
  readonly command: Int32Array;
  readonly socBefore: Int32Array;
  readonly consumption: Int32Array;
  /** Headroom of the building; those of the phases follow. */
  readonly headroom: number;
}

/** What is fixed of a district's cars, chargers and machines. State: rows of the episode, the generator, the cars, the sites. */
export interface FleetPlan {
  readonly profile: Profile;
  readonly hoursPerStep: number;
  readonly rangeRows: number;
  readonly charge: ChargeBattery;
  /** Standard deviation of an hour's drift. */
  readonly drift: number;
  /** Head reads its charger and washing files by the episode's steps, whatever row the episode begins at. */
  readonly byStep: boolean;
  readonly cars: readonly ElectricVehicle[];
  readonly carsAt: number;
  readonly sites: readonly Site[];
  /** [cars×rows] SoC that a car takes in a row because it will be plugged in in the next; −1: leaves it; NaN: away, it drifts. */
  readonly away: Float64Array;
  readonly stateSize: number;
  /** Scratch: its state is a copy of the words. */
  readonly generator: RandomState;
}

export const EPISODE_ROWS = 0;
export const GENERATOR = 1;

export function openFleetPlan(
  models: readonly BuildingModel[],
  { district, profile, hoursPerStep, rows }: BuildingModel,
): FleetPlan {
  const cars = openElectricVehicles(district, profile);
  const names = cars.map(({ name }) => name);
  const generator = new RandomState(0);
  const carsAt = GENERATOR + generator.stateSize;
  let words = carsAt + cars.length * carWords;
  const take = (size: number): number => {
    words += size;
    return words - size;
  };
  const sites = models.map((model): Site => {
    const { data } = model;
    const chargers = data.chargers.map((one) => openCharger(one, district, names, profile));
    const machines = data.washingMachines.map((one) => openWashingMachine(one, district, profile.defects));
    const limits = openChargingLimits(data, district.name);
    return {
      chargers,
      chargerActions: positions(model, 'electric_vehicle_storage', chargers.length),
      commandsAt: take(2 * chargers.length),
      machines,
      machineActions: positions(model, 'washing_machine', machines.length),
      machineAts: Int32Array.from(machines, ({ stateSize }) => take(stateSize)),
      limits,
      limitsAt: take(limits?.stateSize ?? 0),
      requests: new Float64Array(chargers.length),
      granted: new Float64Array(chargers.length),
      fields: {
        charger: Int32Array.from(chargers, (_, c) => chargerField(c, 'connected_state')),
        command: Int32Array.from(chargers, (_, c) => chargerCommandField(data, c)),
        socBefore: Int32Array.from(chargers, (_, c) => chargerSocBeforeField(data, c)),
        consumption: Int32Array.from(chargers, (_, c) => chargerConsumptionField(data, c)),
        headroom: buildingHeadroomField(data),
      },
    };
  });
  const chargers = sites.flatMap((site) => site.chargers);
  return {
    profile,
    hoursPerStep,
    rangeRows: rows,
    charge: carCharging(profile),
    drift: profile.alignment === 'lagged' ? 0.2 * Math.sqrt(hoursPerStep) : 0.2,
    byStep: profile.alignment === 'now',
    cars,
    carsAt,
    sites,
    away: comingAndGoing(chargers, cars.length, rows),
    stateSize: words,
    generator,
  };
}

function positions({ actions }: BuildingModel, kind: ActionKind, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) =>
    actions.findIndex((action) => action.kind === kind && action.index === index),
  );
}

/** What becomes of each car in each row while it is not plugged in; of several chargers the first decides. Source: specs/citylearn.md 10. */
function comingAndGoing(chargers: readonly Charger[], cars: number, rows: number): Float64Array {
  const away = new Float64Array(cars * rows).fill(Number.NaN);
  for (const { plugged, incoming, state, arrivalSoc } of chargers) {
    for (let row = 0; row < rows; row++) {
      const here = plugged[row]!;
      if (here >= 0 && Number.isNaN(away[here * rows + row]!)) away[here * rows + row] = -1;
      const next = row + 1 < rows ? plugged[row + 1]! : -1;
      if (next < 0 || state[row] === 1 || !Number.isNaN(away[next * rows + row]!)) continue;
      const soc = arrivalSoc[incoming[row] === next ? row : row + 1]!;
      away[next * rows + row] = isShare(soc) ? soc : -1;
    }
  }
  return away;
}
