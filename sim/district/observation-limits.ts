import { outputPerInput } from './converter.ts';
import type { BuildingModel } from './model.ts';

/** v2.0 only: whether solar generation and net consumption are bounded by the raw W/kW column, as CityLearn 2.0.0 does, or by kWh. */
export type Normalisation = 'citylearn-2.0.0' | 'fixed';

/** What an observation space says of one observation. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Least and greatest number of a column; blanks (NaN) are passed over, and a column of nothing else has the limits 0, 0. */
export function dataLimits(values: Float64Array): Limits {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

/** [-a, a] with the largest magnitude of a column. */
function symmetric(values: Float64Array): Limits {
  const { low, high } = dataLimits(values);
  const most = Math.max(-low, high);
  return { low: -most, high: most };
}

const uses = ['cooling', 'heating', 'dhw'] as const;

/** The solar column that limits are made of: kWh, or in old releases W/kW (a defect of theirs: a dictionary entry is overwritten). */
function solarOf({ profile, columns }: BuildingModel, normalisation: Normalisation): Float64Array {
  const raw = profile.alignment === 'split' || (!profile.float32 && normalisation === 'citylearn-2.0.0');
  return raw ? columns.named['solar_generation']! : columns.solar.map(Math.abs);
}

/**
 * Net consumption: `low = min(min(load − (P_bat + pv)), 0)`, `high = max(load + P_cool + P_heat + P_dhw + P_bat − pv)`;
 * v1: `± max|load + 2·demand/η … + P_bat/η − pv|`. In float32 releases every operation is rounded, those with a float64 PV are not.
 * Source: specs/citylearn.md 11.
 */
function netLimits(model: BuildingModel, normalisation: Normalisation): Limits {
  const { profile, devices, columns } = model;
  const { load } = columns;
  const solar = solarOf(model, normalisation);
  const { battery } = devices;
  if (profile.alignment === 'split') {
    return symmetric(
      load.map((kwh, row) => {
        const heat = uses.reduce(
          (sum, use) => sum + (2 * columns[`${use}Demand`][row]!) / devices[use].efficiency,
          kwh,
        );
        return heat + battery.nominalPower / battery.efficiency - solar[row]!;
      }),
    );
  }
  const single = profile.float32 ? Math.fround : Number;
  const wide = profile.float32 && !profile.wideColumns ? Math.fround : Number;
  const lows = load.map((kwh, row) => wide(kwh - wide(wide(battery.nominalPower) + solar[row]!)));
  const highs = load.map((kwh, row) => {
    let most = kwh;
    for (const use of uses) most = single(most + single(devices[use].nominalPower));
    return wide(single(most + single(battery.nominalPower)) - solar[row]!);
  });
  return { low: Math.min(dataLimits(lows).low, 0), high: dataLimits(highs).high };
}

/** kWh electric that a whole column of demand would take. */
function inputFor(model: BuildingModel, use: (typeof uses)[number]): Float64Array {
  const { profile, devices, columns } = model;
  const output = outputPerInput(
    devices[use],
    use === 'cooling' ? 'cooling' : 'heating',
    columns.outdoor,
    profile.float32,
  );
  return columns[`${use}Demand`].map((heat, row) =>
    profile.float32 ? Math.fround(heat / output[row]!) : heat / output[row]!,
  );
}

/**
 * The limits that the observation space gives an observation of the schema, from the whole simulation range and before it is rounded to
 * float32. Source: specs/citylearn.md 11.
 * @param values [rows] the observation's column, null where the simulation decides it: then the file's column of that name
 */
export function observationLimits(
  model: BuildingModel,
  name: string,
  values: Float64Array | null,
  normalisation: Normalisation,
): Limits {
  const { profile, devices, columns } = model;
  const { temperatureDelta, demandFactor } = profile.limits;
  switch (name) {
    case 'net_electricity_consumption':
      return netLimits(model, normalisation);
    case 'solar_generation':
      return dataLimits(solarOf(model, normalisation));
    case 'cooling_storage_soc':
    case 'heating_storage_soc':
    case 'dhw_storage_soc':
    case 'electrical_storage_soc':
    case 'power_outage':
      return { low: 0, high: 1 };
    case 'indoor_dry_bulb_temperature': {
      const { low, high } = dataLimits(columns.named[name]!);
      // v1 has no dynamics, hence no margin.
      return profile.alignment === 'split'
        ? { low, high }
        : { low: low - temperatureDelta, high: high + temperatureDelta };
    }
    case 'indoor_dry_bulb_temperature_cooling_delta':
    case 'indoor_dry_bulb_temperature_heating_delta':
      return { low: -temperatureDelta, high: temperatureDelta };
    case 'indoor_dry_bulb_temperature_delta':
      return { low: 0, high: temperatureDelta };
    case 'comfort_band':
      return { low: 0, high: dataLimits(columns.named[name]!).high };
    case 'cooling_demand':
    case 'heating_demand':
    case 'dhw_demand':
      return { low: 0, high: dataLimits(columns.named[name]!).high * demandFactor };
    case 'electrical_storage_electricity_consumption':
      return { low: -devices.battery.nominalPower, high: devices.battery.nominalPower };
  }
  for (const use of uses) {
    const power = devices[use].nominalPower;
    if (name === `${use}_electricity_consumption`) return { low: 0, high: power };
    if (name === `${use}_storage_electricity_consumption`)
      return { low: -dataLimits(inputFor(model, use)).high, high: power };
    if (name === `${use}_device_efficiency`) {
      const mode = use === 'cooling' ? 'cooling' : 'heating';
      // A heater's efficiency is one number, which no array rounds.
      const single = profile.float32 && devices[use].kind === 'HeatPump';
      return dataLimits(outputPerInput(devices[use], mode, columns.outdoor, single));
    }
  }
  return dataLimits(values ?? columns.named[name]!);
}
