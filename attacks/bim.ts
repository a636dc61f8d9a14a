import { z } from 'zod';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { iterationFields, objectiveField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { relative } from './step/schedule.ts';
import { targetOf } from './target/index.ts';

/** `x_{k+1} = Π(x_k + α sign ∇L(x_k))` from the clean point, α = 1.25 ε / steps. */
export const bim = define(
  'Basic iterative method',
  'Kurakin, Goodfellow, Bengio (2017), arXiv 1607.02533',
  z.strictObject({ objective: objectiveField(), target: targetField, ...iterationFields(1.25) }),
  (options) =>
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
    }),
);
