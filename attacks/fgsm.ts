import { z } from 'zod';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { steepest } from './step/rule.ts';
import { relative } from './step/schedule.ts';
import { targetOf } from './target/index.ts';

/** `x' = Π(x + ε ⊙ sign ∇L(x))`: one full step; under another norm, its steepest ascent. */
export const fgsm = define(
  'Fast gradient sign',
  'Goodfellow, Shlens, Szegedy (2015), arXiv 1412.6572',
  z.strictObject({ objective: objectiveField(), target: targetField }),
  (options) =>
    gradientSearch({
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      schedule: relative(1),
      steps: 1,
      restarts: 1,
      start: 'clean',
      keep: 'last',
      plateau: 'jump',
      box: 'inside',
      step: steepest(true),
    }),
);
