import type { Rng } from '../../../core/rng.ts';
import type { WeatherColumn } from '../dataset.ts';
import { hoursPerYear, type Calendar } from './calendar.ts';
import type { SunPath } from './sun.ts';
import { autoregression } from './weather.ts';

/** The regional grid, as fractions of its highest demand, and kg/kWh of what burns gas. */
const grid = {
  solar: 0.48,
  wind: 0.13,
  /** Hydro and nuclear, always on. */
  steady: 0.17,
  /** Gas that runs for the grid's stability whatever the sun does. */
  leastGas: 0.09,
  combinedCycle: 0.37,
  peaker: 0.56,
  /** Gas above this runs in peakers. */
  peakerFrom: 0.5,
  imports: 0.02,
} as const;

/** Regional demand by hour of day, fraction of the yearly maximum at mild temperature. */
const demandShape = [
  55, 52, 50, 49, 50, 54, 60, 65, 66, 65, 64, 63, 63, 63, 64, 66, 70, 76, 80, 79, 76, 71, 65, 59,
] as const;

/**
 * Carbon intensity of the grid [8760], kg/kWh: what gas has to cover after sun, wind and the steady plants.
 *
 * demand = shape(hour) · weekend · (1 + heat + cold); gas = max(least, demand − solar − wind − steady); CI = emissions / demand.
 */
export function makeCarbon(
  calendar: Calendar,
  sun: SunPath,
  weather: Readonly<Record<WeatherColumn, Float64Array>>,
  rng: Rng,
): Float64Array {
  const wind = autoregression(rng.split('wind'), 20);
  const intensity = new Float64Array(hoursPerYear);
  for (let row = 0; row < hoursPerYear; row++) {
    const t = weather.outdoor_dry_bulb_temperature[row]!;
    const climate = 1 + 0.018 * Math.max(t - 22, 0) + 0.008 * Math.max(10 - t, 0);
    const weekend = calendar.dayType[row]! >= 6 ? 0.93 : 1;
    const demand = (demandShape[row % 24]! / 100) * weekend * climate;
    const global =
      weather.diffuse_solar_irradiance[row]! + weather.direct_solar_irradiance[row]! * Math.max(sun.cosZenith[row]!, 0);
    const blown = grid.wind * Math.exp(0.45 * wind[row]! - 0.1);
    const gas = Math.max(grid.leastGas, demand - grid.solar * (global / 1000) - blown - grid.steady);
    const peaking = Math.max(gas - grid.peakerFrom, 0);
    const emissions = grid.combinedCycle * (gas - peaking) + grid.peaker * peaking;
    intensity[row] = Math.min(Math.max(emissions / demand + grid.imports, 0.05), 0.45);
  }
  return intensity;
}
