import { chargeBattery1, chargeBattery20, chargeBattery21, chargeBattery23, chargeBattery3 } from './battery.ts';
import type { ChargeBattery } from './battery.ts';
import { outputPerInput } from './converter.ts';
import { COOLING, DHW, HEATING } from './hour.ts';
import type { ActionKind, Battery, BuildingModel, Tank } from './model.ts';
import type { Profile } from './profile.ts';

/** One of cooling, heating and hot water: a device, a tank and the demand that both serve. */
export interface EndUse {
  /** Offset of its fields in the lane's block. */
  readonly block: number;
  readonly nominalPower: number;
  readonly tank: Tank;
  /** kWh that a tank's action of 1 is of: its own capacity, or in head another tank's. */
  readonly actionCapacity: number;
  /** What it is multiplied with: 1, or where a tank's action of 1 fills it in an hour the hours of a step. */
  readonly storageHours: number;
  /** The same of the device's action: 1, or hours. */
  readonly deviceHours: number;
  /** Share that v3's tanks lose when the clock moves; the others lose it when they are charged. */
  readonly clockLoss: number;
  /** [rows] kWh thermal per kWh electric, float64 */
  readonly output: Float64Array;
  /** [rows] the same evaluated in the profile's number type, for series that CityLearn computes whole */
  readonly outputSeries: Float64Array;
  /** [rows] kWh thermal of the file */
  readonly demand: Float64Array;
  /** Position of the tank's action, −1: none. */
  readonly storageAction: number;
  /** Position of the device's action, −1: the demand is the file's. */
  readonly deviceAction: number;
  /** Of `cooling_or_heating_device`: which side of 0 is this one's; 0: the action is its own. */
  readonly side: -1 | 0 | 1;
  /** The HVAC mode, beside `Plant.bothModes`, in which the device runs; 0: always. */
  readonly mode: 0 | 1 | 2;
  /** [rows] what CityLearn divides an hour by that nobody acts on; a space heater's is the DHW device's efficiency (its bug, mended in v3). */
  readonly uncontrolled: Float64Array;
}

/** A model laid out for the step: what it reads every hour, and nothing that it would have to look up. */
export interface Plant {
  readonly model: BuildingModel;
  readonly float32: boolean;
  readonly wide: boolean;
  readonly split: boolean;
  readonly lagged: boolean;
  readonly exportEarns: boolean;
  readonly hoursPerStep: number;
  readonly load: Float64Array;
  readonly solar: Float64Array;
  readonly price: Float64Array;
  readonly carbon: Float64Array;
  readonly indoor: Float64Array;
  readonly coolingSetPoint: Float64Array;
  readonly heatingSetPoint: Float64Array;
  readonly hvacMode: Float64Array;
  readonly battery: Battery;
  readonly chargeBattery: ChargeBattery;
  readonly batteryAction: number;
  /** kWh or kW of a battery action of 1 (v1: its share of what is left of the capacity), and the hours to multiply it with. */
  readonly batteryScale: number;
  readonly batteryHours: number;
  /** Largest battery action that is taken as it is. */
  readonly batteryMost: number;
  /** HVAC mode in which both cooling and heating run; NaN: none. */
  readonly bothModes: number;
  /** CityLearn's `time_step_ratio`: steps of the simulation over those of the data. What devices book is multiplied with it. */
  readonly ratio: number;
  /** In CityLearn's order. */
  readonly endUses: readonly [EndUse, EndUse, EndUse];
  /** False where no device, tank or demand of any end use has a size: nothing thermal can happen then. */
  readonly thermal: boolean;
  readonly dynamic: boolean;
  readonly cars: boolean;
  /** A space heater's efficiency in CityLearn's net without partial load: the DHW device's (its bug); null: a heat pump. */
  readonly heaterInput: number | null;
}

const chargers = {
  v1: chargeBattery1,
  'v2.0': chargeBattery20,
  'v2.1': chargeBattery21,
  'v2.3': chargeBattery23,
  v3: chargeBattery3,
} satisfies Record<string, ChargeBattery>;

export function openPlant(model: BuildingModel): Plant {
  const { profile, devices, columns, actions, hoursPerStep } = model;
  const { battery } = devices;
  const named = columns.named;
  const position = (kind: ActionKind): number => actions.findIndex((action) => action.kind === kind);
  const mixed = profile.defects['tanks-mixed-up'];
  const both = position('cooling_or_heating_device');
  const single = profile.float32;
  const now = profile.alignment === 'now';
  const lagged = profile.alignment === 'lagged';
  const ratio = now || lagged ? timeStepRatio(model) : 1;
  const heaterInput =
    devices.heating.kind === 'ElectricHeater' && devices.dhw.kind === 'ElectricHeater' ? devices.dhw.efficiency : null;
  const use = (
    name: 'cooling' | 'heating' | 'dhw',
    block: number,
    actionCapacity: number,
    side: -1 | 0 | 1,
    mode: 0 | 1 | 2,
  ): EndUse => {
    const own = name === 'dhw' ? -1 : position(`${name}_device`);
    const converterMode = name === 'cooling' ? 'cooling' : 'heating';
    const output = outputPerInput(devices[name], converterMode, columns.outdoor, false);
    const borrowed = name === 'heating' && !lagged && heaterInput !== null;
    return {
      block,
      nominalPower: devices[name].nominalPower,
      tank: tankOfStep(devices[`${name}Tank`], profile, hoursPerStep, ratio),
      actionCapacity,
      // head has forgotten the cooling tank here, and the heating device below.
      storageHours: lagged || (now && name !== 'cooling') ? hoursPerStep : 1,
      deviceHours: (lagged || now) && name === 'cooling' ? hoursPerStep : 1,
      clockLoss: lagged ? devices[`${name}Tank`].lossCoefficient * hoursPerStep : 0,
      output,
      uncontrolled: borrowed ? new Float64Array(output.length).fill(heaterInput) : output,
      outputSeries: outputPerInput(devices[name], converterMode, columns.outdoor, single),
      demand: columns[`${name}Demand`],
      storageAction: position(`${name}_storage`),
      deviceAction: own >= 0 || name === 'dhw' ? own : both,
      side: own >= 0 ? 0 : side,
      mode,
    };
  };
  const endUses = [
    use('cooling', COOLING, devices.coolingTank.capacity, -1, 1),
    use('heating', HEATING, (mixed ? devices.coolingTank : devices.heatingTank).capacity, 1, 2),
    use('dhw', DHW, (mixed ? devices.heatingTank : devices.dhwTank).capacity, 0, 0),
  ] as const;
  const smallest = profile.alignment === 'split' ? 1e-5 : 0;
  const hasSize = (end: EndUse): boolean =>
    end.nominalPower > smallest || end.tank.capacity > smallest || end.demand.some((kwh) => kwh !== 0);
  return {
    model,
    float32: profile.float32,
    wide: profile.wideColumns,
    split: profile.alignment === 'split',
    lagged,
    exportEarns: profile.exportEarns,
    hoursPerStep,
    load: columns.load,
    solar: columns.solar,
    price: columns.price,
    carbon: columns.carbon,
    indoor: named['indoor_dry_bulb_temperature']!,
    coolingSetPoint: named['indoor_dry_bulb_temperature_cooling_set_point']!,
    heatingSetPoint: named['indoor_dry_bulb_temperature_heating_set_point']!,
    hvacMode: named['hvac_mode']!,
    battery,
    chargeBattery: chargers[profile.battery],
    batteryAction: position('electrical_storage'),
    batteryScale: profile.batteryUnit === 'capacity' ? battery.capacity : battery.nominalPower,
    batteryHours: profile.batteryUnit === 'capacity' ? 1 : hoursPerStep,
    batteryMost: lagged ? 1 : Infinity,
    bothModes: profile.dynamics === 'modes' ? Number.NaN : 3,
    ratio,
    endUses: [...endUses],
    thermal: endUses.some(hasSize),
    dynamic: model.dynamics !== null,
    heaterInput,
    cars: model.chargers.length > 0 || model.data.washingMachines.length > 0,
  };
}

/**
 * A tank as a release charges it in one step. v3: it has lost its share before, and its powers are kW; head: the loss of an hour of the data;
 * before: the powers are kWh a step, whatever a step is. Source: specs/citylearn.md 5.4; CityLearn 3.0.0 energy_model.py.
 */
function tankOfStep(tank: Tank, profile: Profile, hoursPerStep: number, ratio: number): Tank {
  switch (profile.alignment) {
    case 'lagged':
      return {
        ...tank,
        lossCoefficient: 0,
        maxInputPower: tank.maxInputPower * hoursPerStep,
        maxOutputPower: tank.maxOutputPower * hoursPerStep,
      };
    case 'now':
      return { ...tank, lossCoefficient: tank.lossCoefficient * ratio };
    default:
      return tank;
  }
}

/** Seconds of a step over the seconds between the first two rows of the file, which their hour (and minutes) tell modulo a day. */
function timeStepRatio({ data, district }: BuildingModel): number {
  const { hour, minutes } = data.energy;
  const minuteOf = (row: number): number => hour[row]! * 60 + (Number.isNaN(minutes[row]!) ? 0 : minutes[row]!);
  const apart = (minuteOf(1) - minuteOf(0)) * 60;
  const seconds = apart < 0 ? apart + 24 * 3600 : apart;
  // Rows of the same hour, in a file that has no minutes, do not tell; v3 takes them for steps.
  return seconds > 0 ? district.secondsPerTimeStep / seconds : 1;
}
