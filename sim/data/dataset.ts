/** A district's input data in memory, whatever file generation it came from. All columns are [rows], one row an hour. */

/** Canonical column names are those of CityLearn ≥ 2.2; older files are mapped by position. Units as in the files. */
export type EnergyColumn =
  | 'month'
  | 'hour'
  | 'day_type'
  | 'daylight_savings_status'
  | 'indoor_dry_bulb_temperature'
  | 'average_unmet_cooling_setpoint_difference'
  | 'indoor_relative_humidity'
  | 'non_shiftable_load'
  | 'dhw_demand'
  | 'cooling_demand'
  | 'heating_demand'
  | 'solar_generation';

export const weatherVariables = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
] as const;
export type WeatherVariable = (typeof weatherVariables)[number];
export type WeatherColumn = WeatherVariable | `${WeatherVariable}_predicted_${1 | 2 | 3}`;
export type PricingColumn = 'electricity_pricing' | `electricity_pricing_predicted_${1 | 2 | 3}`;

/** A battery as its schema gives it; a missing attribute takes the profile's default. kWh, kW, fractions. */
export interface BatteryAttributes {
  readonly capacity: number;
  readonly nominalPower: number;
  readonly efficiency?: number | undefined;
  readonly lossCoefficient?: number | undefined;
  readonly capacityLossCoefficient?: number | undefined;
  readonly initialSoc?: number | undefined;
  readonly depthOfDischarge?: number | undefined;
  /** [[x, y], …] */
  readonly powerEfficiencyCurve?: readonly (readonly [number, number])[] | undefined;
  readonly capacityPowerCurve?: readonly (readonly [number, number])[] | undefined;
}

export interface BuildingData {
  readonly name: string;
  readonly rows: number;
  readonly energy: Readonly<Record<EnergyColumn, Float64Array>>;
  readonly weather: Readonly<Record<WeatherColumn, Float64Array>>;
  /** null: no tariff, prices are 0. $/kWh */
  readonly pricing: Readonly<Record<PricingColumn, Float64Array>> | null;
  /** null: no carbon data, intensities are 0. kgCO2/kWh */
  readonly carbon: Float64Array | null;
  readonly battery: BatteryAttributes | null;
  /** Nominal kW; `solar_generation` is W per kW of it. */
  readonly pvNominalPower: number;
}

export interface District {
  readonly name: string;
  readonly secondsPerTimeStep: number;
  readonly randomSeed: number;
  /** Inclusive row range of the simulation. */
  readonly start: number;
  readonly end: number;
  readonly buildings: readonly BuildingData[];
  /** SHA-256, hex, of the bytes that were read (or of the generated columns): the data's identity in a result. */
  readonly hash: string;
}

/** The one way in which `sim/data` touches the outside: the caller (cli, server, test) brings it. */
export interface FolderReader {
  /** For messages: what a person would call this folder. */
  readonly label: string;
  /** Bytes of a file in the folder, gunzipped if only `name.gz` is there; undefined when neither exists. */
  read(name: string): Promise<Uint8Array | undefined>;
}
