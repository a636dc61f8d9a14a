import { ConfigError, assertLength } from '../../../core/errors.ts';
import type { ControlArea } from './load-frequency.ts';
import type { LimiterBounds } from './limiter.ts';
import type { SystemParameters } from './system-response.ts';

/** A dead-band of a governor around the nominal frequency: beyond it the governor sees what is beyond (`offset`), or all of the deviation at once (`step`). */
export interface Deadband {
  /** Half of its width, Hz. */
  readonly width: number;
  readonly shape: 'offset' | 'step';
}

/** A generating unit of an area: governor and valve (Tg), turbine (Tt), reheater. Powers are deviations from the operating point, p.u. */
export interface GeneratingUnit {
  /** Droop, in the area's unit of frequency per p.u. */
  readonly R: number;
  /** s; 0: none */
  readonly Tg: number;
  readonly Tt: number;
  /** Share of the high-pressure stage, and the reheater's lag, s. */
  readonly reheat?: { readonly FH: number; readonly TR: number };
  /** Part of the area's AGC that it follows; those of an area add up to 1. */
  readonly participation: number;
  readonly deadband?: Deadband;
  /** Range of the valve, and how fast it opens and closes, p.u./s. */
  readonly valve?: LimiterBounds;
  /** Range of the turbine's power, and its generation-rate constraint, p.u./s. */
  readonly turbine?: LimiterBounds;
}

/** AGC as control centres have it: the control error is read every `period` s, its integral is sent out, arrives after `delay` s, and is held. */
export interface SampledAgc {
  readonly period: number;
  readonly delay: number;
  /** Most that it asks for, p.u., up or down. */
  readonly limit: number;
}

/** A control area with parts that are not linear. */
export interface AreaModel {
  readonly M: number;
  readonly D: number;
  readonly beta: number;
  /** 1/s; 0: no AGC */
  readonly Ki: number;
  /** Absent: the AGC integrates all the time. */
  readonly agc?: SampledAgc;
  readonly units: readonly GeneratingUnit[];
  /** p.u. of load at the start: what shares of shedding are shares of. */
  readonly load: number;
}

/** Areas, and what couples them. */
export interface AreaSystem {
  readonly areas: readonly AreaModel[];
  /** [areas, areas] as in `loadFrequencyModel` */
  readonly tie: readonly (readonly number[])[];
  /** Hz */
  readonly f0: number;
  /** Hz that 1 of the areas' frequencies is */
  readonly unit: number;
}

/** An area of `loadFrequencyModel` as one of these: one unit, nothing limited. */
export function linearArea({ M, D, R, Tg, Tt, beta, Ki }: ControlArea, load = 1): AreaModel {
  return { M, D, beta, Ki, units: [{ R, Tg, Tt, participation: 1 }], load };
}

/** One equivalent machine with reheat as an area: nothing ahead of its reheater lags. */
export function machineArea({ H, D, R, Km, FH, TR }: SystemParameters): AreaModel {
  const unit = { R: R / Km, Tg: 0, Tt: 0, reheat: { FH, TR }, participation: 1 };
  return { M: 2 * H, D, beta: 0, Ki: 0, units: [unit], load: 1 };
}

/** @throws {ConfigError} for a limit of a lag that is not there, ranges without the operating point, participations that do not add up to 1 */
export function checkAreas({ areas, tie }: AreaSystem): void {
  assertLength(tie, areas.length, 'tie', 'AreaSystem');
  for (const row of tie) assertLength(row, areas.length, 'a row of tie', 'AreaSystem');
  for (const [i, { M, agc, units, Ki }] of areas.entries()) {
    const where = `area ${i + 1}`;
    if (!(M > 0)) throw new ConfigError(`${where}: M is ${M}, expected above 0`);
    if (units.length === 0) throw new ConfigError(`${where} has no unit`);
    const shares = units.reduce((sum, unit) => sum + unit.participation, 0);
    if (Ki !== 0 && Math.abs(shares - 1) > 1e-9)
      throw new ConfigError(`${where}: participations add up to ${shares}, expected 1`);
    if (agc !== undefined && !(agc.period > 0 && agc.delay >= 0))
      throw new ConfigError(`${where}: AGC every ${agc.period} s after ${agc.delay} s, expected above 0 and from 0`);
    for (const { Tg, Tt, valve, turbine } of units)
      for (const [name, lag, bounds] of [
        ['valve', Tg, valve],
        ['turbine', Tt, turbine],
      ] as const) {
        if (bounds === undefined) continue;
        if (!(lag > 0))
          throw new ConfigError(`${where}: a ${name} with limits and a lag of ${lag} s, expected above 0`);
        const { min, max, fall, rise } = bounds;
        if (!(min <= 0 && max >= 0 && min < max && fall < 0 && rise > 0))
          throw new ConfigError(
            `${where}: ${name} within ${min} and ${max} p.u., ${fall} and ${rise} p.u./s: expected ranges around 0`,
          );
      }
  }
}
