import { chargeBattery1, chargeBattery20, chargeBattery23, chargeBattery3 } from './battery.ts';
import type { ChargeBattery } from './battery.ts';
import { outputPerInput } from './converter.ts';
import { COOLING, DHW, HEATING } from './hour.ts';
import type { ActionKind, Battery, BuildingModel, Tank } from './model.ts';

/** One of cooling, heating and hot water: a device, a tank and the demand that both serve. */
export interface EndUse {
  /** Offset of its fields in the lane's block. */
  readonly block: number;
  readonly nominalPower: number;
  readonly tank: Tank;
  /** kWh a unit of the tank's action is: its own capacity, or in head another tank's. */
  readonly actionCapacity: number;
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
  /** The HVAC mode, beside 3 (both), in which the device runs; 0: always. */
  readonly mode: 0 | 1 | 2;
}

/** A model laid out for the step: what it reads every hour, and nothing that it would have to look up. */
export interface Plant {
  readonly model: BuildingModel;
  readonly float32: boolean;
  readonly wide: boolean;
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
  /** kWh of a battery action of 1 (v1: times what is left of the capacity). */
  readonly batteryScale: number;
  /** In CityLearn's order. */
  readonly endUses: readonly [EndUse, EndUse, EndUse];
  /** False where no device, tank or demand of any end use has a size: nothing thermal can happen then. */
  readonly thermal: boolean;
  readonly dynamic: boolean;
  readonly cars: boolean;
  /** The heater's efficiency that CityLearn's bookings of hour 0 and of the load without control take: the DHW device's (its bug). */
  readonly heaterInput: number | null;
}

const chargers = {
  v1: chargeBattery1,
  'v2.0': chargeBattery20,
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
  const use = (
    name: 'cooling' | 'heating' | 'dhw',
    block: number,
    actionCapacity: number,
    side: -1 | 0 | 1,
    mode: 0 | 1 | 2,
  ): EndUse => {
    const own = name === 'dhw' ? -1 : position(`${name}_device`);
    const converterMode = name === 'cooling' ? 'cooling' : 'heating';
    return {
      block,
      nominalPower: devices[name].nominalPower,
      tank: devices[`${name}Tank`],
      actionCapacity,
      output: outputPerInput(devices[name], converterMode, columns.outdoor, false),
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
    batteryScale: profile.batteryUnit === 'capacity' ? battery.capacity : battery.nominalPower * hoursPerStep,
    endUses: [...endUses],
    thermal: endUses.some(hasSize),
    dynamic: model.dynamics !== null,
    heaterInput: devices.heating.kind === 'ElectricHeater' ? devices.dhw.efficiency : null,
    cars: model.chargers.length > 0 || model.data.washingMachines.length > 0,
  };
}
