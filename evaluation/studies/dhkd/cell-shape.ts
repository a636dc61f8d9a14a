import { z } from 'zod';
import { figure, listOf, shapeOf } from '../json-shape.ts';
import { armNames } from './arms.ts';
import type { Lessons } from './lesson.ts';
import { policyArms, schools } from './policies.ts';
import type { PolicyLesson } from './policies.ts';
import { siegeAttacks } from './policy-siege.ts';

const lesson = z.strictObject({
  arm: z.enum(armNames),
  alpha: figure,
  validation: figure,
  test: figure,
  agreement: figure,
  diverged: z.boolean(),
  conflicts: z.array(z.strictObject({ at: figure, head: figure, backbone: figure })),
  collapse: z
    .strictObject({ variability: figure, norms: figure, angles: figure, duality: figure, disagreement: figure })
    .nullable(),
});

/** What a cell of lessons returns, as JSON has it. */
export const lessonsShape = shapeOf<Lessons>()(z.strictObject({ teacher: figure, lessons: z.array(lesson) }));

const siege = z.strictObject({ attack: z.enum(siegeAttacks), success: figure, regret: figure });
const standing = {
  attackSuccess: figure,
  return: figure,
  sieges: listOf(siege, siegeAttacks, ({ attack }) => attack),
};
const apprentice = z.strictObject({
  ...standing,
  arm: z.enum(policyArms),
  teacher: z.enum(['plain', 'hardened']),
  hardened: z.boolean(),
  agreement: figure,
  r2Q: figure,
  r2V: figure,
  r2VFitted: figure,
});
const schoolOf = ({ teacher, hardened }: { readonly teacher: string; readonly hardened: boolean }): string =>
  `${teacher} teacher${hardened ? ', under attack' : ''}`;

/** What a cell of policies returns, as JSON has it: both teachers, and a student of every school and arm. */
export const policyShape = shapeOf<PolicyLesson>()(
  z.strictObject({
    plain: z.strictObject(standing),
    hardened: z.strictObject({
      ...standing,
      agreement: figure,
      r2Q: figure,
    }),
    apprentices: listOf(
      apprentice,
      schools.flatMap((school) => policyArms.map((arm) => `${arm}, ${schoolOf(school)}`)),
      ({ arm, ...school }) => `${arm}, ${schoolOf(school)}`,
    ),
  }),
);
