import { ConfigError } from '../../../core/errors.ts';
import type { z } from 'zod';
import type { AreaModel, AreaSystem } from './area-model.ts';
import { machineArea } from './area-model.ts';
import { runAreas } from './area-run.ts';
import type { AreaRun, AreaRunOptions } from './area-run.ts';
import type { FrequencyStudy } from './event-study.ts';
import type { LimiterBounds } from './limiter.ts';
import type { LoadWaveform } from './load-waveform.ts';
import type { SheddingScheme } from './shedding.ts';
import type { areaSchema, loadSchema } from './study-parts.ts';
import type { SystemParameters } from './system-response.ts';

type StudyArea = z.output<typeof areaSchema>;

/** Whether a study has to be integrated: it says so, or has something that is not linear. @throws {ConfigError} for `exact` where something is not */
export function isTimeStudy(
  { method, areas = [], loads, attack, relays, trips, survival, shedBase }: FrequencyStudy,
  shedding: SheddingScheme,
): boolean {
  const nonlinear =
    areas.some(({ deadband, valve, turbine, agc }) => (deadband ?? valve ?? turbine ?? agc) !== undefined) ||
    loads.some(({ kind }) => kind !== 'step') ||
    (attack !== undefined &&
      (attack.delay > 0 ||
        attack.period > 0 ||
        attack.from > 0 ||
        attack.low !== undefined ||
        attack.high !== undefined)) ||
    // The exact solution has relays in the first area alone.
    (areas.length > 1 && relays.length + shedding.stages.length > 0) ||
    trips.length > 0 ||
    survival !== undefined ||
    shedBase !== 'initial';
  if (nonlinear && method === 'exact')
    throw new ConfigError(
      'method exact needs all to be linear, and relays in one area: leave it out, or say rk4 or dopri5',
    );
  return nonlinear || (method !== undefined && method !== 'exact');
}

/** The areas of a study, or its one machine. */
export function areaSystemOf(study: FrequencyStudy, machine: SystemParameters): AreaSystem {
  const { f0, areas, unit } = study;
  if (areas === undefined) return { areas: [machineArea(machine)], tie: [[0]], f0, unit: f0 };
  const tie = study.tie ?? areas.map(() => areas.map(() => 0));
  return { areas: areas.map(modelOf), tie, f0, unit: unit === 'Hz' ? 1 : f0 };
}

/** Its relays of the slope, areas from 0. */
export function relaysOf({ relays }: FrequencyStudy): NonNullable<AreaRunOptions['relays']> {
  return relays.map((relay) => ({ ...relay, area: relay.area - 1 }));
}

/** Runs a study in the time domain. @param gain of its attack */
export function runTimeStudy(
  study: FrequencyStudy,
  machine: SystemParameters,
  shedding: SheddingScheme,
  gain: number,
): AreaRun {
  const { attack, method, step, survival } = study;
  return runAreas(areaSystemOf(study, machine), {
    duration: study.duration,
    sample: study.sample,
    shedding,
    shedBase: study.shedBase,
    loads: study.loads.map(waveformOf),
    relays: relaysOf(study),
    trips: study.trips.map((trip) => ({ ...trip, area: trip.area - 1 })),
    ...(method === undefined || method === 'exact' ? {} : { method }),
    ...(step === undefined ? {} : { step }),
    ...(survival === undefined ? {} : { survival }),
    attacks:
      attack === undefined
        ? []
        : [
            {
              sensor: attack.sensor - 1,
              victim: attack.victim - 1,
              gain,
              lag: attack.lag,
              delay: attack.delay,
              period: attack.period,
              low: attack.low ?? -Infinity,
              high: attack.high ?? Infinity,
              from: attack.from,
            },
          ],
  });
}

function boundsOf(limits: StudyArea['valve']): LimiterBounds {
  const { min = -Infinity, max = Infinity, fall = -Infinity, rise = Infinity } = limits ?? {};
  return { min, max, fall, rise };
}

function modelOf({ M, D, R, Tg, Tt, beta, Ki, load, deadband, valve, turbine, agc }: StudyArea): AreaModel {
  return {
    M,
    D,
    beta,
    Ki,
    load,
    ...(agc === undefined ? {} : { agc: { ...agc, limit: agc.limit ?? Infinity } }),
    units: [
      {
        R,
        Tg,
        Tt,
        participation: 1,
        ...(deadband === undefined ? {} : { deadband }),
        ...(valve === undefined ? {} : { valve: boundsOf(valve) }),
        ...(turbine === undefined ? {} : { turbine: boundsOf(turbine) }),
      },
    ],
  };
}

function waveformOf(load: z.output<typeof loadSchema>, index: number): LoadWaveform {
  const { kind, t, power, over, width, period, until = Infinity, back = -power } = load;
  const common = { t, power, area: load.area - 1 };
  const needed = (value: number | undefined, name: string): number => {
    if (value === undefined) throw new ConfigError(`load ${index + 1} is a ${kind} without ${name}`);
    return value;
  };
  if (kind === 'step') return { ...common, kind };
  if (kind === 'ramp') return { ...common, kind, over: needed(over, 'over') };
  if (kind === 'pulse') return { ...common, kind, width: needed(width, 'width') };
  if (kind === 'sine') return { ...common, kind, period: needed(period, 'period'), until };
  return { ...common, kind, period: needed(period, 'period'), until, back };
}
