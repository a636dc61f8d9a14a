import { z } from 'zod';

/** Units of a constraint's numbers. */
export function unitsField(what: string) {
  return z.enum(['physical', 'normalised']).default('physical').meta({ title: 'Units', description: what });
}

/** Which features a constraint is about. */
export function featuresField(standard: string) {
  return z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ title: 'Features', description: `Features or groups; empty: ${standard}.` });
}
