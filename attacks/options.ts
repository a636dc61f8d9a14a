import { z } from 'zod';
import type { ObjectiveName } from './objective/index.ts';
import { objectiveSpec } from './objective/index.ts';
import type { StepSchedule } from './step/schedule.ts';
import { constant, cosine, halving, relative } from './step/schedule.ts';
import { targetSpec } from './target/index.ts';

// The fields that gradient attacks share; each carries what a form and a help page need.

/** Step schedules by name, with their default sizes. */
export const stepSchedules = {
  cosine: (size = 2) => cosine(size),
  relative: (size = 2.5) => relative(size),
  constant: (size = 0.01) => constant(size),
  halving: (size = 0.01) => halving(size),
} satisfies Record<string, (size?: number) => StepSchedule>;

type StepScheduleName = keyof typeof stepSchedules;

/** What is maximised, unless told otherwise. */
export function objectiveField(name: ObjectiveName = 'auto') {
  return objectiveSpec.default(name).meta({
    title: 'Objective',
    description: 'What is maximised; auto: margin on bins, action distance on a continuous head.',
  });
}

export const targetField = targetSpec.default('untargeted').meta({
  title: 'Target',
  description: 'Where the action is pushed: away from the clean one, to one side, or to and fro.',
});

/** What the search does, whatever it maximises. */
export const searchFields = {
  steps: z.int().min(1).max(100_000).default(100).meta({ title: 'Steps', description: 'Gradients per restart.' }),
  restarts: z
    .int()
    .min(1)
    .max(10_000)
    .default(1)
    .meta({ title: 'Restarts', description: 'The best of so many runs is kept; all but the first start at random.' }),
  start: z.enum(['clean', 'random']).default('clean').meta({
    title: 'Start',
    description: 'Where the first run starts; where the gradient vanishes at the clean point, at random.',
  }),
  schedule: z
    .enum(Object.keys(stepSchedules) as [StepScheduleName, ...StepScheduleName[]])
    .default('cosine')
    .meta({ title: 'Step schedule', description: 'How the step size runs over the iterations.' }),
  stepSize: z.number().positive().max(1e6).optional().meta({
    title: 'Step size',
    description:
      'cosine: times ε (2); relative: times ε/steps (2.5); constant and halving: in normalised units (0.01). Empty: that default.',
  }),
  keep: z
    .enum(['best', 'last'])
    .default('best')
    .meta({ title: 'Keep', description: 'The best iterate, the clean point included, or the last one.' }),
};

/** Where a search begins that may begin in the middle. */
export const startField = (name: 'clean' | 'centre' | 'random') =>
  z.enum(['clean', 'centre', 'random']).default(name).meta({
    title: 'Start',
    description:
      'Where the first run starts: the clean point, the centre of the box around it, or at random; where the gradient vanishes there, at random.',
  });

/** What plain iterations share; each step is `stepSize · ε / steps`. */
export const iterationFields = (stepSize: number) => ({
  // A new default is a new schema, which knows no title.
  steps: searchFields.steps.default(10).meta(searchFields.steps.meta()!),
  stepSize: z
    .number()
    .positive()
    .max(1e6)
    .default(stepSize)
    .meta({ title: 'Step size', description: 'How many ε all steps together are long.' }),
  keep: searchFields.keep,
});

export const againField = z.boolean().default(true).meta({
  title: 'Begin anew',
  description: 'A row that has come to rest spends the gradients it has left from a random point; the best is kept.',
});
