import { z } from 'zod';
import type { ObservationAttack } from '../../core/attack.ts';
import { define } from '../define.ts';
import { boundaryWalk } from './boundary-walk.ts';
import { decisionOracle } from './decision-oracle.ts';
import { hopSkipJump as search } from './hop-skip-jump.ts';
import type { RowSearch } from './lane.ts';
import { targetField } from '../options.ts';
import { targetOf } from '../target/index.ts';
import { given } from '../target/learning.ts';
import { budgetFields, budgetOf } from './options.ts';
import { rowSearch } from './row-search.ts';
import type { Walk } from './walk.ts';

const decisionFields = {
  wanted: z.enum(['changed', 'side']).default('side').meta({
    title: 'Wanted',
    description:
      'side: an action on the other side of idle; changed: another bin, or an action moved by the threshold.',
  }),
  threshold: z.number().positive().max(1).default(0.1).meta({
    title: 'Threshold',
    description: 'Of `changed` on a continuous action, and of one that is forced: share of its range.',
  }),
  target: targetField.meta({
    title: 'Target',
    description: 'A side or an action to reach, instead of what is wanted.',
  }),
  metric: z
    .enum(['linf', 'l2'])
    .default('linf')
    .meta({ title: 'Metric', description: 'Which distance is shortened, features in units of their epsilon.' }),
  tries: z.int().min(1).max(100_000).default(20).meta({
    title: 'Tries',
    description: 'Random points asked about for a start: half corners of the threat set, half points of the whole box.',
  }),
  recordedDays: z.int().min(0).max(366).default(0).meta({
    title: 'Recorded days',
    description: 'Clean days that were listened to: their observations are tried as starts before random ones.',
  }),
  until: z.enum(['inside', 'nearest']).default('inside').meta({
    title: 'Until',
    description:
      'inside: stop at the first point inside the threat set; nearest: shorten the way as long as there are queries.',
  }),
  ...budgetFields(200),
};
const decisionConfig = z.strictObject(decisionFields);

function onDecisions(
  options: z.output<typeof decisionConfig>,
  make: (walk: Walk) => (size: number) => RowSearch,
): ObservationAttack {
  const { wanted, threshold, metric, tries, until, recordedDays } = options;
  const target = targetOf(options.target);
  let recorded: Float32Array | undefined;
  const attack = {
    ...rowSearch(
      decisionOracle({ wanted, threshold, target }),
      budgetOf(options),
      make({ metric, tries, until, recorded: () => recorded }),
    ),
    ...given(target),
  };
  if (recordedDays === 0) return attack;
  return {
    ...attack,
    *prepare(rehearsal) {
      target.prepare?.(rehearsal);
      const { observation, lanes, steps } = rehearsal.record(rehearsal.stepsPerDay * recordedDays);
      recorded = observation.slice(0, steps * lanes * rehearsal.features.length);
      yield 1;
    },
  };
}

/** Along the decision boundary by its estimated normal. */
export const hopSkipJump = define(
  'HopSkipJump: along the decision boundary by its estimated normal',
  'Chen, Jordan, Wainwright (2020), arXiv 1904.02144',
  z.strictObject({
    ...decisionFields,
    probes: z
      .int()
      .min(2)
      .max(100_000)
      .default(20)
      .meta({ title: 'Probes', description: 'Decisions for the first normal; √t times as many for the t-th.' }),
  }),
  ({ probes, ...options }) => onDecisions(options, (walk) => search(walk, probes)),
);

/** Along the decision boundary at random. */
export const boundary = define(
  'Boundary attack: along the decision boundary at random',
  'Brendel, Rauber, Bethge (2018), arXiv 1712.04248',
  decisionConfig,
  (options) => onDecisions(options, (walk) => boundaryWalk(walk)),
);
