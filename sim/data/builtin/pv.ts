import type { WeatherColumn } from '../dataset.ts';
import { hoursPerYear } from './calendar.ts';
import type { SunPath } from './sun.ts';

/** A roof's panels. */
export interface PvArray {
  /** kW of panels. */
  readonly nominalPower: number;
  /** Degrees from the horizontal. */
  readonly tilt: number;
  /** Degrees clockwise from north: 180 faces south, 270 west. */
  readonly azimuth: number;
  /** The inverter's limit as a fraction of the panels' nominal power. */
  readonly inverter: number;
}

const degree = Math.PI / 180;
const groundReflectance = 0.2;
/** Wiring, soiling, mismatch and inverter losses together. */
const derating = 0.86;
/** Relative power lost per kelvin of cell temperature above 25 °C, and the nominal operating cell temperature in °C. */
const temperatureLoss = 0.004;
const operatingCell = 45;

/**
 * Generation in W per kW of panels [8760].
 *
 * plane = direct cos θ + diffuse (1 + cos β)/2 + global ρ (1 − cos β)/2; cell = T + (NOCT − 20)/800 · plane;
 * power = min(plane · derating · (1 − 0.004 (cell − 25)), 1000 · inverter).
 * Sources: Liu and Jordan (1963) for the isotropic sky; Duffie and Beckman (2013), 23.3 for the cell temperature.
 */
export function pvGeneration(
  array: PvArray,
  sun: SunPath,
  weather: Readonly<Record<WeatherColumn, Float64Array>>,
): Float64Array {
  const cosTilt = Math.cos(array.tilt * degree);
  const sinTilt = Math.sin(array.tilt * degree);
  const east = sinTilt * Math.sin(array.azimuth * degree);
  const north = sinTilt * Math.cos(array.azimuth * degree);
  const generation = new Float64Array(hoursPerYear);
  for (let row = 0; row < hoursPerYear; row++) {
    const direct = weather.direct_solar_irradiance[row]!;
    const diffuse = weather.diffuse_solar_irradiance[row]!;
    if (diffuse === 0) continue;
    const cosZenith = sun.cosZenith[row]!;
    const incidence = cosTilt * cosZenith + east * sun.east[row]! + north * sun.north[row]!;
    const global = diffuse + direct * cosZenith;
    const plane =
      direct * Math.max(incidence, 0) +
      (diffuse * (1 + cosTilt)) / 2 +
      (global * groundReflectance * (1 - cosTilt)) / 2;
    const cell = weather.outdoor_dry_bulb_temperature[row]! + ((operatingCell - 20) / 800) * plane;
    const power = plane * derating * (1 - temperatureLoss * (cell - 25));
    generation[row] = Math.min(power, 1000 * array.inverter);
  }
  return generation;
}
