import { z } from 'zod';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import { runFrequency } from './event-run.ts';
import type { FrequencyRun } from './event-run.ts';
import { LinearSystem } from './linear-system.ts';
import { loadFrequencyModel } from './load-frequency.ts';
import type { DynamicLoad } from './load-frequency.ts';
import { sheddingSchemes } from './shedding.ts';
import type { SheddingScheme } from './shedding.ts';
import { criticalGain, spectralAbscissa } from './stability.ts';
import { powerToReach, stepResponse, systemStates } from './system-response.ts';
import type { StepResponse } from './system-response.ts';

const positive = z.number().positive();
const area = z.strictObject({
  M: positive.describe('inertia: 2H s where frequencies are p.u., 2H/f0 p.u. s/Hz where they are Hz'),
  D: z.number().min(0).describe('load damping'),
  R: positive.describe('droop'),
  Tg: positive.describe('governor lag, s'),
  Tt: positive.describe('turbine lag, s'),
  beta: z.number().min(0).describe('frequency bias of the area control error'),
  Ki: z.number().min(0).default(0).describe('integral gain of the AGC; 0: none'),
});
const place = z.number().int().min(1).default(1);
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
    areas: z.array(area).min(1).max(50).optional(),
    unit: z.enum(['Hz', 'pu']).default('Hz').describe('in which the areas have their frequencies'),
    tie: z
      .array(z.array(z.number().min(0)))
      .optional()
      .describe('synchronising coefficients between areas'),
    loads: z
      .array(z.strictObject({ t: z.number().min(0).default(1), power: z.number(), area: place }))
      .max(1000)
      .default([]),
    shedding: z.union([z.string(), scheme]).default('none'),
    relays: z
      .array(
        z.strictObject({
          window: positive.max(10).default(0.5),
          limit: positive.default(1),
          delay: z.number().min(0).default(0),
          power: z.number().min(0),
        }),
      )
      .max(100)
      .default([]),
    attack: z
      .strictObject({
        sensor: place,
        victim: place,
        gain: z.number().min(0),
        lag: z.number().min(0).default(0),
      })
      .optional()
      .describe('a load that rises when the frequency falls: dP = −gain · frequency'),
    duration: positive.max(3600).default(30),
    sample: positive.default(0.1),
  })
  .refine((study) => study.system === undefined || study.areas === undefined, {
    error: 'either a system or areas, not both',
  });

export type FrequencyStudy = z.output<typeof frequencyStudySchema>;

export interface FrequencyStudyResult {
  readonly run: FrequencyRun;
  /** Of the first step of load, where the system is one machine. */
  readonly response: StepResponse | null;
  /** p.u. that just reach each frequency, Hz: the first stage of shedding among them. */
  readonly reach: Readonly<Record<string, number>>;
  /** Largest real part of an eigenvalue, 1/s, with the attack and without it; the gain at which the attack makes the system unstable. */
  readonly stability: {
    readonly attacked: number;
    readonly clean: number;
    readonly criticalGain: number | null;
  } | null;
}

/** Runs such a study. @throws {ConfigError} @throws {UnknownNameError} of a scheme */
export function runFrequencyStudy(study: FrequencyStudy): FrequencyStudyResult {
  const { f0, duration, sample, relays } = study;
  const shedding = schemeOf(study.shedding);
  const options = { duration, sample, f0, relays, shedding };
  if (study.areas === undefined) {
    const system = frequencyStudySchema.shape.system.parse(study.system ?? {})!;
    if (study.attack !== undefined) throw new ConfigError('an attack that answers to the frequency needs areas');
    const { a, b } = systemStates(system);
    const run = runFrequency(
      new LinearSystem(a, b),
      { frequency: 0, input: 0, unit: f0, sign: 1 },
      { ...options, loads: study.loads },
    );
    const first = study.loads[0];
    const thresholds = [...new Set([f0 - 0.5, ...shedding.stages.slice(0, 1).map(({ threshold }) => threshold)])];
    return {
      run,
      response: first === undefined ? null : stepResponse(system, -first.power),
      reach: Object.fromEntries(thresholds.map((hertz) => [String(hertz), powerToReach(system, f0, hertz)])),
      stability: null,
    };
  }
  const { areas, attack } = study;
  const n = areas.length;
  const tie = study.tie ?? areas.map(() => areas.map(() => 0));
  if (tie.length !== n || tie.some((row) => row.length !== n))
    throw new ConfigError(`tie is ${tie.length} × ${tie[0]?.length}, expected ${n} × ${n} for ${n} areas`);
  for (const at of [
    ...study.loads.map((load) => load.area),
    ...(attack === undefined ? [] : [attack.sensor, attack.victim]),
  ])
    if (at > n) throw new ConfigError(`area ${at} of ${n}`);
  const model = (gain: number): ReturnType<typeof loadFrequencyModel> =>
    loadFrequencyModel(areas, tie, attack === undefined ? [] : [withGain(attack, gain)]);
  const { system, areas: states, a } = model(attack?.gain ?? 0);
  const run = runFrequency(
    system,
    { frequency: states[0]!.frequency, input: 0, unit: study.unit === 'Hz' ? 1 : f0, sign: -1 },
    { ...options, loads: study.loads.map(({ t, power, area: at }) => ({ t, power, input: at - 1 })) },
  );
  return {
    run,
    response: null,
    reach: {},
    stability: {
      attacked: spectralAbscissa(a),
      clean: spectralAbscissa(model(0).a),
      criticalGain: attack === undefined ? null : criticalGain((gain) => model(gain).a),
    },
  };
}

function withGain(attack: NonNullable<FrequencyStudy['attack']>, gain: number): DynamicLoad {
  return { sensor: attack.sensor - 1, victim: attack.victim - 1, gain, lag: attack.lag };
}

function schemeOf(named: FrequencyStudy['shedding']): SheddingScheme {
  if (typeof named !== 'string') return named;
  const found = Object.hasOwn(sheddingSchemes, named) ? sheddingSchemes[named] : undefined;
  if (found === undefined) throw new UnknownNameError('shedding scheme', named, Object.keys(sheddingSchemes));
  return found;
}
