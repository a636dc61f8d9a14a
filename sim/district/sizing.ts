import { outputPerInput } from './converter.ts';
import type { Converter } from './model.ts';

/**
 * Nominal power that always meets a demand, kW: `max_t(Q/COP)·safety`, or `max_t(Q/η)·safety`. Source: specs/citylearn.md 5.1, 5.2.
 * @param demand [rows] kWh thermal @param outdoor [rows] °C
 * @param single quotients in float32, as CityLearn's float32 releases have them
 */
export function converterSize(
  converter: Omit<Converter, 'nominalPower'>,
  mode: 'cooling' | 'heating',
  demand: Float64Array,
  outdoor: Float64Array,
  single: boolean,
  safetyFactor: number,
): number {
  const output = outputPerInput({ ...converter, nominalPower: 0 }, mode, outdoor, single);
  return (
    largest(demand.map((kwh, row) => (single ? Math.fround(kwh / output[row]!) : kwh / output[row]!))) * safetyFactor
  );
}

/** Capacity that holds the largest demand of an hour, kWh: `max_t(Q)·safety`. Source: specs/citylearn.md 5.4. @param demand [rows] kWh thermal */
export function tankSize(demand: Float64Array, safetyFactor: number): number {
  return largest(demand) * safetyFactor;
}

/** The largest number, blanks (NaN) apart; 0 where there is none. */
function largest(values: Float64Array): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  return most === -Infinity ? 0 : most;
}
