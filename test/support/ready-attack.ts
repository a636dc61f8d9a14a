import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import type { ObservationAttack, Rehearsal, ThreatModel } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess, GradientAccess } from '../../core/victim.ts';
import { plainFeatures } from './threat.ts';

/** Steps of a victim on observations that are drawn, with rewards that are too: enough to learn something from. */
export function drawnRehearsal(victim: GradientAccess, seed = 23): Rehearsal {
  const size = victim.observationSize;
  return {
    features: plainFeatures(size),
    victim,
    rng: rng(seed).split('rehearsal'),
    stepsPerDay: 24,
    policy: () => victim,
    record(steps) {
      const stream = rng(seed).split('recording');
      const observation = Float32Array.from({ length: (steps + 1) * size }, () => stream.uniform());
      const action = new Float64Array(steps * victim.actionSize);
      victim.decide(observation.subarray(0, steps * size), steps, action);
      const reward = Float64Array.from({ length: steps }, () => stream.normal());
      return {
        lanes: 1,
        steps,
        observation,
        action,
        reward,
        terminated: new Uint8Array(steps),
        truncated: new Uint8Array(steps),
      };
    },
  };
}

/** An attack that has learnt what it needs. @param threat that a learned adversary was trained for */
export function readyAttack(
  name: AttackName,
  config: object,
  victim: GradientAccess,
  threat?: ThreatModel,
): ObservationAttack {
  const attack = attacks[name].make(config);
  const choices = threat === undefined ? undefined : choicesOf[name]?.(victim.head, threat);
  const rehearsal = drawnRehearsal(victim);
  const given: Rehearsal =
    choices === undefined ? rehearsal : { ...rehearsal, policy: () => waver(victim.observationSize, choices) };
  for (const share of attack.prepare?.(given) ?? [])
    if (!(share >= 0 && share <= 1)) throw new Error(`a share of ${share} is prepared`);
  return attack;
}

/** How many numbers a learned adversary chooses. */
const choicesOf: Partial<Record<AttackName, (head: Head, threat: ThreatModel) => number>> = {
  'learned-adversary': (_head, { epsilon }) => epsilon.filter((value) => value > 0).length,
  'pa-ad': (head) => (head.kind === 'categorical' ? head.values.length - 1 : head.low.length),
  'action-adversary': () => 1,
};

/** A policy of so many features and choices −1 … 1 that go up and down with what it observes. */
function waver(observationSize: number, actionSize: number): DecisionAccess {
  return {
    observationSize,
    actionSize,
    decide(x, rows, action) {
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < actionSize; c++)
          action[row * actionSize + c] = Math.sin(7 * x[row * observationSize + (c % observationSize)]! + 2 * c);
    },
  };
}
