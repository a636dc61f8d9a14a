import { FIXED_FIELDS } from '../../sim/district/hour.ts';
import type { Battery, BuildingModel, Columns, Converter, Devices, Tank } from '../../sim/district/model.ts';
import type { Profile } from '../../sim/district/profile.ts';
import { energyColumns, weatherVariables } from '../../sim/data/dataset.ts';
import type { BuildingData, District, EnergyColumn, WeatherColumn } from '../../sim/data/dataset.ts';

/** A column by its canonical observation name, undefined: a column of 0. [rows] */
export type NamedColumns = Readonly<Record<string, Float64Array>>;

export interface BareBuilding {
  readonly rows: number;
  readonly columns: NamedColumns;
  readonly observations: District['observations'];
  readonly devices?: Partial<Devices>;
  readonly data?: Partial<BuildingData>;
}

/** Devices of size 0. */
export const noConverter: Converter = {
  kind: 'HeatPump',
  nominalPower: 0,
  efficiency: 0.2,
  targetHeating: 45,
  targetCooling: 8,
};
export const noTank: Tank = {
  capacity: 0,
  efficiency: 0.9,
  lossCoefficient: 0,
  initialSoc: 0,
  maxInputPower: Infinity,
  maxOutputPower: Infinity,
};
const curve = { x: Float64Array.of(0, 1), y: Float64Array.of(1, 1) };
export const noBattery: Battery = {
  capacity: 0,
  nominalPower: 0,
  efficiency: 0.9,
  lossCoefficient: 0,
  capacityLossCoefficient: 0,
  initialSoc: 0,
  depthOfDischarge: 1,
  powerEfficiency: curve,
  capacityPower: curve,
};

const pricingNames = [
  'electricity_pricing',
  'electricity_pricing_predicted_1',
  'electricity_pricing_predicted_2',
  'electricity_pricing_predicted_3',
] as const;

/**
 * A building model made of columns and devices, without a data folder and without what the simulator derives: whoever tests observations
 * says all of it.
 */
export function bareModel(profile: Profile, building: BareBuilding): BuildingModel {
  const { rows } = building;
  const zeros = new Float64Array(rows);
  const single = (values: Float64Array): Float64Array => (profile.float32 ? values.map(Math.fround) : values);
  const named: Record<string, Float64Array> = {};
  const weatherNames = weatherVariables.flatMap((name): WeatherColumn[] => [
    name,
    `${name}_predicted_1`,
    `${name}_predicted_2`,
    `${name}_predicted_3`,
  ]);
  for (const name of [...energyColumns, ...weatherNames, ...pricingNames, 'carbon_intensity'])
    named[name] = single(building.columns[name] ?? zeros);
  const devices: Devices = {
    cooling: noConverter,
    heating: noConverter,
    dhw: { ...noConverter, kind: 'ElectricHeater', efficiency: 0.9 },
    coolingTank: noTank,
    heatingTank: noTank,
    dhwTank: noTank,
    battery: noBattery,
    pvNominalPower: 0,
    ...building.devices,
  };
  const power = devices.pvNominalPower;
  const narrow = profile.float32 && !profile.wideColumns;
  const columns: Columns = {
    named,
    load: named['non_shiftable_load']!,
    coolingDemand: named['cooling_demand']!,
    heatingDemand: named['heating_demand']!,
    dhwDemand: named['dhw_demand']!,
    solar: named['solar_generation']!.map((watts) =>
      narrow ? -Math.fround(Math.fround(Math.fround(power) * watts) / 1000) : -((power * watts) / 1000),
    ),
    price: named['electricity_pricing']!,
    carbon: named['carbon_intensity']!,
    outdoor: named['outdoor_dry_bulb_temperature']!,
  };
  const data: BuildingData = {
    name: 'Building_1',
    className: 'citylearn.citylearn.Building',
    rows,
    energy: named as Record<EnergyColumn, Float64Array>,
    weather: named as Record<WeatherColumn, Float64Array>,
    pricing: named as Record<(typeof pricingNames)[number], Float64Array>,
    carbon: columns.carbon,
    devices: {},
    inactiveObservations: [],
    inactiveActions: [],
    dynamics: null,
    outage: null,
    chargers: [],
    washingMachines: [],
    chargingConstraints: null,
    ...building.data,
  };
  const district: District = {
    name: 'bare',
    secondsPerTimeStep: 3600,
    randomSeed: 0,
    start: 0,
    end: rows - 1,
    buildings: [data],
    observations: building.observations,
    actions: [],
    centralAgent: false,
    episodes: { timeSteps: null, rolling: false, random: false },
    reward: { type: 'RewardFunction', attributes: {} },
    electricVehicles: [],
    hash: '',
  };
  return {
    data,
    district,
    profile,
    rows,
    hoursPerStep: 1,
    devices,
    columns,
    actions: [],
    dynamics: data.dynamics,
    simulatesOutage: false,
    chargers: data.chargers,
    extraFields: data.chargers.length * 8 + 1 + (data.chargingConstraints?.phases.length ?? 0),
  };
}

/** An hour's block of a building, all 0. */
export function emptyHour(model: BuildingModel): Float64Array {
  return new Float64Array(FIXED_FIELDS + model.extraFields);
}
