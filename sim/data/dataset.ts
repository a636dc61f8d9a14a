/** A district's input data in memory, whatever file generation it came from. All columns are [rows], one row a time step. */

/** Canonical column names are those of CityLearn ≥ 2.2; older files are mapped by position. Units as in the files. */
export const energyColumns = [
  'month',
  'hour',
  'minutes',
  'day_type',
  'daylight_savings_status',
  'indoor_dry_bulb_temperature',
  'average_unmet_cooling_setpoint_difference',
  'indoor_relative_humidity',
  'non_shiftable_load',
  'dhw_demand',
  'cooling_demand',
  'heating_demand',
  'solar_generation',
  'occupant_count',
  'indoor_dry_bulb_temperature_cooling_set_point',
  'indoor_dry_bulb_temperature_heating_set_point',
  'hvac_mode',
  'power_outage',
  'comfort_band',
] as const;
export type EnergyColumn = (typeof energyColumns)[number];

export const weatherVariables = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
] as const;
export type WeatherVariable = (typeof weatherVariables)[number];
export type WeatherColumn = WeatherVariable | `${WeatherVariable}_predicted_${1 | 2 | 3}`;
export type PricingColumn = 'electricity_pricing' | `electricity_pricing_predicted_${1 | 2 | 3}`;

export const deviceKeys = [
  'cooling_device',
  'heating_device',
  'dhw_device',
  'cooling_storage',
  'heating_storage',
  'dhw_storage',
  'electrical_storage',
  'pv',
] as const;
export type DeviceKey = (typeof deviceKeys)[number];
export type DeviceKind = 'HeatPump' | 'ElectricHeater' | 'StorageTank' | 'Battery' | 'PV';

/** [[x, y], …] with ascending x. */
export type CurvePoints = readonly (readonly [number, number])[];

/** A device as its schema gives it, under the schema's names: what is missing or null takes the profile's default. */
export interface DeviceData {
  readonly kind: DeviceKind;
  /** Dotted, as the schema has it: default attributes are drawn from a seed made of it. */
  readonly className: string;
  readonly autosize: boolean;
  readonly autosizeAttributes: Readonly<Record<string, number | null>>;
  /** `capacity`, `nominal_power`, `efficiency`, `power_efficiency_curve`, `random_seed` …; kWh, kW, fractions, °C. */
  readonly attributes: Readonly<Record<string, number | CurvePoints | null>>;
}

/** An LSTM of indoor temperature with its weights; float32 values. Source: specs/citylearn.md 7. */
export interface DynamicsData {
  readonly inputNames: readonly string[];
  /** [inputs], in the order of the names */
  readonly minimum: readonly number[];
  readonly maximum: readonly number[];
  readonly hiddenSize: number;
  /** Rows of one run, L; the window holds L + 1. */
  readonly lookback: number;
  /** One entry a layer: [4H×I], [4H×H], [4H], [4H], row-major, gates i, f, g, o. */
  readonly layers: readonly {
    readonly inputWeights: Float32Array;
    readonly hiddenWeights: Float32Array;
    readonly inputBias: Float32Array;
    readonly hiddenBias: Float32Array;
  }[];
  /** [1×H], [1] */
  readonly outputWeights: Float32Array;
  readonly outputBias: Float32Array;
}

/** Source: specs/citylearn.md 8. */
export interface OutageData {
  readonly simulate: boolean;
  readonly stochastic: boolean;
  /** Class name of the model (last dotted component); null: CityLearn's default. */
  readonly model: string | null;
  readonly attributes: Readonly<Record<string, number | readonly number[] | null>>;
}

/** A charging point and what comes and goes there. Columns [rows]; blank cells NaN. Source: specs/citylearn.md 10. */
export interface ChargerData {
  readonly id: string;
  readonly maxChargingPower: number;
  readonly minChargingPower: number;
  readonly maxDischargingPower: number;
  readonly minDischargingPower: number;
  readonly efficiency: number;
  /** Efficiency by power fraction; null: constant. */
  readonly chargeEfficiencyCurve: CurvePoints | null;
  readonly dischargeEfficiencyCurve: CurvePoints | null;
  /** 1 plugged, 2 incoming, 3 away, NaN blank */
  readonly state: Float64Array;
  /** Name of the car there or coming; '' none. */
  readonly car: readonly string[];
  /** kWh, as the file has it */
  readonly batteryCapacity: Float64Array;
  /** kWh */
  readonly currentSoc: Float64Array;
  /** steps */
  readonly departureTime: Float64Array;
  /** % */
  readonly requiredSocDeparture: Float64Array;
  /** steps */
  readonly estimatedArrivalTime: Float64Array;
  /** % */
  readonly estimatedSocArrival: Float64Array;
}

export interface WashingMachineData {
  readonly name: string;
  readonly dayType: Float64Array;
  readonly hour: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** kWh a step, one profile a row; an empty one where the file has none. */
  readonly profile: readonly (readonly number[])[];
}

export interface ChargingConstraintsData {
  readonly buildingLimitKw: number | null;
  readonly phases: readonly {
    readonly name: string;
    readonly limitKw: number | null;
    readonly chargers: readonly string[];
  }[];
  /** Which of them an agent is shown; absent: headrooms and violation. */
  readonly observations?: { readonly headroom: boolean; readonly violation: boolean; readonly phaseEncoding: boolean };
}

/** An electric vehicle's battery, as the schema's `electric_vehicles_def` has it. */
export interface ElectricVehicleData {
  readonly name: string;
  readonly attributes: Readonly<Record<string, number | CurvePoints | null>>;
}

export interface BuildingData {
  readonly name: string;
  /** Dotted class, as the schema has it; `citylearn.citylearn.Building` where it has none. */
  readonly className: string;
  readonly rows: number;
  readonly energy: Readonly<Record<EnergyColumn, Float64Array>>;
  readonly weather: Readonly<Record<WeatherColumn, Float64Array>>;
  /** null: no tariff, prices are 0. $/kWh */
  readonly pricing: Readonly<Record<PricingColumn, Float64Array>> | null;
  /** null: no carbon data, intensities are 0. kgCO2/kWh */
  readonly carbon: Float64Array | null;
  /** Missing: the building has no such device. */
  readonly devices: Readonly<Partial<Record<DeviceKey, DeviceData>>>;
  readonly inactiveObservations: readonly string[];
  readonly inactiveActions: readonly string[];
  /** null: indoor temperature and demands are the file's. */
  readonly dynamics: DynamicsData | null;
  readonly outage: OutageData | null;
  readonly chargers: readonly ChargerData[];
  readonly washingMachines: readonly WashingMachineData[];
  readonly chargingConstraints: ChargingConstraintsData | null;
}

export interface District {
  readonly name: string;
  readonly secondsPerTimeStep: number;
  readonly randomSeed: number;
  /** Inclusive row range of the simulation. */
  readonly start: number;
  readonly end: number;
  readonly buildings: readonly BuildingData[];
  /** In the schema's order, under canonical names (`…_predicted_1`); the inactive ones too. */
  readonly observations: readonly { readonly name: string; readonly active: boolean; readonly shared: boolean }[];
  readonly actions: readonly { readonly name: string; readonly active: boolean }[];
  readonly centralAgent: boolean;
  readonly episodes: EpisodeData;
  readonly reward: RewardData;
  readonly electricVehicles: readonly ElectricVehicleData[];
  /** SHA-256, hex, of the bytes that were read (or of the generated columns): the data's identity in a result. */
  readonly hash: string;
}

/** How the range is cut into episodes. Source: specs/citylearn.md 3. */
export interface EpisodeData {
  /** null: one, the whole range; a number of rows; or [first row, last row] of each. */
  readonly timeSteps: number | null | readonly (readonly [number, number])[];
  readonly rolling: boolean;
  readonly random: boolean;
}

/** The schema's reward: class name (last dotted component) and attributes. */
export interface RewardData {
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The one way in which `sim/data` touches the outside: the caller (cli, server, test) brings it. */
export interface FolderReader {
  /** For messages: what a person would call this folder. */
  readonly label: string;
  /** Bytes of a file in the folder, gunzipped if only `name.gz` is there; undefined when neither exists. */
  read(name: string): Promise<Uint8Array | undefined>;
}
