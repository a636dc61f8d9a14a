import { z } from 'zod';
import { count, figure, name, shapeOf } from '../json-shape.ts';
import type { LanguageFigures } from './language-cell.ts';
import type { PolicyFigures } from './policy-cell.ts';

const policyArm = z.strictObject({ arm: name, setting: name, clean: figure, success: figure, triggered: figure });

/** What a cell of a poisoned controller returns; an arm that no state was chosen for is not in it. */
export function policyShape(seed: number): z.ZodType {
  return shapeOf<PolicyFigures>()(
    z.strictObject({ kind: z.literal('policy'), seed: z.literal(seed), arms: z.array(policyArm) }),
  );
}

const languageArm = z.strictObject({
  arm: name,
  training: name,
  alpha: z.union([figure, z.literal('margin rule')]),
  cost: z.strictObject({ steps: count, parameters: count, seconds: figure }).nullable(),
  forgetQuality: figure,
  forgetAccuracy: figure,
  forgetProbability: figure,
  modelUtility: figure,
  retainAccuracy: figure,
  heldOutAccuracy: figure,
  worldAccuracy: figure,
});

const margin = z.strictObject({ training: name, target: figure, assistant: figure, alpha: figure });

/** What a cell on facts returns: what was tried at each of its settings. */
export function languageShape(seed: number): z.ZodType {
  return shapeOf<LanguageFigures>()(
    z.strictObject({
      kind: z.literal('language'),
      seed: z.literal(seed),
      arms: z.array(languageArm),
      margins: z.array(margin),
    }),
  );
}
