import type { VectorEnv } from '../../core/environment.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess } from '../../core/victim.ts';

/** Mean reward of a step over `steps` steps of all lanes under a policy's deterministic decisions. */
export function meanReward(env: VectorEnv, policy: DecisionAccess, steps: number, seed = 99): number {
  const action = new Float64Array(env.numEnvs * env.actionSpace.features.length);
  let batch = env.reset(rng(seed));
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    policy.decide(batch.observation, env.numEnvs, action);
    batch = env.step(action);
    for (const reward of batch.reward) sum += reward;
  }
  return sum / (steps * env.numEnvs);
}
