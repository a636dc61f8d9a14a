import { z } from 'zod';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { againField, objectiveField, searchFields, startField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { apgdCheckpoints, reacgCheckpoints, stepControl } from './step/checkpoints.ts';
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
  (options) =>
    gradientSearch({
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      schedule: stepControl(apgdCheckpoints, 2),
      steps: options.steps,
      restarts: options.restarts,
      start: options.start,
      keep: 'best',
      plateau: 'jump',
      atRest: options.again ? 'again' : 'wait',
      box: 'inside',
      step: conjugate({ beta: options.beta, clamp: options.clamp, rescale: false }),
    }),
);

/** ACG with coefficients rescaled where the old direction would prevail, and checkpoints of its own. */
export const reacg = define(
  'Rescaling auto conjugate gradient',
  'Yamamura et al. (2024), "Enhancing Output Diversity Improves Conjugate Gradient-based Adversarial Attacks"',
  z.strictObject({ ...fields, clamp: clamp(false) }),
  (options) =>
    gradientSearch({
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      schedule: stepControl(reacgCheckpoints, 2),
      steps: options.steps,
      restarts: options.restarts,
      start: options.start,
      keep: 'best',
      plateau: 'jump',
      atRest: options.again ? 'again' : 'wait',
      box: 'inside',
      step: conjugate({ beta: options.beta, clamp: options.clamp, rescale: true }),
    }),
);
