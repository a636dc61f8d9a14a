import { z } from 'zod';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import type { AreaEvent } from './area-hybrid.ts';
import type { AreaRun } from './area-run.ts';
import { runFrequency } from './event-run.ts';
import type { FrequencyEvent, FrequencyPlace, FrequencyRun } from './event-run.ts';
import { LinearSystem } from './linear-system.ts';
import { loadFrequencyModel } from './load-frequency.ts';
import type { DynamicLoad, LoadFrequencyModel } from './load-frequency.ts';
import { modalGain, modesOf } from './modes.ts';
import type { Mode } from './modes.ts';
import { sheddingSchemes } from './shedding.ts';
import type { SheddingScheme } from './shedding.ts';
import { criticalGain, spectralAbscissa } from './stability.ts';
import { areaSchema, attackSchema, loadSchema, place, timeParts } from './study-parts.ts';
import { powerToReach, stepResponse, systemStates } from './system-response.ts';
import type { StepResponse, SystemParameters } from './system-response.ts';
import { isTimeStudy, runTimeStudy } from './time-study.ts';

const positive = z.number().positive();
const stage = z.strictObject({ threshold: positive, share: positive.max(1) });
const scheme = z.strictObject({
  stages: z.array(stage).max(100),
  delay: z.number().min(0).default(0.1),
  pickUp: z
    .discriminatedUnion('by', [
      z.strictObject({ by: z.literal('frequency') }),
      z.strictObject({
        by: z.literal('margin'),
        shape: z.enum(['L', 'ellipse']),
        limit: positive,
        margins: z.array(positive),
      }),
    ])
    .default({ by: 'frequency' }),
});

/**
 * What happens to a system's frequency after an event, as one document: the system (one equivalent machine, or control areas), steps of load, the relays that answer, and a load
 * that answers to the frequency (an attack).
 */
export const frequencyStudySchema = z
  .strictObject({
    f0: positive.default(50).describe('Hz'),
    system: z
      .strictObject({
        H: positive.default(4).describe('inertia constant, s'),
        D: z.number().min(0).default(1).describe('load damping, p.u.'),
        R: positive.default(0.05).describe('droop, p.u.'),
        Km: positive.default(0.95).describe('mechanical power gain: the spinning share'),
        FH: z.number().min(0).max(1).default(0.3).describe('share of the high-pressure turbine'),
        TR: positive.default(8).describe('reheat time, s'),
      })
      .optional(),
    areas: z.array(areaSchema).min(1).max(50).optional(),
    unit: z.enum(['Hz', 'pu']).default('Hz').describe('in which the areas have their frequencies'),
    tie: z
      .array(z.array(z.number().min(0)))
      .optional()
      .describe('synchronising coefficients between areas'),
    loads: z.array(loadSchema).max(1000).default([]),
    shedding: z.union([z.string(), scheme]).default('none'),
    relays: z
      .array(
        z.strictObject({
          window: positive.max(10).default(0.5),
          limit: positive.default(1),
          delay: z.number().min(0).default(0),
          power: z.number().min(0),
          area: place,
        }),
      )
      .max(100)
      .default([]),
    attack: attackSchema.optional().describe('a load that rises when the frequency falls: dP = −gain · frequency'),
    ...timeParts,
    duration: positive.max(3600).default(30),
    sample: positive.default(0.1),
  })
  .refine(({ attack }) => attack === undefined || (attack.gain === undefined) !== (attack.mode === undefined), {
    error: 'an attack has a gain, or a mode that it destabilises',
    path: ['attack'],
  })
  .refine((study) => study.system === undefined || study.areas === undefined, {
    error: 'either a system or areas, not both',
  });

export type FrequencyStudy = z.output<typeof frequencyStudySchema>;

/** A run of a study: of its first area, and where it was integrated of all. */
export interface StudyRun extends Omit<FrequencyRun, 'events'> {
  readonly events: readonly (FrequencyEvent | AreaEvent)[];
  /** null: the exact solution of the first area */
  readonly time: Pick<AreaRun, 'ended' | 'end' | 'areas' | 'notServed'> | null;
}

/** A mode, and the gain at which the attack destabilises it; null: at none. */
export interface AttackedMode extends Mode {
  readonly gain: number | null;
}

export interface FrequencyStudyResult {
  readonly run: StudyRun;
  /** Of the first step of load, where the system is one machine. */
  readonly response: StepResponse | null;
  /** p.u. that just reach each frequency, Hz: the first stage of shedding among them. */
  readonly reach: Readonly<Record<string, number>>;
  /**
   * Of the linear model: largest real part of an eigenvalue, 1/s, with the attack's gain and without; the gain at which the attack makes the system unstable; its modes.
   */
  readonly stability: {
    readonly attacked: number;
    readonly clean: number;
    readonly gain: number | null;
    readonly criticalGain: number | null;
    readonly modes: readonly AttackedMode[];
  } | null;
}

/** Runs such a study. @throws {ConfigError} @throws {UnknownNameError} of a scheme */
export function runFrequencyStudy(study: FrequencyStudy): FrequencyStudyResult {
  const { f0 } = study;
  const shedding = schemeOf(study.shedding);
  const machine = machineOf(study);
  const isTime = isTimeStudy(study, shedding);
  if (study.areas === undefined) {
    if (study.attack !== undefined) throw new ConfigError('an attack that answers to the frequency needs areas');
    const { a, b } = systemStates(machine);
    const run = isTime
      ? ofFirstArea(runTimeStudy(study, machine, shedding, 0))
      : exactRun(study, shedding, new LinearSystem(a, b), { frequency: 0, input: 0, unit: f0, sign: 1 });
    const first = study.loads[0];
    const thresholds = [...new Set([f0 - 0.5, ...shedding.stages.slice(0, 1).map(({ threshold }) => threshold)])];
    return {
      run,
      response: first?.kind === 'step' ? stepResponse(machine, -first.power) : null,
      reach: Object.fromEntries(thresholds.map((hertz) => [String(hertz), powerToReach(machine, f0, hertz)])),
      stability: null,
    };
  }
  const { areas, attack } = study;
  const n = areas.length;
  const tie = study.tie ?? areas.map(() => areas.map(() => 0));
  if (tie.length !== n || tie.some((row) => row.length !== n))
    throw new ConfigError(`tie is ${tie.length} × ${tie[0]?.length}, expected ${n} × ${n} for ${n} areas`);
  for (const at of [
    ...[...study.loads, ...study.relays, ...study.trips].map(({ area }) => area),
    ...(attack === undefined ? [] : [attack.sensor, attack.victim]),
  ])
    if (at > n) throw new ConfigError(`area ${at} of ${n}`);
  const model = (gain: number): ReturnType<typeof loadFrequencyModel> =>
    loadFrequencyModel(areas, tie, attack === undefined ? [] : [withGain(attack, gain)]);
  const matrix = (gain: number): LoadFrequencyModel['a'] => model(gain).a;
  const modes = modesOf(matrix(0)).map((mode) => ({
    ...mode,
    gain: attack === undefined ? null : modalGain(matrix, mode),
  }));
  const gain = attack === undefined ? 0 : gainOf(attack, modes);
  const { system, areas: states, a } = model(gain);
  const run = isTime
    ? ofFirstArea(runTimeStudy(study, machine, shedding, gain))
    : exactRun(study, shedding, system, {
        frequency: states[0]!.frequency,
        input: 0,
        unit: study.unit === 'Hz' ? 1 : f0,
        sign: -1,
      });
  return {
    run,
    response: null,
    reach: {},
    stability: {
      attacked: spectralAbscissa(a),
      clean: spectralAbscissa(matrix(0)),
      gain: attack === undefined ? null : gain,
      criticalGain: attack === undefined ? null : criticalGain(matrix),
      modes,
    },
  };
}

/** The one machine of a study. */
export function machineOf(study: FrequencyStudy): SystemParameters {
  return frequencyStudySchema.shape.system.parse(study.system ?? {})!;
}

function exactRun(
  study: FrequencyStudy,
  shedding: SheddingScheme,
  system: LinearSystem,
  place: FrequencyPlace,
): StudyRun {
  const { duration, sample, f0, relays } = study;
  const loads = study.loads.map(({ t, power, area }) => ({ t, power, input: area - 1 }));
  return { ...runFrequency(system, place, { duration, sample, f0, relays, shedding, loads }), time: null };
}

function ofFirstArea({ areas, events, t, shed, ended, end, notServed }: AreaRun): StudyRun {
  return { ...areas[0]!, events, t, shed, time: { ended, end, areas, notServed } };
}

/** The gain of an attack: its own, or what destabilises the mode that it chose. */
function gainOf({ gain, mode, margin }: NonNullable<FrequencyStudy['attack']>, modes: readonly AttackedMode[]): number {
  if (gain !== undefined) return gain;
  const chosen = modes[mode! - 1];
  if (chosen === undefined) throw new ConfigError(`mode ${mode} of ${modes.length}`);
  if (chosen.gain === null) throw new ConfigError(`mode ${mode} is destabilised by no gain of this attack`);
  return margin * chosen.gain;
}

function withGain(attack: NonNullable<FrequencyStudy['attack']>, gain: number): DynamicLoad {
  return { sensor: attack.sensor - 1, victim: attack.victim - 1, gain, lag: attack.lag };
}

/** The scheme that a study names, or has. @throws {UnknownNameError} */
export function schemeOf(named: FrequencyStudy['shedding']): SheddingScheme {
  if (typeof named !== 'string') return named;
  const found = Object.hasOwn(sheddingSchemes, named) ? sheddingSchemes[named] : undefined;
  if (found === undefined) throw new UnknownNameError('shedding scheme', named, Object.keys(sheddingSchemes));
  return found;
}
