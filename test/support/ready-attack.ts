import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import type { ObservationAttack, Rehearsal } from '../../core/attack.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { plainFeatures } from './threat.ts';

/** Steps of a victim on observations that are drawn, with rewards that are too: enough to learn something from. */
export function drawnRehearsal(victim: GradientAccess, seed = 23): Rehearsal {
  const size = victim.observationSize;
  return {
    features: plainFeatures(size),
    victim,
    rng: rng(seed).split('rehearsal'),
    policy: () => victim,
    record(steps) {
      const stream = rng(seed).split('recording');
      const observation = Float32Array.from({ length: (steps + 1) * size }, () => stream.uniform());
      const action = new Float64Array(steps * victim.actionSize);
      victim.decide(observation.subarray(0, steps * size), steps, action);
      const reward = Float64Array.from({ length: steps }, () => stream.normal());
      return { lanes: 1, steps, observation, action, reward, ended: new Uint8Array(steps) };
    },
  };
}

/** An attack that has learnt what it needs. */
export function readyAttack(name: AttackName, config: object, victim: GradientAccess): ObservationAttack {
  const attack = attacks[name].make(config);
  for (const share of attack.prepare?.(drawnRehearsal(victim)) ?? [])
    if (!(share >= 0 && share <= 1)) throw new Error(`a share of ${share} is prepared`);
  return attack;
}
