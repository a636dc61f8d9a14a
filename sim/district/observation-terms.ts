import { UnknownNameError } from '../../core/errors.ts';
import { energyColumns, weatherVariables } from '../data/dataset.ts';
import { outputPerInput } from './converter.ts';
import {
  BATTERY_BALANCE,
  BATTERY_CONSUMPTION,
  BATTERY_SOC,
  CONSUMPTION,
  COOLING,
  COOLING_SET_POINT,
  DHW,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  NET,
  POWER_OUTAGE,
  TANK_SOC,
} from './hour.ts';
import type { BuildingModel } from './model.ts';
import { chargerTerms, constraintTerms, isFleetName, washingMachineTerms } from './observation-fleet.ts';
import { observationLimits } from './observation-limits.ts';
import type { Limits, Normalisation } from './observation-limits.ts';
import type { Profile } from './profile.ts';

/** Where an observation's value comes from. Fields are of the hour's block, columns [rows of the range]. */
export type Reading =
  | { readonly kind: 'column'; readonly values: Float64Array }
  | { readonly kind: 'field'; readonly field: number }
  /** kWh thermal that reached the rooms: the device's and what the tank gave */
  | { readonly kind: 'delivered'; readonly block: number }
  /** kWh electric that the tank's balance stands for: balance over [rows] kWh thermal per kWh electric */
  | { readonly kind: 'stored'; readonly block: number; readonly output: Float64Array }
  | { readonly kind: 'difference' | 'distance'; readonly field: number; readonly minus: number };

/** One observation of a building, unnormalised. */
export interface Term extends Limits {
  /** As the profile's release shows it. */
  readonly name: string;
  readonly unit: string;
  /** Whether a central agent is shown it once for all buildings. */
  readonly shared: boolean;
  /** Largest value of a cycle, null: not cyclic. */
  readonly period: number | null;
  /** Whether CityLearn gives it as a float32 (or as an integer), so that it prints as such. */
  readonly float32: boolean;
  readonly reading: Reading;
}

const weatherUnits: Readonly<Record<string, string>> = {
  outdoor_dry_bulb_temperature: '°C',
  outdoor_relative_humidity: '%',
  diffuse_solar_irradiance: 'W/m²',
  direct_solar_irradiance: 'W/m²',
};
const columnUnits: Readonly<Record<string, string>> = {
  indoor_dry_bulb_temperature: '°C',
  average_unmet_cooling_setpoint_difference: '°C',
  indoor_relative_humidity: '%',
  non_shiftable_load: 'kWh',
  dhw_demand: 'kWh',
  cooling_demand: 'kWh',
  heating_demand: 'kWh',
  occupant_count: 'persons',
  indoor_dry_bulb_temperature_cooling_set_point: '°C',
  indoor_dry_bulb_temperature_heating_set_point: '°C',
  comfort_band: '°C',
  carbon_intensity: 'kgCO₂/kWh',
};
const endUses = { cooling: COOLING, heating: HEATING, dhw: DHW } as const;
const endUseNames = Object.keys(endUses) as readonly (keyof typeof endUses)[];
/** Names that some releases use for the same thing. */
const synonyms: Readonly<Record<string, string>> = {
  cooling_device_cop: 'cooling_device_efficiency',
  heating_device_cop: 'heating_device_efficiency',
  indoor_dry_bulb_temperature_set_point: 'indoor_dry_bulb_temperature_cooling_set_point',
};

function unitOf(name: string): string {
  const plain = name.replace(/_predicted_[123]$/, '');
  if (plain === 'electricity_pricing') return '$/kWh';
  return weatherUnits[plain] ?? columnUnits[plain] ?? '1';
}

const forecasts = /_predicted_([123])$/;
const horizons = { 1: '6h', 2: '12h', 3: '24h' } as const;

function shownName(name: string, profile: Profile): string {
  if (profile.forecastNames === 'numbers') return name;
  return name.replace(forecasts, (_, step: '1' | '2' | '3') => `_predicted_${horizons[step]}`);
}

function periodOf(name: string, profile: Profile): number | null {
  switch (name) {
    case 'month':
      return 12;
    case 'day_type':
      return profile.dayTypes;
    case 'hour':
      return 24;
    case 'minutes':
      return profile.kpis === 'head' ? 60 : null;
    default:
      return null;
  }
}

/** What a float32 release gives in float64: a number that it computes from Python's … */
const exact = /_device_efficiency$/;
/** … and in head the columns that noise was added to. */
const wide =
  /_device_efficiency$|_predicted_[123]$|^(solar_generation|carbon_intensity|electricity_pricing|indoor_relative_humidity)$|^indoor_dry_bulb_temperature(_\w+_delta)?$/;

/** The reading and unit of an observation that the simulation decides, undefined where the data do. */
function simulated(name: string, model: BuildingModel): { reading: Reading; unit: string } | undefined {
  const { profile, devices, columns } = model;
  const field = (at: number, unit: string): { reading: Reading; unit: string } => ({
    reading: { kind: 'field', field: at },
    unit,
  });
  const away = (kind: 'difference' | 'distance', minus: number): { reading: Reading; unit: string } => ({
    reading: { kind, field: INDOOR_TEMPERATURE, minus },
    unit: '°C',
  });
  const split = profile.alignment === 'split';
  switch (name) {
    case 'net_electricity_consumption':
      return field(NET, 'kWh');
    case 'electrical_storage_soc':
      return field(BATTERY_SOC, 'fraction');
    case 'electrical_storage_electricity_consumption':
      return field(split ? BATTERY_BALANCE : BATTERY_CONSUMPTION, 'kWh');
    case 'power_outage':
      return field(POWER_OUTAGE, '0 or 1');
    case 'indoor_dry_bulb_temperature':
      return model.dynamics === null ? undefined : field(INDOOR_TEMPERATURE, '°C');
    case 'indoor_dry_bulb_temperature_cooling_set_point':
      return field(COOLING_SET_POINT, '°C');
    case 'indoor_dry_bulb_temperature_heating_set_point':
      return field(HEATING_SET_POINT, '°C');
    case 'indoor_dry_bulb_temperature_cooling_delta':
      return away('difference', COOLING_SET_POINT);
    case 'indoor_dry_bulb_temperature_heating_delta':
      return away('difference', HEATING_SET_POINT);
    case 'indoor_dry_bulb_temperature_delta':
      return away('distance', COOLING_SET_POINT);
  }
  for (const use of endUseNames) {
    const block = endUses[use];
    if (name === `${use}_storage_soc`) return field(block + TANK_SOC, 'fraction');
    // v1 shows the file's demand.
    if (name === `${use}_demand` && !split) return { reading: { kind: 'delivered', block }, unit: 'kWh' };
    if (name === `${use}_electricity_consumption`) return field(block + CONSUMPTION, 'kWh');
    if (name !== `${use}_storage_electricity_consumption`) continue;
    const mode = use === 'cooling' ? 'cooling' : 'heating';
    const output = outputPerInput(devices[use], mode, columns.outdoor, profile.float32);
    // v3 shows what was stored an hour ago, at that hour's coefficient of performance.
    const shown = profile.alignment === 'lagged' ? output.map((_, row) => output[Math.max(row - 1, 0)]!) : output;
    return { reading: { kind: 'stored', block, output: shown }, unit: 'kWh' };
  }
  return undefined;
}

/** The column and unit of an observation that the data decide, undefined for a name that there is not. */
function exogenous(name: string, model: BuildingModel): { values: Float64Array; unit: string } | undefined {
  const { devices, columns } = model;
  if (name === 'solar_generation') return { values: columns.solar.map(Math.abs), unit: 'kWh' };
  for (const use of endUseNames) {
    if (name !== `${use}_device_efficiency`) continue;
    const mode = use === 'cooling' ? 'cooling' : 'heating';
    return { values: outputPerInput(devices[use], mode, columns.outdoor, false), unit: 'kWh/kWh' };
  }
  const values = columns.named[name];
  return values === undefined ? undefined : { values, unit: unitOf(name) };
}

/** Every name that `observationTerms` takes in a schema, for the message about one that it does not. */
function knownNames(model: BuildingModel): string[] {
  const perUse = endUseNames.flatMap((use) =>
    ['storage_soc', 'electricity_consumption', 'storage_electricity_consumption', 'device_efficiency'].map(
      (what) => `${use}_${what}`,
    ),
  );
  const forecast = [...weatherVariables, 'electricity_pricing'].flatMap((name) => [
    name,
    ...[1, 2, 3].map((step) => `${name}_predicted_${step}`),
  ]);
  const others = [
    'carbon_intensity',
    'electrical_storage_soc',
    'electrical_storage_electricity_consumption',
    'net_electricity_consumption',
    'indoor_dry_bulb_temperature_cooling_delta',
    'indoor_dry_bulb_temperature_heating_delta',
  ];
  return [...new Set([...energyColumns, ...forecast, ...perUse, ...others, ...Object.keys(model.columns.named)])];
}

/**
 * A building's observations in CityLearn's order: the schema's active ones, then charging limits, chargers and washing machines.
 * What a building has not (a tank, a heat pump) is observed at size 0, as in CityLearn. Source: specs/citylearn.md 11.
 * @throws {UnknownNameError} for an active observation that there is not.
 */
export function observationTerms(model: BuildingModel, normalisation: Normalisation): readonly Term[] {
  const { data, district, profile } = model;
  const hidden = new Set(data.inactiveObservations);
  const active = district.observations.filter(
    ({ name, active: on }) => on && !hidden.has(name) && !hidden.has(shownName(name, profile)),
  );
  const terms: Term[] = [];
  for (const { name, shared } of active) {
    if (isFleetName(name)) continue;
    const meaning = synonyms[name] ?? name;
    const dynamic = simulated(meaning, model);
    const given = dynamic === undefined ? exogenous(meaning, model) : undefined;
    if (dynamic === undefined && given === undefined) {
      throw new UnknownNameError('observation', name, knownNames(model), {
        file: district.name,
        path: `/observations/${name}`,
      });
    }
    // CityLearn drops `minutes` where the file has no such column.
    if (name === 'minutes' && given!.values.every((value) => Number.isNaN(value))) continue;
    const limits = observationLimits(model, meaning, given?.values ?? null, normalisation);
    terms.push({
      name: shownName(name, profile),
      unit: dynamic?.unit ?? given!.unit,
      shared,
      period: periodOf(name, profile),
      float32: profile.float32 && !(profile.wideColumns ? wide : exact).test(meaning),
      reading: dynamic?.reading ?? { kind: 'column', values: given!.values },
      ...limits,
    });
  }
  const fleetNames = new Set(active.map(({ name }) => name).filter(isFleetName));
  return [
    ...terms,
    ...constraintTerms(model),
    ...chargerTerms(model, fleetNames),
    ...washingMachineTerms(model, fleetNames),
  ];
}
