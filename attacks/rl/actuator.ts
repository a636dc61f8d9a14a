import type { ThreatModel, ThreatSet } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import { headActions } from '../../core/policy.ts';
import type { Feature } from '../../core/space.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { force } from '../plan/force.ts';
import { reach } from '../plan/reach.ts';
import { directed } from './directed.ts';

/** What a learned adversary chooses, and how its choice becomes a perturbation. */
export interface Actuator {
  /** The components of a choice, which a policy's actions are. */
  choices(features: readonly Feature[], threat: ThreatModel, head: Head): readonly Feature[];
  /**
   * Perturbs each row as its choice says, inside the threat set.
   * @param choice [rows×m]  @param set around x  @param out [rows×O]
   */
  act(
    x: Float32Array,
    rows: number,
    choice: Float64Array,
    victim: GradientAccess,
    threat: ThreatModel,
    set: ThreatSet,
    out: Float32Array,
  ): void;
}

const unit = (name: string): Feature => ({ name, unit: '1', low: -1, high: 1 });

/**
 * The choice is the perturbation: δ ∈ [−1, 1] for each feature that may move, shown `Π(x + ε ⊙ δ)`. Asks nothing of the victim.
 * Source: Zhang et al. (2021), "Robust Reinforcement Learning on State Observations with Learned Optimal Adversary".
 */
export const shift: Actuator = {
  choices: (features, { epsilon }) =>
    features.filter((_, j) => epsilon[j]! > 0).map(({ name }) => unit(`shift of ${name}`)),
  act(x, rows, choice, _victim, { epsilon }, set, out) {
    const size = epsilon.length;
    for (let row = 0, i = 0, c = 0; row < rows; row++)
      for (let j = 0; j < size; j++, i++) out[i] = epsilon[j]! > 0 ? x[i]! + epsilon[j]! * choice[c++]! : x[i]!;
    set.project(out);
  },
};

/**
 * The choice is the first battery's action, −1 the lowest to 1 the highest, which a bounded search then forces on the victim.
 * Source: the "optimal" attack of arXiv 2407.05182, whose search had no bound.
 */
export function forceAction(steps: number): Actuator {
  return {
    choices: () => [unit('action')],
    act(x, rows, choice, victim, { epsilon }, set, out) {
      const [low, high] = firstAction(victim.head);
      const wanted = Float64Array.from({ length: rows }, (_, row) => low + ((choice[row]! + 1) / 2) * (high - low));
      force(x, rows, victim, set, reach(x, rows, victim, set, epsilon, steps), wanted, 12, out);
    },
  };
}

/**
 * PA-AD: the choice d is a direction in policy space, which an inner search then pushes the policy in.
 * Bins: K − 1 numbers, the last minus their sum; continuous: one for each action component.
 * Source: Sun et al. (2022), "Who Is the Strongest Enemy? Towards Optimal and Efficient Evasion Attacks in Deep RL".
 */
export function pushDirection(steps: number): Actuator {
  return {
    choices: (_features, _threat, head) => Array.from({ length: directions(head) }, (_, k) => unit(`direction ${k}`)),
    act: (x, rows, choice, victim, threat, set, out) =>
      directed(x, rows, choice, victim, threat.epsilon, set, steps, out),
  };
}

function directions(head: Head): number {
  return head.kind === 'categorical' ? head.values.length - 1 : headActions(head);
}

/** Lowest and highest of the first action component. */
function firstAction(head: Head): readonly [number, number] {
  if (head.kind === 'categorical') return [Math.min(...head.values), Math.max(...head.values)];
  return [head.low[0]!, head.high[0]!];
}
