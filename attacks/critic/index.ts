import { z } from 'zod';
import type { ObservationAttack } from '../../core/attack.ts';
import { StateError } from '../../core/errors.ts';
import type { DifferentiableScore, Objective } from '../../core/victim.ts';
import { define } from '../define.ts';
import { jointly } from '../joint.ts';
import { kl } from '../objective/kl.ts';
import { searchFields } from '../options.ts';
import { ascend } from '../search/ascend.ts';
import { untargeted } from '../target/untargeted.ts';
import { learningFields, learnQ, watched } from './learning.ts';
import type { LearningOptions } from './learning.ts';
import { klScale, qScale, weighted } from './mixture.ts';
import { minQ } from './min-q.ts';
import type { QFunction } from './q-function.ts';
import type { SarsaOptions } from './sarsa.ts';
import { fitValue } from './value-function.ts';

const search = z.strictObject(searchFields);
const plain = z.strictObject({ ...searchFields, ...learningFields });
const robustFields = {
  radius: z
    .number()
    .min(0)
    .max(2)
    .default(0.1)
    .meta({ title: 'Radius', description: 'Of the action box that Q should be smooth over, in half ranges.' }),
  smoothness: z
    .number()
    .min(0)
    .max(1000)
    .default(0.3)
    .meta({ title: 'Smoothness', description: 'Weight of the penalty on how far Q moves within that box.' }),
};
const robust = z.strictObject({ ...searchFields, ...learningFields, ...robustFields });

/** Nothing of the logits: what is left is the score. */
const nothing: Objective = {
  name: 'nothing',
  check() {},
  evaluate(_head, _logits, _goal, rows, value, gradient) {
    value.fill(0, 0, rows);
    gradient.fill(0);
  },
};

/** Shows the observation that the victim's situation would be worst in: `min V(x')`. Weak by construction, and meant as the control. */
export const critic = define(
  'Critic attack: the observation of least value',
  'Pattanaik et al. (2018), arXiv 1712.03632; the weak control of Zhang et al. (2020), arXiv 2003.08938',
  plain,
  (options) => {
    let value: (DifferentiableScore & Disposable) | undefined;
    const attack = jointly(
      (objective) => ascend(objective, untargeted, options),
      nothing,
      () => {
        if (value === undefined)
          throw new StateError('critic: the value has not been learnt; an attack is prepared first');
        return value;
      },
      1,
    );
    return {
      ...attack,
      *prepare(rehearsal) {
        value?.[Symbol.dispose]();
        value = yield* fitValue(watched(rehearsal, options), options, rehearsal.rng);
      },
      dispose: () => value?.[Symbol.dispose](),
    };
  },
);

function throughQ(
  options: LearningOptions & z.output<typeof search>,
  fit: Pick<SarsaOptions, 'smoothness' | 'successor'>,
): ObservationAttack<'gradient'> {
  let q: QFunction | undefined;
  return {
    ...ascend(
      minQ(() => q),
      untargeted,
      options,
    ),
    *prepare(rehearsal) {
      q?.[Symbol.dispose]();
      q = yield* learnQ(watched(rehearsal, options), options, fit, rehearsal.rng);
    },
    dispose: () => q?.[Symbol.dispose](),
  };
}

/** `min Q(x, μ(x'))`, Q fitted to the victim's own steps. */
export const minQAttack = define(
  'Min-Q: the action that the critic likes least',
  'Pattanaik et al. (2018), arXiv 1712.03632',
  plain,
  (options) => throughQ(options, { smoothness: { radius: 0, weight: 0 }, successor: 'ordered' }),
);

/** Min-Q with a Q that is smooth over a box of actions; consecutive pairs stay together. */
export const robustSarsa = define(
  'Robust Sarsa: min-Q with a smooth critic',
  'Zhang et al. (2020), arXiv 2003.08938, with the pairs kept in order',
  robust,
  (options) =>
    throughQ(options, {
      smoothness: { radius: options.radius, weight: options.smoothness },
      successor: 'ordered',
    }),
);

/** Replica: the rows are shuffled first and the next row of the minibatch is taken for what followed. */
export const robustSarsaShuffled = define(
  'Robust Sarsa, as published: pairs that do not belong together',
  'agent.py of SA_PPO, ATLA, WocaR-PPO, PROTECTED, RADIAL and S-PPO',
  robust,
  (options) =>
    throughQ(options, {
      smoothness: { radius: options.radius, weight: options.smoothness },
      successor: 'shuffled',
    }),
);

/** `share · (−Q) + (1 − share) · KL`, each in units of what it is from one watched step to the next. */
export const rsMad = define(
  'Robust Sarsa with maximal action difference',
  'Zhang et al. (2020), arXiv 2003.08938',
  robust.extend({
    share: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ title: 'Share', description: 'Of the critic; the rest is the divergence of the decisions.' }),
  }),
  (options) => {
    let q: QFunction | undefined;
    let klSpread = 1;
    let qSpread = 1;
    const both = weighted(
      minQ(() => q),
      () => options.share / qSpread,
      kl,
      () => (1 - options.share) / klSpread,
    );
    return {
      ...ascend(both, untargeted, options),
      *prepare(rehearsal) {
        const seen = watched(rehearsal, options);
        klSpread = klScale(seen, rehearsal.victim);
        q?.[Symbol.dispose]();
        q = yield* learnQ(
          seen,
          options,
          { smoothness: { radius: options.radius, weight: options.smoothness }, successor: 'ordered' },
          rehearsal.rng,
        );
        qSpread = qScale(seen, q);
      },
      dispose: () => q?.[Symbol.dispose](),
    };
  },
);
