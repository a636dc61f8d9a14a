import type { BuildingData, ChargerData, District, DynamicsData } from '../data/dataset.ts';
import type { Profile } from './profile.ts';

/** A heat pump or an electric heater. kW, fractions, °C. */
export interface Converter {
  readonly kind: 'HeatPump' | 'ElectricHeater';
  readonly nominalPower: number;
  readonly efficiency: number;
  readonly targetHeating: number;
  readonly targetCooling: number;
}

/** A storage tank. kWh, fractions; the powers limit a charge, kWh a step, ∞ where the schema has none. */
export interface Tank {
  readonly capacity: number;
  readonly efficiency: number;
  readonly lossCoefficient: number;
  readonly initialSoc: number;
  readonly maxInputPower: number;
  readonly maxOutputPower: number;
}

/** A piecewise linear curve. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A battery's constants. kWh, kW, fractions. */
export interface Battery {
  readonly capacity: number;
  readonly nominalPower: number;
  readonly efficiency: number;
  readonly lossCoefficient: number;
  readonly capacityLossCoefficient: number;
  readonly initialSoc: number;
  readonly depthOfDischarge: number;
  readonly powerEfficiency: Curve;
  readonly capacityPower: Curve;
}

/** A building's devices with every default filled in and every size known; what it has not is of size 0. */
export interface Devices {
  readonly cooling: Converter;
  readonly heating: Converter;
  readonly dhw: Converter;
  readonly coolingTank: Tank;
  readonly heatingTank: Tank;
  readonly dhwTank: Tank;
  readonly battery: Battery;
  /** kW */
  readonly pvNominalPower: number;
}

export type ActionKind =
  | 'cooling_storage'
  | 'heating_storage'
  | 'dhw_storage'
  | 'electrical_storage'
  | 'cooling_device'
  | 'heating_device'
  | 'cooling_or_heating_device'
  | 'electric_vehicle_storage'
  | 'washing_machine';

export interface ActionSpec {
  /** As CityLearn names it: `electric_vehicle_storage_<charger>` and the washing machine's own name at the end. */
  readonly name: string;
  readonly kind: ActionKind;
  /** Of which charger or washing machine; 0 for the others. */
  readonly index: number;
  /** Physical bounds, float32 values. */
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

/** Exogenous columns of a building over the simulation range, [rows of the range], in the profile's number type. */
export interface Columns {
  /** Every file column by its canonical observation name (`month`, `outdoor_dry_bulb_temperature_predicted_2`, `carbon_intensity` …). */
  readonly named: Readonly<Record<string, Float64Array>>;
  readonly load: Float64Array;
  /** kWh thermal */
  readonly coolingDemand: Float64Array;
  readonly heatingDemand: Float64Array;
  readonly dhwDemand: Float64Array;
  /** kWh, ≤ 0: minus what the panels make */
  readonly solar: Float64Array;
  /** $/kWh, kgCO2/kWh; 0 where there is none */
  readonly price: Float64Array;
  readonly carbon: Float64Array;
  /** °C */
  readonly outdoor: Float64Array;
}

/** What all lanes of one building under one profile share: nothing here changes. */
export interface BuildingModel {
  readonly data: BuildingData;
  readonly district: District;
  readonly profile: Profile;
  /** Rows of the simulation range. */
  readonly rows: number;
  /** Hours a step. */
  readonly hoursPerStep: number;
  readonly devices: Devices;
  readonly columns: Columns;
  readonly actions: readonly ActionSpec[];
  readonly dynamics: DynamicsData | null;
  /** Whether a power outage can occur; then the signal is `POWER_OUTAGE` of the hour. */
  readonly simulatesOutage: boolean;
  readonly chargers: readonly ChargerData[];
  /** Fields of the hour from `FIXED_FIELDS` on that this building uses. */
  readonly extraFields: number;
}
