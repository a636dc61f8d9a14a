import { ConfigError } from '../../../core/errors.ts';
import { checkAreas } from './area-model.ts';
import type { AreaSystem } from './area-model.ts';
import { AreaHybrid } from './area-hybrid.ts';
import type { AreaEvent } from './area-hybrid.ts';
import type { AreaRecord } from './area-record.ts';
import type { RocofRelay } from './event-run.ts';
import type { FeedbackLoad } from './feedback-load.ts';
import { runHybrid } from './hybrid-run.ts';
import type { HybridEnd } from './hybrid-run.ts';
import type { LoadWaveform } from './load-waveform.ts';
import { classicalMethod, dormandPrince } from './runge-kutta.ts';
import type { Tolerance } from './runge-kutta.ts';
import { checkScheme, noShedding } from './shedding.ts';
import type { SheddingScheme } from './shedding.ts';

/** A relay that takes generation off an area when its frequency stays below or above a bound, Hz, for `delay` s. */
export interface FrequencyTrip {
  readonly area: number;
  readonly side: 'below' | 'above';
  readonly threshold: number;
  readonly delay: number;
  /** p.u. of generation that is lost */
  readonly power: number;
}

export interface AreaRunOptions {
  /** s */
  readonly duration: number;
  /** s between samples */
  readonly sample?: number;
  /** Steps of a fixed length by the classical method, or of the length that the tolerance allows. */
  readonly method?: 'rk4' | 'dopri5';
  /** s, largest step */
  readonly step?: number;
  readonly tolerance?: Tolerance;
  readonly loads?: readonly LoadWaveform[];
  readonly attacks?: readonly FeedbackLoad[];
  /** Acts in each area on its own frequency and load. */
  readonly shedding?: SheddingScheme;
  /** Of which load a stage sheds its share: that of the start, or what there is when it trips. */
  readonly shedBase?: 'initial' | 'atTrip';
  readonly relays?: readonly (RocofRelay & { readonly area: number })[];
  readonly trips?: readonly FrequencyTrip[];
  /** Hz between which plants stay connected; an area beyond has lost them all, and the run ends. */
  readonly survival?: { readonly low: number; readonly high: number };
}

export interface AreaRun {
  /** `blackout`: an area's frequency left what plants survive; `chatter`: events without end at one moment. */
  readonly ended: Exclude<HybridEnd, 'over'> | 'blackout';
  /** s, when it ended */
  readonly end: number;
  readonly events: readonly AreaEvent[];
  /** s, of samples */
  readonly t: Float64Array;
  readonly areas: readonly AreaRecord[];
  /** p.u. of load that was shed, and p.u. s that were not served for it */
  readonly shed: number;
  readonly notServed: number;
}

const defaultTolerance: Tolerance = { relative: 1e-10, absolute: 1e-12 };

/**
 * Runs areas through loads, attacks and relays in the time domain, from event to event.
 * @throws {ConfigError} Source: specs/grid.md 4.2 to 4.6
 */
export function runAreas(system: AreaSystem, options: AreaRunOptions): AreaRun {
  const { duration, sample = 0.1, method = 'rk4', step = method === 'rk4' ? 0.01 : 0.05 } = options;
  const { tolerance = defaultTolerance, shedding = noShedding, attacks = [] } = options;
  checkAreas(system);
  checkScheme(shedding);
  if (!(duration > 0 && sample > 0 && step > 0))
    throw new ConfigError(`a run of ${duration} s with samples every ${sample} s and steps of ${step} s`);
  for (const { low, high, delay, lag, period } of attacks)
    if (!(low <= 0 && high >= 0 && delay >= 0 && lag >= 0 && period >= 0))
      throw new ConfigError(
        `an attack within ${low} and ${high} p.u., delay ${delay} s, lag ${lag} s, period ${period} s`,
      );
  const hybrid = new AreaHybrid(system, { ...options, sample, shedding, attacks });
  // What comes from the past must lie before the step.
  const waits = [...attacks.map(({ delay }) => delay), ...(options.relays ?? []).map(({ window }) => window)];
  const maxStep = Math.min(step, ...waits.filter((wait) => wait > 0));
  const ended = runHybrid(hybrid, new Float64Array(hybrid.n), {
    until: duration,
    maxStep,
    method: method === 'rk4' ? classicalMethod(hybrid.n) : dormandPrince(hybrid.n, tolerance),
  });
  return hybrid.result(ended);
}
