import { z } from 'zod';
import { constraints } from './index.ts';
import type { ConstraintName } from './index.ts';

const names = Object.keys(constraints) as [ConstraintName, ...ConstraintName[]];

const words = names.map((name) =>
  constraints[name].config.extend({ name: z.literal(name) }).meta({ title: constraints[name].title }),
);

const physical = z
  .strictObject({
    name: z.literal('physical'),
    without: z
      .array(z.enum(names))
      .default([])
      .meta({ title: 'Without', description: 'Constraints of the preset that are left out.' }),
  })
  .meta({ title: 'Preset: everything that physics, clock and tariff say of the observed features' });

/** One constraint of a scenario: its name beside its options. */
export const constraintSchema = z.discriminatedUnion('name', [physical, ...words] as unknown as [
  z.ZodObject,
  ...z.ZodObject[],
]);
