import type { Rng } from '../../../core/rng.ts';
import { weatherVariables, type WeatherColumn, type WeatherVariable } from '../dataset.ts';
import { hoursPerYear, type Calendar } from './calendar.ts';
import { ahead, leads, rounded } from './column.ts';
import { irradianceUnder } from './irradiance.ts';
import type { SunPath } from './sun.ts';

/** The climate's numbers: a warm-summer inland valley. */
const climate = {
  /** °C: the year's mean, and half the difference of July and January. */
  mean: 15.5,
  seasonal: 8.6,
  /** Day of the year (from 0) that is warmest. */
  warmest: 204,
  /** °C: half the difference of day and night, in the year's mean, and what summer adds. */
  diurnal: 4.6,
  diurnalSummer: 1.6,
  /** °C: standard deviation of the fronts. */
  fronts: 3.3,
} as const;

/** Decimals the columns are rounded to, before anything is computed from them. */
const decimals: Readonly<Record<WeatherVariable, number>> = {
  outdoor_dry_bulb_temperature: 2,
  outdoor_relative_humidity: 1,
  diffuse_solar_irradiance: 1,
  direct_solar_irradiance: 1,
};

/**
 * A year of weather [8760 each]: clouds, temperature in °C, humidity in %, irradiance in W/m², and perfect forecasts.
 *
 * AR(1) processes drive it: a front (e-folding time 40 h) that moves clouds, temperature and dew point together, a
 * passing-cloud process (3 h), moisture (60 h) and gusts (5 h). Cover N = logistic(gain · mixture + season). T = seasonal + diurnal harmonics damped by recent N + fronts.
 * Humidity is that of air whose dew point is smooth over the day: RH = 100 e(Tdew) / e(T).
 */
export function makeWeather(calendar: Calendar, sun: SunPath, rng: Rng): Readonly<Record<WeatherColumn, Float64Array>> {
  const front = autoregression(rng.split('front'), 40);
  const passing = autoregression(rng.split('passing'), 3);
  const moisture = autoregression(rng.split('moisture'), 60);
  const gusts = autoregression(rng.split('gusts'), 5);
  const cover = new Float64Array(hoursPerYear);
  const temperature = new Float64Array(hoursPerYear);
  const humidity = new Float64Array(hoursPerYear);
  // Air feels the last few hours: it does not cool in the shadow of one cloud, nor warm by 3 K in an hour.
  let lasting = 0.3;
  let airMass = front[0]!;
  for (let row = 0; row < hoursPerYear; row++) {
    const summer = Math.cos((2 * Math.PI * (calendar.dayOfYear[row]! + (row % 24) / 24 - climate.warmest)) / 365);
    const n = 1 / (1 + Math.exp(-(-0.9 - 1.1 * summer + 2.1 * front[row]! + 1.1 * passing[row]!)));
    cover[row] = n;
    lasting += 0.25 * (n - lasting);
    airMass += 0.25 * (front[row]! - airMass);
    const clock = (2 * Math.PI * ((row % 24) + 0.5)) / 24;
    // The second harmonic makes the morning rise steeper than the evening fall.
    const day = Math.cos(clock - (2 * Math.PI * 15.2) / 24) + 0.16 * Math.cos(2 * clock - (2 * Math.PI * 3) / 12);
    const swing = (climate.diurnal + climate.diurnalSummer * summer) * (1.2 - 0.7 * lasting);
    const base = climate.mean + climate.seasonal * summer - climate.fronts * airMass;
    temperature[row] = base + swing * day - 1.2 * lasting * Math.max(summer, 0) + 0.5 * gusts[row]!;
    // A dew point 5 K (winter) to 14 K (summer) below the day's mean, nearer to it when a front passes.
    const dewPoint = base - 9.5 - 4.2 * summer + 3.6 * lasting + 2.4 * moisture[row]! - 0.5 * gusts[row]!;
    humidity[row] = (100 * vapourPressure(dewPoint)) / vapourPressure(temperature[row]!);
    humidity[row] = Math.min(Math.max(humidity[row]!, 5), 100);
  }
  const light = irradianceUnder(cover, sun);
  const measured: Record<WeatherVariable, Float64Array> = {
    outdoor_dry_bulb_temperature: temperature,
    outdoor_relative_humidity: humidity,
    diffuse_solar_irradiance: light.diffuse,
    direct_solar_irradiance: light.direct,
  };
  return withForecasts(measured);
}

function withForecasts(measured: Record<WeatherVariable, Float64Array>): Record<WeatherColumn, Float64Array> {
  const columns: Partial<Record<WeatherColumn, Float64Array>> = {};
  for (const name of weatherVariables) columns[name] = rounded(measured[name], decimals[name]);
  for (const name of weatherVariables)
    for (const lead of [1, 2, 3] as const) columns[`${name}_predicted_${lead}`] = ahead(measured[name], leads[lead]);
  return columns as Record<WeatherColumn, Float64Array>;
}

/** Standard normal AR(1) [8760] with the given e-folding time in hours, begun in its stationary state. */
export function autoregression(rng: Rng, hours: number): Float64Array {
  const keep = Math.exp(-1 / hours);
  const innovation = Math.sqrt(1 - keep * keep);
  const values = new Float64Array(hoursPerYear);
  let value = rng.normal();
  for (let row = 0; row < hoursPerYear; row++) {
    value = keep * value + innovation * rng.normal();
    values[row] = value;
  }
  return values;
}

/** Saturation vapour pressure over water in hPa at t °C. Source: Magnus form of Alduchov and Eskridge (1996). */
export function vapourPressure(t: number): number {
  return 6.1094 * Math.exp((17.625 * t) / (t + 243.04));
}
