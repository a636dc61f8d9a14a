import { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { iterationFields, objectiveField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { momentum, nesterov } from './step/rule.ts';
import type { StepRule } from './step/rule.ts';
import { relative } from './step/schedule.ts';
import { targetOf } from './target/index.ts';

const config = z.strictObject({
  objective: objectiveField(),
  target: targetField,
  ...iterationFields(1),
  decay: z.number().min(0).max(10).default(1).meta({ title: 'Decay', description: 'What is kept of the momentum, μ.' }),
});

const search =
  (rule: (decay: number) => StepRule) =>
  (options: z.output<typeof config>): ObservationAttack =>
    gradientSearch({
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      schedule: relative(options.stepSize),
      steps: options.steps,
      restarts: 1,
      start: 'clean',
      keep: options.keep,
      plateau: 'jump',
      box: 'inside',
      step: rule(options.decay),
    });

/** `m ← μ m + g / ‖g‖₁`, `x ← Π(x + α sign m)`. */
export const miFgsm = define(
  'Momentum iterative gradient sign',
  'Dong et al. (2018), arXiv 1710.06081',
  config,
  search(momentum),
);

/** The same with the gradient taken ahead, at `x + α μ m`. */
export const niFgsm = define(
  'Nesterov iterative gradient sign',
  'Lin et al. (2020), arXiv 1908.06281',
  config,
  search(nesterov),
);
