import { z } from 'zod';
import type { Head } from '../core/policy.ts';
import type { Goal } from '../core/victim.ts';
import { define } from './define.ts';
import { actionDistance } from './objective/action-distance.ts';
import { byHead } from './objective/by-head.ts';
import { objectiveOf, objectives } from './objective/index.ts';
import { againField, objectiveField, searchFields, startField, targetField } from './options.ts';
import { controlledSearch } from './search/controlled.ts';
import type { Sweep } from './search/gradient-loop.ts';
import { apgdCheckpoints } from './step/checkpoints.ts';
import { blended } from './step/rule.ts';
import { targetOf, targets } from './target/index.ts';

const source = 'Croce and Hein (2020), arXiv 2003.01690';
const { steps, restarts } = searchFields;

/** Steps of 2ε, halved for each row at checkpoints where it has stopped climbing; momentum; back to the best point. */
export const apgd = define(
  'Auto-PGD',
  source,
  z.strictObject({
    objective: objectiveField(),
    target: targetField,
    steps,
    restarts,
    start: startField('centre'),
    again: againField,
  }),
  (options) =>
    controlledSearch(options, {
      objective: objectiveOf(options.objective),
      target: targetOf(options.target),
      checkpoints: apgdCheckpoints,
      step: blended(),
    }),
);

/** Auto-PGD on each of the most likely other bins in turn; a continuous head is pushed away from its clean action, once. */
export const apgdT = define(
  'Auto-PGD, targeted',
  source,
  z.strictObject({
    objective: z.enum(['dlr', 'margin', 'cross-entropy']).default('dlr').meta({
      title: 'Objective',
      description: 'What is maximised towards each bin; dlr is the margin where there are fewer than 4 bins.',
    }),
    targets: z
      .int()
      .min(1)
      .max(1000)
      .default(9)
      .meta({ title: 'Targets', description: 'How many bins are tried, the likeliest first.' }),
    steps,
    restarts,
    start: startField('centre'),
    again: againField,
  }),
  (options) => {
    const onBins = objectives[options.objective];
    const few = byHead('margin', objectives.margin, actionDistance);
    const many = byHead(options.objective, onBins, actionDistance);
    const fitting = (head: Head) => (head.kind === 'categorical' && head.values.length < 4 ? few : many);
    return controlledSearch(options, {
      objective: {
        name: options.objective,
        check: (head) => fitting(head).check(head),
        notes: (head) =>
          fitting(head) === few && options.objective !== 'margin'
            ? [
                `'apgd-t' with objective '${options.objective}' needs 4 bins; the policy has fewer, so 'margin' was maximised`,
              ]
            : [],
        evaluate: (head, ...rest) => fitting(head).evaluate(head, ...rest),
      },
      target: targets.untargeted,
      checkpoints: apgdCheckpoints,
      step: blended(),
      sweep: likeliest(options.targets),
    });
  },
);

/** The most likely other bins, one after the other. */
function likeliest(most: number): Sweep {
  return {
    count: (head) => (head.kind === 'categorical' ? Math.min(most, head.values.length - 1) : 1),
    aim(index, rows, head, goals) {
      if (head.kind !== 'categorical') return;
      const size = head.values.length;
      for (let r = 0; r < rows; r++) goals.action[r] = head.values[ranked(goals, r * size, size, index + 1)]!;
    },
  };
}

/** The bin with `rank` larger clean logits before it; the first of equals counts as the larger. */
function ranked({ clean }: Goal, at: number, size: number, rank: number): number {
  for (let i = 0; i < size; i++) {
    let before = 0;
    for (let j = 0; j < size; j++)
      if (clean[at + j]! > clean[at + i]! || (clean[at + j] === clean[at + i] && j < i)) before++;
    if (before === rank) return i;
  }
  return 0;
}
