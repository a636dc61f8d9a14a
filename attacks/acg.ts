import { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { againField, objectiveField, searchFields, startField, targetField } from './options.ts';
import { controlledSearch } from './search/controlled.ts';
import { apgdCheckpoints, reacgCheckpoints } from './step/checkpoints.ts';
import type { Checkpoints } from './step/checkpoints.ts';
import { conjugate } from './step/rule.ts';
import { targetOf } from './target/index.ts';

const { steps, restarts } = searchFields;
const beta = z.enum(['code', 'textbook', 'zero']).default('code').meta({
  title: 'Beta',
  description:
    'Coefficient of the old direction: as in all public code, with the sign of the textbook, or none, which is sign ascent.',
});
const fields = {
  objective: objectiveField(),
  target: targetField,
  steps,
  restarts,
  start: startField('centre'),
  beta,
  again: againField,
};
const clamp = (on: boolean) =>
  z.boolean().default(on).meta({ title: 'Clamp', description: 'No coefficient of the old direction below 0.' });

/** Conjugate directions instead of gradients, steps halved at Auto-PGD's checkpoints. */
export const acg = define(
  'Auto conjugate gradient',
  'Yamamura et al. (2022), arXiv 2206.09628',
  z.strictObject({ ...fields, clamp: clamp(true) }),
  (options) => conjugateSearch(options, apgdCheckpoints, false),
);

/** ACG with coefficients rescaled where the old direction would prevail, and checkpoints of its own. */
export const reacg = define(
  'Rescaling auto conjugate gradient',
  'Yamamura et al. (2024), "Enhancing Output Diversity Improves Conjugate Gradient-based Adversarial Attacks"',
  z.strictObject({ ...fields, clamp: clamp(false) }),
  (options) => conjugateSearch(options, reacgCheckpoints, true),
);

function conjugateSearch(
  options: z.output<z.ZodObject<typeof fields>> & { readonly clamp: boolean },
  checkpoints: Checkpoints,
  rescale: boolean,
): ObservationAttack {
  return controlledSearch(options, {
    objective: objectiveOf(options.objective),
    target: targetOf(options.target),
    checkpoints,
    step: conjugate({ beta: options.beta, clamp: options.clamp, rescale }),
  });
}
