import { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { iterationFields, objectiveField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { momentum, nesterov, steepest } from './step/rule.ts';
import type { StepRule } from './step/rule.ts';
import { relative } from './step/schedule.ts';
import { targetOf } from './target/index.ts';

const fields = (stepSize: number) => ({
  objective: objectiveField(),
  target: targetField,
  ...iterationFields(stepSize),
});
const plain = z.strictObject(fields(1.25));
const kept = z.strictObject({
  ...fields(1),
  decay: z.number().min(0).max(10).default(1).meta({ title: 'Decay', description: 'What is kept of the momentum, μ.' }),
});

/** So many steps of equal size from the clean point, once. */
function equalSteps(options: z.output<typeof plain>, step: StepRule): ObservationAttack {
  return gradientSearch({
    objective: objectiveOf(options.objective),
    target: targetOf(options.target),
    schedule: relative(options.stepSize),
    steps: options.steps,
    restarts: 1,
    start: 'clean',
    keep: options.keep,
    plateau: 'jump',
    box: 'inside',
    step,
  });
}

/** `x_{k+1} = Π(x_k + α sign ∇L(x_k))` from the clean point, α = 1.25 ε / steps. */
export const bim = define(
  'Basic iterative method',
  'Kurakin, Goodfellow, Bengio (2017), arXiv 1607.02533',
  plain,
  (options) => equalSteps(options, steepest()),
);

/** `m ← μ m + g / ‖g‖₁`, `x ← Π(x + α sign m)`. */
export const miFgsm = define(
  'Momentum iterative gradient sign',
  'Dong et al. (2018), arXiv 1710.06081',
  kept,
  (options) => equalSteps(options, momentum(options.decay)),
);

/** The same with the gradient taken ahead, at `x + α μ m`. */
export const niFgsm = define(
  'Nesterov iterative gradient sign',
  'Lin et al. (2020), arXiv 1908.06281',
  kept,
  (options) => equalSteps(options, nesterov(options.decay)),
);
