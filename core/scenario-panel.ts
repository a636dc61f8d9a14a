import { z } from 'zod';
import type { Vocabulary } from './vocabulary.ts';

/** The name that a row goes by in results and charts. */
const labelField = (of: string) =>
  z
    .string()
    .min(1)
    .max(60)
    .regex(/^[^/]+$/, 'a label may not contain /')
    .optional()
    .describe(`Name of this row in results and charts; default: the ${of}’s name.`);

/** An attack of a panel, of every kind there is: what it is called, whom it has, what it may change, its own options. */
export function attackEntries(vocabulary: Vocabulary): z.ZodObject[] {
  return Object.entries(vocabulary.attacks).map(([name, definition]) =>
    z
      .strictObject({
        name: z.literal(name),
        label: labelField('attack'),
        compromised: z
          .union([
            z.enum(['all']),
            z.strictObject({ share: z.number().min(0).max(1).describe('Of the buildings, drawn by seed.') }),
            z.strictObject({ buildings: z.array(z.string().min(1)).min(1).describe('By name.') }),
          ])
          .default('all')
          .describe('Which of the buildings the attacker has; the others run clean.'),
        threat:
          definition.threat === null
            ? z
                .strictObject({})
                .prefault({})
                .describe('Empty: it changes actions, within the `bound` of its options, and no observations.')
            : vocabulary.threat
                .prefault(definition.threat ?? {})
                .describe('What the attacker may change, and how far.'),
        config: definition.config.prefault({}).describe('Options of this attack.'),
      })
      .meta({ title: definition.title }),
  );
}

/** A module around a victim, of every kind there is. */
export function moduleEntries(vocabulary: Vocabulary): z.ZodObject[] {
  return Object.entries(vocabulary.modules).map(([name, definition]) =>
    z
      .strictObject({
        name: z.literal(name),
        label: labelField('module'),
        config: definition.config.prefault({}).describe('Options of this module.'),
      })
      .meta({ title: definition.title }),
  );
}

/** A detector on duty, of every kind there is. */
export function detectorEntries(vocabulary: Vocabulary): z.ZodObject[] {
  return Object.entries(vocabulary.detectors).map(([name, definition]) =>
    z
      .strictObject({
        name: z.literal(name),
        label: labelField('detector'),
        alarms_per_month: z
          .number()
          .gt(0)
          .lt(30)
          .default(1)
          .describe('Days of thirty clean ones on which it may raise an alarm; its threshold is set by that.'),
        least_threshold: z
          .number()
          .min(0)
          .default(0.001)
          .describe(
            'A threshold is at least this, in the unit of the score: where clean scores are 0, rounding is no alarm.',
          ),
        config: definition.config.prefault({}).describe('Options of this detector.'),
      })
      .meta({ title: definition.title }),
  );
}
