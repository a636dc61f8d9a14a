import { z } from 'zod';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { gradientSearch } from './search/gradient-loop.ts';
import { halving } from './step/schedule.ts';
import { targetOf } from './target/index.ts';

/**
 * The paper's `myPGD`, replicated: from the clean point, halving steps, no restarts, the last iterate, the box applied only
 * after the loop. With objective `paper-untargeted` or `paper-grouped-margin` it is the run of the paper's tables.
 */
export const paperPgd = define(
  'myPGD, as the paper ran it',
  'myPGD.ipynb and "myPGD discrete.ipynb" of RMC-AIvsAI/Art-of-CityLearn-Copy (arXiv 2407.05182)',
  z.strictObject({
    objective: objectiveField('paper-untargeted'),
    target: targetField,
    steps: z.int().min(1).max(100_000).default(100).meta({ title: 'Steps', description: 'Gradients.' }),
    stepSize: z
      .number()
      .positive()
      .max(1e6)
      .default(0.01)
      .meta({ title: 'Step size', description: 'First step, in normalised units.' }),
    decay: z
      .number()
      .positive()
      .max(1)
      .default(0.5)
      .meta({ title: 'Decay', description: 'Factor on the step at the start of each division.' }),
    divisions: z.int().min(1).max(1000).default(4).meta({
      title: 'Divisions',
      description: 'How often the step decays; the first time after the very first step.',
    }),
  }),
  (options) =>
    gradientSearch({
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      schedule: halving(options.stepSize, options.decay, options.divisions),
      steps: options.steps,
      restarts: 1,
      start: 'clean',
      keep: 'last',
      plateau: 'stay',
      box: 'after',
    }),
);
