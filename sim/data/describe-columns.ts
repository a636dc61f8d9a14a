import { weatherVariables } from './dataset.ts';

/** What a file of a CityLearn folder holds; decides its columns. Source: specs/citylearn.md 2, 7, 10. */
export type FileKind =
  'building' | 'weather' | 'carbon intensity' | 'pricing' | 'charger' | 'washing machine' | 'occupant parameters';

/** What one column is: its canonical name (CityLearn ≥ 2.2), unit, and what a cell of it may hold. */
export interface ColumnRule {
  readonly name: string;
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
  readonly whole?: boolean;
  /** Blank cells have a meaning of their own here. */
  readonly blank?: boolean;
  /** May be absent. */
  readonly optional?: boolean;
  /** Names or lists, not numbers. */
  readonly text?: boolean;
}

const forecasts = ['_predicted_1', '_predicted_2', '_predicted_3'];
const calendar = { unit: '–', whole: true } as const;
const energy = { unit: 'kWh', low: 0 } as const;

/** In the order of the old files, whose columns are matched by position. */
const building: readonly ColumnRule[] = [
  { name: 'month', ...calendar, low: 1, high: 12 },
  { name: 'hour', ...calendar, low: 0, high: 24 },
  { name: 'day_type', ...calendar, low: 1, high: 8 },
  { name: 'daylight_savings_status', unit: '0/1', low: 0, high: 1, optional: true },
  { name: 'indoor_dry_bulb_temperature', unit: '°C', blank: true },
  { name: 'average_unmet_cooling_setpoint_difference', unit: '°C', blank: true, optional: true },
  { name: 'indoor_relative_humidity', unit: '%', blank: true, optional: true },
  { name: 'non_shiftable_load', ...energy },
  { name: 'dhw_demand', ...energy },
  { name: 'cooling_demand', ...energy },
  { name: 'heating_demand', ...energy },
  { name: 'solar_generation', unit: 'W/kW', low: 0 },
];
/** Of files since 2.2, by name, in any order. */
const buildingExtras: readonly ColumnRule[] = [
  { name: 'minutes', ...calendar, low: 0, high: 60, optional: true },
  { name: 'occupant_count', unit: 'people', low: 0, blank: true, optional: true },
  { name: 'indoor_dry_bulb_temperature_cooling_set_point', unit: '°C', blank: true, optional: true },
  { name: 'indoor_dry_bulb_temperature_heating_set_point', unit: '°C', blank: true, optional: true },
  { name: 'indoor_dry_bulb_temperature_set_point', unit: '°C', blank: true, optional: true },
  { name: 'hvac_mode', unit: '0…3', low: 0, high: 3, whole: true, optional: true },
  { name: 'power_outage', unit: '0/1', low: 0, high: 1, optional: true },
  { name: 'comfort_band', unit: '°C', low: 0, blank: true, optional: true },
];
/** Behind the twelve of the old files of 2.0 and 2.1, by position. */
const oldExtras: readonly ColumnRule[] = [
  { name: 'occupant_count', unit: 'people', low: 0, blank: true, optional: true },
  { name: 'indoor_dry_bulb_temperature_set_point', unit: '°C', blank: true, optional: true },
  { name: 'hvac_mode', unit: '0…3', low: 0, high: 3, whole: true, optional: true },
  { name: 'power_outage', unit: '0/1', low: 0, high: 1, optional: true },
];

const weather: readonly ColumnRule[] = [
  ...weatherVariables,
  ...weatherVariables.flatMap((variable) => forecasts.map((suffix) => variable + suffix)),
].map((name) =>
  name.includes('temperature')
    ? { name, unit: '°C' }
    : { name, unit: name.includes('humidity') ? '%' : 'W/m²', low: 0 },
);

const charger: readonly ColumnRule[] = [
  { name: 'electric_vehicle_charger_state', unit: '1…3', low: 1, high: 3, whole: true, blank: true },
  { name: 'electric_vehicle_id', unit: '', text: true, blank: true },
  { name: 'electric_vehicle_battery_capacity', unit: 'kWh', low: 0, blank: true },
  { name: 'current_soc', unit: 'kWh', low: 0, blank: true },
  { name: 'electric_vehicle_departure_time', unit: 'steps', blank: true },
  { name: 'electric_vehicle_required_soc_departure', unit: '%', blank: true },
  { name: 'electric_vehicle_estimated_arrival_time', unit: 'steps', blank: true },
  { name: 'electric_vehicle_estimated_soc_arrival', unit: '%', blank: true },
];
const washing: readonly ColumnRule[] = [
  { name: 'day_type', ...calendar, low: 1, high: 8 },
  { name: 'hour', ...calendar, low: 0, high: 24 },
  { name: 'start_time_step', unit: 'step', blank: true },
  { name: 'end_time_step', unit: 'step', blank: true },
  { name: 'load_profile', unit: 'kWh', text: true, blank: true },
];

const others: Readonly<Record<Exclude<FileKind, 'building'>, readonly ColumnRule[]>> = {
  weather,
  pricing: ['', ...forecasts].map((suffix) => ({ name: `electricity_pricing${suffix}`, unit: '$/kWh' })),
  'carbon intensity': [{ name: 'carbon_intensity', unit: 'kg/kWh', low: 0 }],
  charger,
  'washing machine': washing,
  'occupant parameters': ['a_increase', 'b_increase', 'a_decrease', 'b_decrease'].map((name) => ({ name, unit: '–' })),
};

/** Which columns a file has, and whether they are found by their place or by their name. */
export interface FileRules {
  readonly byPosition: boolean;
  readonly columns: readonly ColumnRule[];
  /** By position: how many must be there. */
  readonly needed: number;
}

/** A head is of the older generation when each of its names has a capital; chargers and washing machines go by position in every release. */
export function fileRules(kind: FileKind, head: readonly string[]): FileRules {
  const old = isOldHead(kind, head);
  const columns = kind === 'building' ? [...building, ...(old ? oldExtras : buildingExtras)] : others[kind];
  return {
    byPosition: old || kind === 'charger' || kind === 'washing machine',
    columns,
    needed: kind === 'building' ? building.length : columns.length,
  };
}

/** Whether a head is of CityLearn 1.x … 2.1.2, `Solar Generation [W/kW]`. */
export function isOldHead(kind: FileKind, head: readonly string[]): boolean {
  const series = kind === 'building' || kind === 'weather' || kind === 'pricing' || kind === 'carbon intensity';
  return series && head.length > 0 && head.every((name) => /[A-Z]/.test(name));
}
