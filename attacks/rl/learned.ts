import { z } from 'zod';
import type { AttackContext, ObservationAttack, Rehearsal, ThreatModel } from '../../core/attack.ts';
import { ConfigError, StateError } from '../../core/errors.ts';
import type { DecisionAccess, GradientAccess } from '../../core/victim.ts';
import { define } from '../define.ts';
import type { Actuator } from './actuator.ts';
import { forceAction, pushDirection, shift } from './actuator.ts';

const policy = z.string().min(1).meta({
  title: 'Policy',
  description:
    'The trained adversary: a model’s name or a policy folder, as `faultline train` with `train.environment: adversary` writes it.',
});
const steps = z
  .int()
  .min(1)
  .max(10_000)
  .default(10)
  .meta({ title: 'Steps', description: 'Gradients of the inner search; as the adversary was trained.' });
const plain = z.strictObject({ policy });
const searched = z.strictObject({ policy, steps });

/** A trained adversary chooses, deterministically, and an actuator does as it says. */
function learned(name: string, policy: string, access: 'none' | 'gradient', actuator: Actuator): ObservationAttack {
  let adversary: DecisionAccess | undefined;
  let fits: ThreatModel | undefined;
  let choice = new Float64Array(0);
  // `none` is the access of an actuator that asks the victim nothing, which the union of attacks by access cannot say.
  return {
    stage: 'observation',
    access,
    policies: [policy],
    // oxlint-disable-next-line require-yield -- there is nothing to wait for
    *prepare(rehearsal: Rehearsal) {
      adversary = rehearsal.policy?.(policy);
    },
    perturb(x: Float32Array, rows: number, victim: GradientAccess, context: AttackContext, out: Float32Array) {
      const { threat, set, features } = context;
      if (adversary === undefined) throw new StateError(`${name}: its policy was not loaded; prepare comes first`);
      if (fits !== threat) {
        const choices = actuator.choices(features, threat, victim.head);
        if (adversary.observationSize !== features.length || adversary.actionSize !== choices.length)
          throw new ConfigError(
            `attack '${name}': '${policy}' maps ${adversary.observationSize} features to ${adversary.actionSize} choices, expected ${features.length} to ${choices.length}: the features that may move are those of its training`,
          );
        fits = threat;
      }
      if (choice.length !== rows * adversary.actionSize) choice = new Float64Array(rows * adversary.actionSize);
      adversary.decide(x, rows, choice);
      actuator.act(x, rows, choice, victim, threat, set, out);
    },
  } as ObservationAttack;
}

/** An adversary that chooses the perturbation itself. */
export const learnedAdversary = define(
  'Learned adversary: the perturbation is its action',
  'Zhang et al. (2021), "Robust RL on State Observations with Learned Optimal Adversary", arXiv 2101.08452',
  plain,
  (options) => learned('learned-adversary', options.policy, 'none', shift),
);

/** An adversary that chooses a direction in policy space. */
export const paAd = define(
  'PA-AD: a learned director, a searching actor',
  'Sun et al. (2022), "Who Is the Strongest Enemy?", arXiv 2106.05087',
  searched,
  (options) => learned('pa-ad', options.policy, 'gradient', pushDirection(options.steps)),
);

/** An adversary that chooses the action to force. */
export const actionAdversary = define(
  'Action adversary: a learned action, forced',
  'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182, with a bounded search',
  searched,
  (options) => learned('action-adversary', options.policy, 'gradient', forceAction(options.steps)),
);
