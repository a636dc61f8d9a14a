import { z } from 'zod';

export const busNumber = z.int().min(1).describe('Number in the case.');

export const caseOption = z
  .string()
  .min(1)
  .default('case33bw')
  .describe('A case that ships and is a radial feeder: case33bw or case69.');

export const panelsOption = z
  .array(z.strictObject({ bus: busNumber, mw: z.number().min(0).max(1000).describe('Rating, MW.') }))
  .max(64)
  .default([
    { bus: 14, mw: 0.5 },
    { bus: 22, mw: 0.5 },
    { bus: 31, mw: 0.5 },
  ])
  .describe('Panels at buses.');

export const bandOption = z
  .strictObject({ low: z.number().min(0.5).max(1).default(0.95), high: z.number().min(1).max(1.5).default(1.05) })
  .prefault({})
  .describe('Voltages that are not paid for, p.u.');

export const violationPrice = z
  .number()
  .min(0)
  .default(500)
  .describe('$ for each p.u. outside of the band, a bus and an hour.');
