import { z } from 'zod';

const positive = z.number().positive();
export const place = z.number().int().min(1).default(1);
const limits = z.strictObject({
  min: z.number().max(0).optional().describe('p.u. below the operating point'),
  max: z.number().min(0).optional().describe('p.u. above it'),
  fall: z.number().negative().optional().describe('p.u./s'),
  rise: positive.optional().describe('p.u./s'),
});

/** A control area as a study has it: linear where none of the optional parts is there. */
export const areaSchema = z.strictObject({
  M: positive.describe('inertia: 2H s where frequencies are p.u., 2H/f0 p.u. s/Hz where they are Hz'),
  D: z.number().min(0).describe('load damping'),
  R: positive.describe('droop'),
  Tg: positive.describe('governor lag, s'),
  Tt: positive.describe('turbine lag, s'),
  beta: z.number().min(0).describe('frequency bias of the area control error'),
  Ki: z.number().min(0).default(0).describe('integral gain of the AGC; 0: none'),
  load: positive.default(1).describe('load at the start, p.u.: shares of shedding are shares of it'),
  deadband: z
    .strictObject({ width: positive.describe('half of it, Hz'), shape: z.enum(['offset', 'step']).default('offset') })
    .optional(),
  valve: limits.optional().describe('range and rate of the valve'),
  turbine: limits.optional().describe('range of the turbine, and generation-rate constraint'),
  agc: z
    .strictObject({
      period: positive.default(4).describe('s between readings'),
      delay: z.number().min(0).default(0).describe('s until a command arrives'),
      limit: positive.optional().describe('p.u.'),
    })
    .optional()
    .describe('AGC that reads now and then and holds; absent: it integrates all the time'),
});

/** Load that is added over time. */
export const loadSchema = z.strictObject({
  kind: z.enum(['step', 'ramp', 'pulse', 'square', 'sine']).default('step'),
  t: z.number().min(0).default(1),
  power: z.number(),
  area: place,
  over: positive.optional().describe('ramp: s until it is there'),
  width: positive.optional().describe('pulse: s'),
  period: positive.optional().describe('square, sine: s'),
  until: positive.optional().describe('square, sine: s, when it ends'),
  back: z.number().optional().describe('square: p.u. in the other half; default: −power'),
});

/** A load that answers to an area's frequency. */
export const attackSchema = z.strictObject({
  sensor: place,
  victim: place,
  gain: z.number().min(0).optional(),
  mode: z.number().int().min(1).optional().describe('in place of a gain: the mode that it destabilises, as listed'),
  margin: positive.default(1.1).describe('of the gain at which that mode crosses'),
  lag: z.number().min(0).default(0),
  delay: z.number().min(0).default(0).describe('s, of the measurement'),
  period: z.number().min(0).default(0).describe('s between readings; 0: all the time'),
  low: z.number().max(0).optional().describe('p.u. that it can drop'),
  high: z.number().min(0).optional().describe('p.u. that it can raise'),
  from: z.number().min(0).default(0).describe('s'),
});

/** What needs the time domain, beside areas: relays that take generation off, and bounds of survival. */
export const timeParts = {
  method: z.enum(['exact', 'rk4', 'dopri5']).optional().describe('default: exact where all is linear, else rk4'),
  step: positive.max(1).optional().describe('s, largest step of rk4 and dopri5'),
  trips: z
    .array(
      z.strictObject({
        area: place,
        side: z.enum(['below', 'above']),
        threshold: positive.describe('Hz'),
        delay: z.number().min(0).default(0),
        power: z.number().min(0).describe('p.u. of generation'),
      }),
    )
    .max(100)
    .default([]),
  survival: z
    .strictObject({ low: positive, high: positive })
    .optional()
    .describe('Hz between which plants stay connected: beyond is a blackout'),
  shedBase: z.enum(['initial', 'atTrip']).default('initial'),
};
